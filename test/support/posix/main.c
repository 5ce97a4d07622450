#include "posix.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

int files[SLOTS];

#define FLAG(name) {#name, name}
static const struct {
  const char *name;
  long long value;
} flags[] = {
    FLAG(O_RDONLY), FLAG(O_WRONLY), FLAG(O_RDWR), FLAG(O_CREAT), FLAG(O_EXCL), FLAG(O_TRUNC), FLAG(O_APPEND),
    FLAG(O_NOFOLLOW), FLAG(O_DIRECTORY), FLAG(O_PATH), FLAG(O_TMPFILE), FLAG(O_DIRECT), FLAG(O_SYNC), FLAG(O_NOATIME),
    FLAG(O_NONBLOCK), FLAG(O_DSYNC), FLAG(AT_SYMLINK_FOLLOW), FLAG(AT_SYMLINK_NOFOLLOW), FLAG(AT_EMPTY_PATH),
    FLAG(AT_REMOVEDIR), FLAG(RENAME_NOREPLACE), FLAG(RENAME_EXCHANGE), FLAG(RENAME_WHITEOUT), FLAG(S_IFREG),
    FLAG(S_IFIFO), FLAG(S_IFCHR), FLAG(S_IFBLK), FLAG(S_IFSOCK), FLAG(S_IFDIR), FLAG(S_IFLNK), FLAG(XATTR_CREATE),
    FLAG(XATTR_REPLACE), FLAG(SEEK_DATA), FLAG(SEEK_HOLE), FLAG(SEEK_SET), FLAG(SEEK_END), FLAG(SEEK_CUR),
    FLAG(FALLOC_FL_KEEP_SIZE), FLAG(FALLOC_FL_PUNCH_HOLE), FLAG(FALLOC_FL_ZERO_RANGE), FLAG(FALLOC_FL_COLLAPSE_RANGE),
    FLAG(FALLOC_FL_INSERT_RANGE), FLAG(LOCK_SH), FLAG(LOCK_EX), FLAG(LOCK_UN), FLAG(LOCK_NB), FLAG(F_RDLCK),
    FLAG(F_WRLCK), FLAG(F_UNLCK), FLAG(F_OK), FLAG(R_OK), FLAG(W_OK), FLAG(X_OK), FLAG(PROT_READ), FLAG(PROT_WRITE),
    FLAG(MAP_SHARED), FLAG(MAP_PRIVATE), FLAG(MS_SYNC), FLAG(MS_ASYNC),
};

static void fail(const char *what, const char *word) {
  fflush(stdout);
  fprintf(stderr, "posix tool: %s: %s\n", what, word);
  exit(2);
}

static long long flag(const char *name) {
  for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
    if (strcmp(flags[i].name, name) == 0) return flags[i].value;
  }
  char *end;
  errno = 0;
  long long value = strtoll(name, &end, 0);
  if (end == name || *end != '\0' || errno != 0) fail("no such number or flag", name);
  return value;
}

long long number(const char *word) {
  if (*word == '\0') return 0;
  long long value = 0;
  char *copy = strdup(word), *rest = copy;
  for (char *part; (part = strsep(&rest, "|")) != NULL;) value |= flag(part);
  free(copy);
  return value;
}

int slot(const char *word) {
  long long value = number(word);
  if (value < 0 || value >= SLOTS) fail("no such slot", word);
  return (int)value;
}

const char *path(const char *word) {
  if (strcmp(word, "''") == 0) return "";
  return strcmp(word, "@bad") == 0 ? (const char *)1 : word;
}

void answer_number(long long result) {
  if (result < 0) printf("%s\n", strerrorname_np(errno));
  else printf("%lld\n", result);
}

void answer(long result) { answer_number(result < 0 ? -1 : 0); }

static void run(struct line *line);

static struct line behind(struct line *line, int count) {
  struct line rest = {.count = line->count - count};
  for (int i = 0; i < WORDS_MAX; i++) rest.word[i] = i + count < WORDS_MAX ? line->word[i + count] : "";
  return rest;
}

