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

// list <path>: names with the first letter of their types, sorted.
static void call_list(struct line *line) {
  static const char types[] = "?fc?d?b?r?l?s???";
  int fd = open(path(line->word[1]), O_RDONLY | O_DIRECTORY);
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

static void call_namemax(struct line *line) {
  struct statvfs figures;
  answer_number(statvfs(path(line->word[1]), &figures) < 0 ? -1 : (long long)figures.f_namemax);
}

const struct call name_calls[] = {
    {"open", call_open},         {"make", call_make},         {"close", call_close},     {"mkdir", call_mkdir},
    {"rmdir", call_rmdir},       {"unlink", call_unlink},     {"symlink", call_symlink}, {"link", call_link},
    {"linkfile", call_linkfile}, {"rename", call_rename},     {"mknod", call_mknod},     {"mkfifo", call_mkfifo},
    {"bind", call_bind},         {"readlink", call_readlink}, {"access", call_access},   {"list", call_list},
    {"namemax", call_namemax},   {NULL, NULL},
};
