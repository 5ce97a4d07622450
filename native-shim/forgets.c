#include "forgets.h"

#include <string.h>

bool forgets_gather(struct forgets *forgets, const uint8_t *request, size_t length) {
  struct fuse_in_header in;
  struct fuse_forget_in body;
  if (forgets->count == FORGETS_MAX || length != sizeof in + sizeof body) return false;
  memcpy(&in, request, sizeof in);
  if (in.opcode != FUSE_FORGET || in.len != length) return false;
  memcpy(&body, request + sizeof in, sizeof body);
  forgets->all[forgets->count++] = (struct fuse_forget_one){.nodeid = in.nodeid, .nlookup = body.nlookup};
  return true;
}

size_t forgets_take(struct forgets *forgets, uint8_t *request) {
  if (forgets->count == 0) return 0;
  size_t size = forgets->count * sizeof forgets->all[0];
  const struct fuse_batch_forget_in body = {.count = forgets->count};
  const struct fuse_in_header in = {.len = (uint32_t)(sizeof in + sizeof body + size), .opcode = FUSE_BATCH_FORGET};
  memcpy(request, &in, sizeof in);
  memcpy(request + sizeof in, &body, sizeof body);
  memcpy(request + sizeof in + sizeof body, forgets->all, size);
  forgets->count = 0;
  return in.len;
}
