// Calls about what inodes are: modes, owners, times, extended attributes.
#include "posix.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

// More than any attribute has.
#define ROOM (1 << 17)

static char type_letter(mode_t mode) {
  static const char letters[] = "?fc?d?b?r?l?s???";
  return letters[(mode & S_IFMT) >> 12];
}

static void print_time(struct timespec time) { printf("%lld.%09ld", (long long)time.tv_sec, time.tv_nsec); }

static void print_member(const char *name, const struct stat *found) {
  if (strcmp(name, "type") == 0) putchar(type_letter(found->st_mode));
  else if (strcmp(name, "mode") == 0) printf("%04o", found->st_mode & 07777);
  else if (strcmp(name, "nlink") == 0) printf("%lu", (unsigned long)found->st_nlink);
  else if (strcmp(name, "uid") == 0) printf("%u", found->st_uid);
  else if (strcmp(name, "gid") == 0) printf("%u", found->st_gid);
  else if (strcmp(name, "size") == 0 && S_ISDIR(found->st_mode)) putchar('-');
  else if (strcmp(name, "size") == 0) printf("%lld", (long long)found->st_size);
  else if (strcmp(name, "allocated") == 0) fputs(found->st_blocks > 0 ? "yes" : "no", stdout);
  else if (strcmp(name, "rdev") == 0) printf("%u:%u", major(found->st_rdev), minor(found->st_rdev));
  else if (strcmp(name, "atime") == 0) print_time(found->st_atim);
  else if (strcmp(name, "mtime") == 0) print_time(found->st_mtim);
  else printf("no-such-member:%s", name);
}

// stat|lstat <path> <member,...>, fstat <slot> <member,...>
static void call_stat(struct line *line) {
  struct stat found;
  const char *how = line->word[0];
  int result;
  if (how[0] == 'f') result = fstat(files[slot(line->word[1])], &found);
  else result = how[0] == 'l' ? lstat(path(line->word[1]), &found) : stat(path(line->word[1]), &found);
  if (result < 0) {
    answer(-1);
    return;
  }
  char *rest = line->word[2];
  for (const char *name, *gap = ""; (name = strsep(&rest, ",")) != NULL; gap = " ") {
    fputs(gap, stdout);
    print_member(name, &found);
  }
  putchar('\n');
}

#define LOOKS 512
static struct {
  dev_t dev;
  ino_t ino;
  struct timespec times[3];
} looks[LOOKS];

static char relation(struct timespec now, struct timespec before) {
  if (now.tv_sec != before.tv_sec) return now.tv_sec > before.tv_sec ? '+' : '-';
  if (now.tv_nsec == before.tv_nsec) return '=';
  return now.tv_nsec > before.tv_nsec ? '+' : '-';
}

// Waits until what happens next gets a later time, also from a clock that ticks coarsely.
static void let_clock_tick(void) {
  struct timespec first, now;
  clock_gettime(CLOCK_REALTIME_COARSE, &first);
  do {
    usleep(500);
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
  } while (relation(now, first) == '=');
}

// times <path>: how its times stand to those of the last look at that inode: mtime, then ctime.
static void call_times(struct line *line) {
  struct stat found;
  if (lstat(path(line->word[1]), &found) < 0) {
    answer(-1);
    return;
  }
  size_t at = found.st_ino % LOOKS;
  while (looks[at].ino != 0 && (looks[at].ino != found.st_ino || looks[at].dev != found.st_dev)) at = (at + 1) % LOOKS;
  if (looks[at].ino == 0) puts("new");
  else printf("m%c c%c\n", relation(found.st_mtim, looks[at].times[1]), relation(found.st_ctim, looks[at].times[2]));
  looks[at].dev = found.st_dev;
  looks[at].ino = found.st_ino;
  looks[at].times[0] = found.st_atim;
  looks[at].times[1] = found.st_mtim;
  looks[at].times[2] = found.st_ctim;
  let_clock_tick();
}

// forget: all looks.
static void call_forget(struct line *line) {
  (void)line;
  memset(looks, 0, sizeof looks);
  answer(0);
}

// born <path>: whether its birth is known and not after its last change.
static void call_born(struct line *line) {
  struct statx found;
  if (statx(AT_FDCWD, path(line->word[1]), AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME, &found) < 0) {
    answer(-1);
    return;
  }
  struct timespec birth = {found.stx_btime.tv_sec, found.stx_btime.tv_nsec};
  struct timespec change = {found.stx_ctime.tv_sec, found.stx_ctime.tv_nsec};
  puts((found.stx_mask & STATX_BTIME) != 0 && relation(birth, change) != '+' ? "yes" : "no");
}

static void call_chmod(struct line *line) { answer(chmod(path(line->word[1]), (mode_t)number(line->word[2]))); }

static void call_fchmod(struct line *line) { answer(fchmod(files[slot(line->word[1])], (mode_t)number(line->word[2]))); }

static void call_chown(struct line *line) {
  answer(chown(path(line->word[1]), (uid_t)number(line->word[2]), (gid_t)number(line->word[3])));
}

