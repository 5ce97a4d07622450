// Calls that take names.
#include "posix.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

// open <slot> <path> <flags> <mode>
static void call_open(struct line *line) {
  int at = slot(line->word[1]);
  int fd = open(path(line->word[2]), (int)number(line->word[3]), (mode_t)number(line->word[4]));
  if (fd >= 0) {
    if (files[at] >= 0) close(files[at]);
    files[at] = fd;
  }
  answer(fd);
}

// make <path> <mode>: a file, closed again.
static void call_make(struct line *line) {
  int fd = open(path(line->word[1]), O_CREAT | O_EXCL | O_WRONLY, (mode_t)number(line->word[2]));
  answer(fd < 0 ? -1 : close(fd));
}

static void call_close(struct line *line) {
  int at = slot(line->word[1]);
  answer(close(files[at]));
  files[at] = -1;
}

static void call_mkdir(struct line *line) { answer(mkdir(path(line->word[1]), (mode_t)number(line->word[2]))); }

static void call_rmdir(struct line *line) { answer(rmdir(path(line->word[1]))); }

static void call_unlink(struct line *line) { answer(unlink(path(line->word[1]))); }

static void call_symlink(struct line *line) { answer(symlink(path(line->word[1]), path(line->word[2]))); }

// link <from> <to> <flags>
static void call_link(struct line *line) {
  answer(linkat(AT_FDCWD, path(line->word[1]), AT_FDCWD, path(line->word[2]), (int)number(line->word[3])));
}

// linkfile <slot> <to>: names an open file, by way of /proc as an ordinary user does.
static void call_linkfile(struct line *line) {
  char by_number[64];
  snprintf(by_number, sizeof by_number, "/proc/self/fd/%d", files[slot(line->word[1])]);
  answer(linkat(AT_FDCWD, by_number, AT_FDCWD, path(line->word[2]), AT_SYMLINK_FOLLOW));
}

// rename <from> <to> <flags>
static void call_rename(struct line *line) {
  unsigned flags = (unsigned)number(line->word[3]);
  answer(renameat2(AT_FDCWD, path(line->word[1]), AT_FDCWD, path(line->word[2]), flags));
}

// mknod <path> <type|mode> <major> <minor>
static void call_mknod(struct line *line) {
  dev_t device = makedev((unsigned)number(line->word[3]), (unsigned)number(line->word[4]));
  answer(mknod(path(line->word[1]), (mode_t)number(line->word[2]), device));
}

static void call_mkfifo(struct line *line) { answer(mkfifo(path(line->word[1]), (mode_t)number(line->word[2]))); }

// bind <path>: a socket.
static void call_bind(struct line *line) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s", line->word[1]);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  int result = bind(fd, (const struct sockaddr *)&address, sizeof address);
  int code = errno;
  close(fd);
  errno = code;
  answer(result);
}

// readlink <path> <room>
static void call_readlink(struct line *line) {
  char target[PATH_MAX + 1];
  size_t room = line->count > 2 ? (size_t)number(line->word[2]) : PATH_MAX;
  ssize_t length = readlink(path(line->word[1]), target, room);
  if (length < 0) answer(-1);
  else printf("%.*s\n", (int)length, target);
}

static void call_access(struct line *line) { answer(access(path(line->word[1]), (int)number(line->word[2]))); }

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

// list <path> <flags>: names with the first letter of their types, sorted.
static void call_list(struct line *line) {
  static const char types[] = "?fc?d?b?r?l?s???";
  int fd = open(path(line->word[1]), O_RDONLY | O_DIRECTORY | (int)number(line->word[2]));
  DIR *directory = fd < 0 ? NULL : fdopendir(fd);
  if (directory == NULL) {
    answer(-1);
    return;
  }
  char **names = NULL;
  size_t count = 0, room = 0;
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
    if (count == room) names = realloc(names, (room = room * 2 + 16) * sizeof *names);
    if (asprintf(&names[count], "%s:%c", entry->d_name, types[entry->d_type & 15]) > 0) count++;
  }
  closedir(directory);
  qsort(names, count, sizeof *names, by_name);
  for (size_t i = 0; i < count; i++) {
    printf("%s%s", i == 0 ? "" : " ", names[i]);
    free(names[i]);
  }
  free(names);
  putchar('\n');
}