// as <uid>:<gid>[,<group>...] <call>...: as another user, without privileges unless that is 0.
static void as(struct line *line) {
  gid_t groups[16];
  size_t count = 0;
  char *rest = line->word[1];
  uid_t uid = (uid_t)number(strsep(&rest, ":"));
  for (char *part; (part = strsep(&rest, ",")) != NULL && count < 16;) groups[count++] = (gid_t)number(part);
  if (count == 0) fail("no group", line->word[1]);
  if (setgroups(count, groups) < 0 || setresgid(groups[0], groups[0], 0) < 0 || setresuid(uid, uid, 0) < 0)
    fail("cannot become", line->word[1]);
  struct line inner = behind(line, 2);
  run(&inner);
  if (setresuid(0, 0, 0) < 0 || setresgid(0, 0, 0) < 0 || setgroups(0, NULL) < 0) fail("cannot go back", "root");
}

// acting <uid> <call>...: as root who acts for another user.
static void acting(struct line *line) {
  uid_t uid = (uid_t)number(line->word[1]);
  setfsuid(uid);
  if ((uid_t)setfsuid((uid_t)-1) != uid) fail("cannot act for", line->word[1]);
  struct line inner = behind(line, 2);
  run(&inner);
  setfsuid(0);
}

// fork <call>...: in another process, which has the same open files.
static void in_child(struct line *line) {
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    struct line inner = behind(line, 1);
    run(&inner);
    fflush(stdout);
    _exit(0);
  }
  int status;
  if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0) fail("a child failed", line->word[1]);
}

static pid_t started;

// exec <path>: runs a program without arguments and answers its status.
// start <path>: leaves it running with the argument 3600, until `stop`.
static void execute(struct line *line) {
  const int keeps = strcmp(line->word[0], "start") == 0;
  int report[2], code = 0, status = 0;
  if (pipe2(report, O_CLOEXEC) < 0) fail("cannot start", line->word[1]);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    execl(path(line->word[1]), "program", keeps ? "3600" : NULL, NULL);
    code = errno;
    _exit(write(report[1], &code, sizeof code) == sizeof code ? 0 : 1);
  }
  close(report[1]);
  ssize_t length = read(report[0], &code, sizeof code);
  close(report[0]);
  if (length > 0 || !keeps) waitpid(child, &status, 0);
  else started = child;
  errno = code;
  answer_number(length > 0 ? -1 : status);
}

static void stop(struct line *line) {
  (void)line;
  kill(started, SIGKILL);
  answer(waitpid(started, NULL, 0) == started ? 0 : -1);
}

static void set_umask(struct line *line) {
  umask((mode_t)number(line->word[1]));
  answer(0);
}

// limit <bytes>: RLIMIT_FSIZE; -1 takes it away.
static void limit(struct line *line) {
  const struct rlimit limit = {(rlim_t)number(line->word[1]), RLIM_INFINITY};
  answer(setrlimit(RLIMIT_FSIZE, &limit));
}

static void change_directory(struct line *line) { answer(chdir(path(line->word[1]))); }

static const struct call own_calls[] = {
    {"as", as},       {"acting", acting},     {"fork", in_child}, {"exec", execute},           {"start", execute},
    {"stop", stop},   {"umask", set_umask},   {"limit", limit},   {"chdir", change_directory}, {NULL, NULL},
};

static void run(struct line *line) {
  const struct call *const tables[] = {own_calls, name_calls, content_calls, attribute_calls};
  for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
    for (const struct call *call = tables[i]; call->name != NULL; call++) {
      if (strcmp(call->name, line->word[0]) != 0) continue;
      call->run(line);
      return;
    }
  }
  fail("no such call", line->word[0]);
}

// Whether the next line can be read without waiting.
static bool has_more(void) {
  struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
  return poll(&input, 1, 0) > 0;
}

int main(int count, char **arguments) {
  if (count != 2 || chdir(arguments[1]) < 0) fail("cannot enter", count == 2 ? arguments[1] : "nothing");
  umask(022);
  signal(SIGXFSZ, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  for (int i = 0; i < SLOTS; i++) files[i] = -1;
  char *text = NULL;
  size_t room = 0;
  for (ssize_t length; (length = getline(&text, &room, stdin)) > 0;) {
    if (text[length - 1] == '\n') text[length - 1] = '\0';
    struct line line = {0};
    char *rest = text;
    for (int i = 0; i < WORDS_MAX; i++) line.word[i] = "";
    while (line.count < WORDS_MAX && rest != NULL) line.word[line.count++] = strsep(&rest, " ");
    run(&line);
    if (!has_more()) fflush(stdout);
  }
  free(text);
  return 0;
}
