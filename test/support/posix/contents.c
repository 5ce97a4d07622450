// Calls on what is in files.
#include "posix.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define ALIGNMENT 4096

static int file(struct line *line, int at) { return files[slot(line->word[at])]; }

static void *room_for(size_t length) {
  void *room;
  return posix_memalign(&room, ALIGNMENT, length == 0 ? 1 : length) == 0 ? room : NULL;
}

// Bytes that tell where they were written: none is zero.
static void fill(unsigned char *bytes, size_t length, unsigned seed) {
  unsigned state = seed * 2654435761u + 1;
  for (size_t i = 0; i < length; i++) {
    state = state * 1664525u + 1013904223u;
    bytes[i] = (unsigned char)(state >> 24 | 1);
  }
}

static void print_bytes(const unsigned char *bytes, size_t length) {
  unsigned long hash = 14695981039346656037ul;
  for (size_t i = 0; i < length; i++) hash = (hash ^ bytes[i]) * 1099511628211ul;
  printf("%zu %016lx\n", length, hash);
}

// write <slot> <offset> <length> <seed>; offset -1 is where the file stands.
static void call_write(struct line *line) {
  off_t offset = (off_t)number(line->word[2]);
  size_t length = (size_t)number(line->word[3]);
  unsigned char *bytes = room_for(length);
  fill(bytes, length, (unsigned)number(line->word[4]));
  int fd = file(line, 1);
  answer_number(offset == -1 ? write(fd, bytes, length) : pwrite(fd, bytes, length, offset));
  free(bytes);
}

// read <slot> <offset> <length>
static void call_read(struct line *line) {
  off_t offset = (off_t)number(line->word[2]);
  size_t length = (size_t)number(line->word[3]);
  unsigned char *bytes = room_for(length);
  ssize_t count = offset == -1 ? read(file(line, 1), bytes, length) : pread(file(line, 1), bytes, length, offset);
  if (count < 0) answer(-1);
  else print_bytes(bytes, (size_t)count);
  free(bytes);
}

// append <slot> <length> <seed>: RWF_APPEND, whatever the file was opened with.
static void call_append(struct line *line) {
  size_t length = (size_t)number(line->word[2]);
  unsigned char *bytes = room_for(length);
  const struct iovec part = {bytes, length};
  fill(bytes, length, (unsigned)number(line->word[3]));
  answer_number(pwritev2(file(line, 1), &part, 1, 0, RWF_APPEND));
  free(bytes);
}

// sendfile <slot> <offset> <slot> <length>: from the first to where the second stands.
static void call_sendfile(struct line *line) {
  off_t from = (off_t)number(line->word[2]);
  answer_number(sendfile(file(line, 3), file(line, 1), &from, (size_t)number(line->word[4])));
}

// splice <slot> <offset> <slot> <offset> <length>: through a pipe.
static void call_splice(struct line *line) {
  off_t from = (off_t)number(line->word[2]), to = (off_t)number(line->word[4]);
  int ends[2];
  if (pipe(ends) < 0) {
    answer(-1);
    return;
  }
  ssize_t count = splice(file(line, 1), &from, ends[1], NULL, (size_t)number(line->word[5]), 0);
  answer_number(count <= 0 ? count : splice(ends[0], NULL, file(line, 3), &to, (size_t)count, 0));
  close(ends[0]);
  close(ends[1]);
}

// sum <path>: everything that is in a file.
static void call_sum(struct line *line) {
  struct stat found;
  int fd = open(path(line->word[1]), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0 || fstat(fd, &found) < 0) {
    answer(-1);
    return;
  }
  unsigned char *bytes = room_for((size_t)found.st_size + 1);
  ssize_t count = pread(fd, bytes, (size_t)found.st_size + 1, 0);
  if (count < 0) answer(-1);
  else print_bytes(bytes, (size_t)count);
  free(bytes);
  close(fd);
}

static void call_seek(struct line *line) {
  answer_number(lseek(file(line, 1), (off_t)number(line->word[2]), (int)number(line->word[3])));
}

static void call_truncate(struct line *line) { answer(truncate(path(line->word[1]), (off_t)number(line->word[2]))); }

static void call_ftruncate(struct line *line) { answer(ftruncate(file(line, 1), (off_t)number(line->word[2]))); }

// fallocate <slot> <mode> <offset> <length>
static void call_fallocate(struct line *line) {
  answer(fallocate(file(line, 1), (int)number(line->word[2]), (off_t)number(line->word[3]), (off_t)number(line->word[4])));
}

// posix_fallocate <slot> <offset> <length>
static void call_posix_fallocate(struct line *line) {
  errno = posix_fallocate(file(line, 1), (off_t)number(line->word[2]), (off_t)number(line->word[3]));
  answer(errno == 0 ? 0 : -1);
}

// copy <slot> <offset> <slot> <offset> <length>: until all is copied.
static void call_copy(struct line *line) {
  off_t from = (off_t)number(line->word[2]), to = (off_t)number(line->word[4]);
  size_t left = (size_t)number(line->word[5]);
  ssize_t count = 0;
  long long copied = 0;
  do {
    count = copy_file_range(file(line, 1), &from, file(line, 3), &to, left, 0);
    if (count > 0) copied += count, left -= (size_t)count;
  } while (count > 0 && left > 0);
  answer_number(count < 0 ? -1 : copied);
}

static void call_fsync(struct line *line) { answer(fsync(file(line, 1))); }

