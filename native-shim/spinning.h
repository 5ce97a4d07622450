// When to look again and again for something to do before going to sleep: waking a sleeping core costs several times what there is
// to do. Where a spin is in vain, twice as many chances to spin are let pass as the time before; where one catches
// something, none are.
#ifndef DVAULT_SPINNING_H
#define DVAULT_SPINNING_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct spinning {
  // Chances to spin that are still let pass, and how many were after the last spin in vain.
  int passing, passed;
};

// Nanoseconds on a clock that never goes back.
static inline uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

// Whether this chance is to be taken.
static inline bool spinning_may_begin(struct spinning *spinning) {
  if (spinning->passing == 0) return true;
  spinning->passing--;
  return false;
}

static inline void spinning_caught(struct spinning *spinning) { spinning->passed = 0; }

// A spin was in vain; no more than `most` chances are let pass for it.
static inline void spinning_failed(struct spinning *spinning, int most) {
  spinning->passed = spinning->passed == 0 ? 1 : spinning->passed * 2;
  if (spinning->passed > most) spinning->passed = most;
  spinning->passing = spinning->passed;
}

#endif