// fill <path> <count>: empty files with numbers for names.
static void call_fill(struct line *line) {
  char name[PATH_MAX];
  long count = (long)number(line->word[2]), made = 0;
  for (; made < count; made++) {
    snprintf(name, sizeof name, "%s/%05ld", path(line->word[1]), made);
    if (mknod(name, S_IFREG | 0644, 0) < 0) break;
  }
  if (made < count) answer(-1);
  else answer_number(made);
}

#define PLACES 4096
static struct {
  long place;
  char name[NAME_MAX + 1];
} entries[PLACES];

// Reads a directory to its end. Returns how many entries it has; those there is room for are kept with their places.
static size_t read_all(DIR *directory) {
  size_t count = 0;
  for (;;) {
    long place = telldir(directory);
    struct dirent *entry = readdir(directory);
    if (entry == NULL) return count;
    if (count < PLACES) {
      entries[count].place = place;
      snprintf(entries[count].name, sizeof entries[count].name, "%s", entry->d_name);
    }
    count++;
  }
}

// Goes back to every place in another order. Returns how many have another entry than they had.
static size_t strays(DIR *directory, size_t count) {
  size_t wrong = 0;
  for (size_t step = 0; step < count; step++) {
    size_t at = step * 7919 % count;
    seekdir(directory, entries[at].place);
    struct dirent *entry = readdir(directory);
    wrong += entry == NULL || strcmp(entry->d_name, entries[at].name) != 0;
  }
  return wrong;
}

// walk <path> <what>: the entries, those found elsewhere by seekdir(3), and what is left after a pass in which each was
// removed ("unlink"), or renamed to a name further on ("rename").
static void call_walk(struct line *line) {
  DIR *directory = opendir(path(line->word[1]));
  if (directory == NULL) {
    answer(-1);
    return;
  }
  size_t count = read_all(directory), wrong = strays(directory, count < PLACES ? count : PLACES);
  rewinddir(directory);
  size_t renamed = 0;
  for (struct dirent *entry; (entry = readdir(directory)) != NULL && renamed < 3 * PLACES;) {
    char next[32];
    if (entry->d_name[0] == '.') continue;
    snprintf(next, sizeof next, "z%05zu", renamed++);
    if (line->word[2][0] == 'u') unlinkat(dirfd(directory), entry->d_name, 0);
    if (line->word[2][0] == 'r') renameat(dirfd(directory), entry->d_name, dirfd(directory), next);
  }
  rewinddir(directory);
  printf("%zu %zu %zu%s\n", count, wrong, read_all(directory), renamed < 3 * PLACES ? "" : " endless");
  closedir(directory);
}

static union {
  struct file_handle handle;
  char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
} handles[SLOTS];

// handle <slot> <path>: remembers what open_by_handle_at(2) takes.
static void call_handle(struct line *line) {
  struct file_handle *handle = &handles[slot(line->word[1])].handle;
  int mount_id;
  handle->handle_bytes = MAX_HANDLE_SZ;
  answer(name_to_handle_at(AT_FDCWD, path(line->word[2]), handle, &mount_id, 0));
}

// openhandle <slot> <flags>: opens what was remembered, and closes it again.
static void call_openhandle(struct line *line) {
  int mount = open(".", O_RDONLY | O_DIRECTORY);
  int fd = open_by_handle_at(mount, &handles[slot(line->word[1])].handle, (int)number(line->word[2]));
  answer(fd);
  if (fd >= 0) close(fd);
  close(mount);
}

static void call_namemax(struct line *line) {
  struct statvfs figures;
  answer_number(statvfs(path(line->word[1]), &figures) < 0 ? -1 : (long long)figures.f_namemax);
}

const struct call name_calls[] = {
    {"open", call_open},         {"make", call_make},         {"close", call_close},     {"mkdir", call_mkdir},
    {"rmdir", call_rmdir},       {"unlink", call_unlink},     {"symlink", call_symlink}, {"link", call_link},
    {"linkfile", call_linkfile}, {"rename", call_rename},     {"mknod", call_mknod},     {"mkfifo", call_mkfifo},
    {"bind", call_bind},         {"readlink", call_readlink}, {"access", call_access},   {"list", call_list},
    {"namemax", call_namemax},   {"fill", call_fill},         {"walk", call_walk},       {"handle", call_handle},
    {"openhandle", call_openhandle}, {NULL, NULL},
};
