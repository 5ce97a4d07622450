// FORGETs, gathered. Nobody waits for one, and each costs a call into TypeScript that the next request would wait for: so
// they are kept until there are many, or nothing else to do, and handed on as one BATCH_FORGET.
#ifndef DVAULT_FORGETS_H
#define DVAULT_FORGETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/fuse.h>

#define FORGETS_MAX 256

struct forgets {
  uint32_t count;
  struct fuse_forget_one all[FORGETS_MAX];
};

// Takes a request in if it is a FORGET and there is room.
bool forgets_gather(struct forgets *forgets, const uint8_t *request, size_t length);

// Makes one request of all that were gathered, which are let go of. Its length; 0 when there are none.
size_t forgets_take(struct forgets *forgets, uint8_t *request);

#endif
