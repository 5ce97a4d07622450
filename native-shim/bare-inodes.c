// Numbers are given out in order, so bits stand in blocks, each at the one place its number leads to.
#include "bare-inodes.h"

#include <errno.h>
#include <string.h>

enum { WORD = 64, BLOCK = WORD * 16 };

static uint64_t bit_of(uint64_t ino) { return (uint64_t)1 << ino % WORD; }

void bare_add(struct bare_inodes *inodes, uint64_t ino) {
  uint64_t number = ino / BLOCK;
  struct bare_block *block = &inodes->blocks[number % BARE_BLOCKS];
  if (block->number != number) *block = (struct bare_block){.number = number};
  block->bits[ino % BLOCK / WORD] |= bit_of(ino);
}

void bare_remove(struct bare_inodes *inodes, uint64_t ino) {
  uint64_t number = ino / BLOCK;
  struct bare_block *block = &inodes->blocks[number % BARE_BLOCKS];
  if (block->number == number) block->bits[ino % BLOCK / WORD] &= ~bit_of(ino);
}

void bare_remove_all(struct bare_inodes *inodes) { memset(inodes->blocks, 0, sizeof inodes->blocks); }

static bool is_bare(const struct bare_inodes *inodes, uint64_t ino) {
  uint64_t number = ino / BLOCK;
  const struct bare_block *block = &inodes->blocks[number % BARE_BLOCKS];
  return block->number == number && (block->bits[ino % BLOCK / WORD] & bit_of(ino)) != 0;
}

// Whether the kernel asks for a name by itself, or `ls` does; others may be refused for more reasons than not being there.
static bool is_common(const uint8_t *name, size_t length) {
  static const char *const names[] = {
      "security.capability",
      "system.posix_acl_access",
      "system.posix_acl_default",
  };
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    size_t size = strlen(names[i]) + 1;
    if (length == size && memcmp(name, names[i], size) == 0) return true;
  }
  return false;
}

bool bare_answer(const struct bare_inodes *inodes, const uint8_t *request, size_t length, struct fuse_out_header *out) {
  struct fuse_in_header in;
  const size_t name_at = sizeof in + sizeof(struct fuse_getxattr_in);
  if (length <= name_at) return false;
  memcpy(&in, request, sizeof in);
  if (in.opcode != FUSE_GETXATTR || in.len != length) return false;
  if (!is_bare(inodes, in.nodeid) || !is_common(request + name_at, length - name_at)) return false;
  *out = (struct fuse_out_header){.len = sizeof *out, .error = -ENODATA, .unique = in.unique};
  return true;
}