static void call_fdatasync(struct line *line) { answer(fdatasync(file(line, 1))); }

static struct {
  unsigned char *start;
  size_t length;
} maps[SLOTS];

static sigjmp_buf beyond_end;

static void on_bus_error(int signal) {
  (void)signal;
  siglongjmp(beyond_end, 1);
}

// map <number> <slot> <length> <protection> <flags>
static void call_map(struct line *line) {
  int at = slot(line->word[1]);
  size_t length = (size_t)number(line->word[3]);
  if (maps[at].start != NULL) munmap(maps[at].start, maps[at].length);
  void *start = mmap(NULL, length, (int)number(line->word[4]), (int)number(line->word[5]), file(line, 2), 0);
  maps[at].start = start == MAP_FAILED ? NULL : start;
  maps[at].length = length;
  answer(start == MAP_FAILED ? -1 : 0);
}

static void call_unmap(struct line *line) {
  int at = slot(line->word[1]);
  answer(maps[at].start == NULL ? 0 : munmap(maps[at].start, maps[at].length));
  maps[at].start = NULL;
}

// put <number> <offset> <length> <seed>, get <number> <offset> <length>: through a mapping.
static void call_through_map(struct line *line) {
  int at = slot(line->word[1]);
  size_t offset = (size_t)number(line->word[2]), length = (size_t)number(line->word[3]);
  if (maps[at].start == NULL || offset + length > maps[at].length) {
    puts("unmapped");
    return;
  }
  unsigned char *bytes = room_for(length);
  signal(SIGBUS, on_bus_error);
  if (sigsetjmp(beyond_end, 1) != 0) {
    puts("SIGBUS");
  } else if (line->word[0][0] == 'p') {
    fill(bytes, length, (unsigned)number(line->word[4]));
    memcpy(maps[at].start + offset, bytes, length);
    answer(0);
  } else {
    memcpy(bytes, maps[at].start + offset, length);
    print_bytes(bytes, length);
  }
  free(bytes);
}

// putfile <slot> <offset> <number> <from> <length>: writes what a mapping shows. getfile: reads into it.
static void call_between(struct line *line) {
  int at = slot(line->word[3]);
  size_t from = (size_t)number(line->word[4]), length = (size_t)number(line->word[5]);
  if (maps[at].start == NULL || from + length > maps[at].length) {
    puts("unmapped");
    return;
  }
  unsigned char *bytes = maps[at].start + from;
  off_t offset = (off_t)number(line->word[2]);
  answer_number(line->word[0][0] == 'p' ? pwrite(file(line, 1), bytes, length, offset)
                                        : pread(file(line, 1), bytes, length, offset));
}

static void call_msync(struct line *line) {
  int at = slot(line->word[1]);
  answer(maps[at].start == NULL ? 0 : msync(maps[at].start, maps[at].length, MS_SYNC));
}

static void call_flock(struct line *line) { answer(flock(file(line, 1), (int)number(line->word[2]))); }

// lock <slot> <type> <offset> <length>: of the process; ofdlock: of the open file.
static void call_lock(struct line *line) {
  struct flock lock = {.l_type = (short)number(line->word[2]), .l_whence = SEEK_SET};
  lock.l_start = (off_t)number(line->word[3]);
  lock.l_len = (off_t)number(line->word[4]);
  answer(fcntl(file(line, 1), line->word[0][0] == 'o' ? F_OFD_SETLK : F_SETLK, &lock));
}

// testlock <slot> <type> <offset> <length>: the type of the lock that would be in the way.
static void call_testlock(struct line *line) {
  struct flock lock = {.l_type = (short)number(line->word[2]), .l_whence = SEEK_SET};
  lock.l_start = (off_t)number(line->word[3]);
  lock.l_len = (off_t)number(line->word[4]);
  if (fcntl(file(line, 1), F_GETLK, &lock) < 0) answer(-1);
  else puts(lock.l_type == F_UNLCK ? "free" : lock.l_type == F_WRLCK ? "write" : "read");
}

// lease <slot> <type>: F_SETLEASE.
static void call_lease(struct line *line) { answer(fcntl(file(line, 1), F_SETLEASE, (int)number(line->word[2]))); }

// load <slot> <path>: copies a program into an open file.
static void call_load(struct line *line) {
  char bytes[65536];
  int from = open(line->word[2], O_RDONLY);
  ssize_t count = 0;
  while (from >= 0 && (count = read(from, bytes, sizeof bytes)) > 0) {
    if (write(file(line, 1), bytes, (size_t)count) != count) break;
  }
  close(from);
  answer(count == 0 ? 0 : -1);
}

const struct call content_calls[] = {
    {"write", call_write},         {"read", call_read},           {"sum", call_sum},
    {"seek", call_seek},           {"truncate", call_truncate},   {"ftruncate", call_ftruncate},
    {"fallocate", call_fallocate}, {"posix_fallocate", call_posix_fallocate},
    {"copy", call_copy},           {"fsync", call_fsync},         {"fdatasync", call_fdatasync},
    {"map", call_map},             {"unmap", call_unmap},         {"put", call_through_map},
    {"get", call_through_map},     {"msync", call_msync},         {"flock", call_flock},
    {"lock", call_lock},           {"ofdlock", call_lock},        {"testlock", call_testlock},
    {"load", call_load},           {"lease", call_lease},         {"append", call_append},
    {"sendfile", call_sendfile},   {"splice", call_splice},       {"putfile", call_between},
    {"getfile", call_between},     {NULL, NULL},
};
