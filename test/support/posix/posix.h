// A tool for tests: performs one system call for each line it reads, and answers it with one line.
#pragma once
#define _GNU_SOURCE
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#define WORDS_MAX 24
#define SLOTS 64

// A line, split at blanks. `word[0]` names the call; words that are missing are "".
struct line {
  int count;
  char *word[WORDS_MAX];
};

// A call: makes its system call and prints the rest of the answer's line.
struct call {
  const char *name;
  void (*run)(struct line *line);
};

extern const struct call name_calls[], content_calls[], attribute_calls[];

// Open files and mappings, by the number the test gave them.
extern int files[SLOTS];

// Answers "0" or the name of errno.
void answer(long result);
// Answers a number that is a result, or the name of errno.
void answer_number(long long result);

// A number (C's prefixes), or flags by name, joined by '|'.
long long number(const char *word);
int slot(const char *word);
// A path: "''" is the empty one, "@bad" an address nobody may read.
const char *path(const char *word);
