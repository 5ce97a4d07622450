// A table of files, each at the one place its inode number leads to, with its runs in order.
#include "layouts.h"

#include <stdlib.h>
#include <string.h>

static size_t place_of(uint64_t ino) { return ino % LAYOUT_FILES; }

static void clear(struct file_layout *file) {
  free(file->runs);
  *file = (struct file_layout){0};
}

// Position of the first run that begins behind a block.
static size_t behind(const struct file_layout *file, uint64_t block) {
  size_t low = 0, high = file->count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (file->runs[middle].block <= block) low = middle + 1;
    else high = middle;
  }
  return low;
}

static bool make_room(struct file_layout *file) {
  if (file->count == LAYOUT_RUNS) file->count = 0;
  if (file->count < file->room) return true;
  size_t room = file->room == 0 ? 4 : 2 * file->room;
  struct run *runs = realloc(file->runs, room * sizeof *runs);
  if (runs == NULL) return false;
  file->runs = runs;
  file->room = room;
  return true;
}

bool layouts_add(struct layouts *layouts, uint64_t ino, uint64_t size, double until, struct run run) {
  struct file_layout *file = &layouts->files[place_of(ino)];
  if (file->ino != ino || file->size != size) clear(file);
  file->ino = ino;
  file->size = size;
  file->until = until;
  if (!make_room(file)) return false;
  size_t at = behind(file, run.block);
  if (at > 0 && file->runs[at - 1].block == run.block) {
    file->runs[at - 1] = run;
    return true;
  }
  memmove(file->runs + at + 1, file->runs + at, (file->count - at) * sizeof run);
  file->runs[at] = run;
  file->count++;
  return true;
}

void layouts_forget(struct layouts *layouts, uint64_t ino) {
  struct file_layout *file = &layouts->files[place_of(ino)];
  if (file->ino == ino) clear(file);
}

void layouts_forget_all(struct layouts *layouts) {
  for (size_t i = 0; i < LAYOUT_FILES; i++) clear(&layouts->files[i]);
}

const struct file_layout *layouts_find(const struct layouts *layouts, uint64_t ino) {
  const struct file_layout *file = &layouts->files[place_of(ino)];
  return file->ino == ino && file->count > 0 ? file : NULL;
}

const struct run *layouts_run(const struct file_layout *file, uint64_t block) {
  size_t at = behind(file, block);
  if (at == 0) return NULL;
  const struct run *run = &file->runs[at - 1];
  return block - run->block < run->count ? run : NULL;
}