static void call_lchown(struct line *line) {
  answer(lchown(path(line->word[1]), (uid_t)number(line->word[2]), (gid_t)number(line->word[3])));
}

static void call_fchown(struct line *line) {
  answer(fchown(files[slot(line->word[1])], (uid_t)number(line->word[2]), (gid_t)number(line->word[3])));
}

// A time: "now", "omit", or seconds and nanoseconds joined by '.'.
static struct timespec time_of(const char *word) {
  if (strcmp(word, "now") == 0) return (struct timespec){0, UTIME_NOW};
  if (strcmp(word, "omit") == 0) return (struct timespec){0, UTIME_OMIT};
  const char *dot = strchr(word, '.');
  return (struct timespec){atoll(word), dot == NULL ? 0 : atol(dot + 1)};
}

// utimens <path> <atime> <mtime> <flags>; without times both become now.
static void call_utimens(struct line *line) {
  const struct timespec times[2] = {time_of(line->word[2]), time_of(line->word[3])};
  answer(utimensat(AT_FDCWD, path(line->word[1]), line->count > 2 ? times : NULL, (int)number(line->word[4])));
}

// An attribute's value: text, "#<n>" for n bytes, "''" for none, or an access control list, "acl:<tag>:<id>:<rwx>,...".
static size_t value_of(char *word, char *room) {
  if (word[0] == '#') {
    size_t length = (size_t)number(word + 1);
    memset(room, 'x', length);
    return length;
  }
  if (strncmp(word, "acl:", 4) != 0) {
    const char *text = path(word);
    memcpy(room, text, strlen(text));
    return strlen(text);
  }
  size_t length = 4;
  memcpy(room, "\2\0\0\0", 4);
  char *rest = word + 4;
  for (char *entry; (entry = strsep(&rest, ",")) != NULL; length += 8) {
    unsigned tag, id, permissions;
    if (sscanf(entry, "%u:%u:%u", &tag, &id, &permissions) != 3) break;
    const unsigned short head[2] = {(unsigned short)tag, (unsigned short)permissions};
    memcpy(room + length, head, 4);
    memcpy(room + length + 4, &id, 4);
  }
  return length;
}

// setxattr <path> <name> <value> <flags>
static void call_setxattr(struct line *line) {
  char *room = malloc(1 << 20);
  size_t length = value_of(line->word[3], room);
  answer(lsetxattr(path(line->word[1]), line->word[2], room, length, (int)number(line->word[4])));
  free(room);
}

static void print_value(const char *name, const unsigned char *value, ssize_t length) {
  printf("%zd ", length);
  if (strncmp(name, "system.posix_acl_", 17) == 0) {
    for (ssize_t at = 4; at + 8 <= length; at += 8) {
      unsigned id;
      memcpy(&id, value + at + 4, 4);
      printf("%s%u:%u:%u", at == 4 ? "" : ",", value[at] | value[at + 1] << 8, id, (unsigned)value[at + 2]);
    }
  } else {
    unsigned hash = 0;
    for (ssize_t i = 0; i < length; i++) hash = hash * 31 + value[i];
    printf("%08x", hash);
  }
  putchar('\n');
}

// getxattr <path> <name> <room>
static void call_getxattr(struct line *line) {
  unsigned char *room = malloc(ROOM);
  size_t size = line->count > 3 ? (size_t)number(line->word[3]) : ROOM;
  ssize_t length = lgetxattr(path(line->word[1]), line->word[2], room, size);
  if (length < 0) answer(-1);
  else if (size == 0) answer_number(length);
  else print_value(line->word[2], room, length);
  free(room);
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

// listxattr <path>: the names, sorted, without those the system adds by itself.
static void call_listxattr(struct line *line) {
  char room[65536], *names[256];
  size_t count = 0;
  ssize_t length = llistxattr(path(line->word[1]), room, sizeof room);
  if (length < 0) {
    answer(-1);
    return;
  }
  for (char *name = room; name < room + length && count < 256; name += strlen(name) + 1) {
    if (strcmp(name, "security.selinux") != 0) names[count++] = name;
  }
  qsort(names, count, sizeof *names, by_name);
  for (size_t i = 0; i < count; i++) printf("%s%s", i == 0 ? "" : " ", names[i]);
  putchar('\n');
}

static void call_removexattr(struct line *line) { answer(lremovexattr(path(line->word[1]), line->word[2])); }

const struct call attribute_calls[] = {
    {"stat", call_stat},         {"lstat", call_stat},         {"fstat", call_stat},
    {"times", call_times},       {"forget", call_forget},      {"born", call_born},
    {"chmod", call_chmod},       {"fchmod", call_fchmod},      {"chown", call_chown},
    {"lchown", call_lchown},     {"fchown", call_fchown},      {"utimens", call_utimens},
    {"setxattr", call_setxattr}, {"getxattr", call_getxattr},  {"listxattr", call_listxattr},
    {"removexattr", call_removexattr}, {NULL, NULL},
};
