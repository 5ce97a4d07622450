// Where the contents of files stand, as far as TypeScript has said and not taken back (src/core/fs/layouts.ts). What does not
// fit is forgotten: then TypeScript is asked again.
#ifndef DVAULT_LAYOUTS_H
#define DVAULT_LAYOUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Files known at a time, a power of two, and runs of pages of each.
#define LAYOUT_FILES 256
#define LAYOUT_RUNS 1024

// Blocks of a file that are whole pages, born together and side by side.
struct run {
  uint64_t block, count, page, generation;
};

// A file that is read without TypeScript: its bytes, and until when reading it changes nothing (seconds since the epoch).
struct file_layout {
  uint64_t ino, size;
  double until;
  size_t count, room;
  struct run *runs;
};

struct layouts {
  struct file_layout files[LAYOUT_FILES];
};

// Takes note of a run of a file, of a size, until a time; false when there is no memory for it.
bool layouts_add(struct layouts *layouts, uint64_t ino, uint64_t size, double until, struct run run);

void layouts_forget(struct layouts *layouts, uint64_t ino);
void layouts_forget_all(struct layouts *layouts);

// NULL where nothing is known of the file.
const struct file_layout *layouts_find(const struct layouts *layouts, uint64_t ino);

// The run that a block of a file stands in, or NULL.
const struct run *layouts_run(const struct file_layout *file, uint64_t block);

#endif
