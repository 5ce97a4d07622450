// Answers are the same as src/mount/protocol/encode-attributes.ts gives.
#include "known-attributes.h"

#include <string.h>

enum { STATX = 52, STATX_IN_SIZE = 24, BLOCK_SIZE = 65536 };

// STATX_BASIC_STATS and STATX_BTIME.
#define STATX_MASK 0x0fff

// How long the kernel may keep what it was told: a year.
#define VALID_SECONDS (365 * 86400)

// Where fields of a stored inode are.
enum { MODE = 0, NLINK = 4, UID = 8, GID = 12, RDEV = 16, ATIME = 40, MTIME = 52, CTIME = 64, BTIME = 76 };

_Static_assert(sizeof(struct known_inode) == 128, "TypeScript counts on this");
_Static_assert(sizeof(struct statx_out) == 288, "the kernel counts on this");

static uint32_t u32_at(const struct known_inode *inode, int at) {
  const uint8_t *bytes = inode->record + at;
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static uint64_t u64_at(const struct known_inode *inode, int at) {
  return (uint64_t)u32_at(inode, at) << 32 | u32_at(inode, at + 4);
}

static void fill_attr(struct fuse_attr_out *out, const struct known_inode *inode) {
  *out = (struct fuse_attr_out){
      .attr_valid = VALID_SECONDS,
      .attr = {
          .ino = (uint64_t)inode->ino,
          .size = (uint64_t)inode->size,
          .blocks = (uint64_t)inode->sectors,
          .atime = u64_at(inode, ATIME),
          .mtime = u64_at(inode, MTIME),
          .ctime = u64_at(inode, CTIME),
          .atimensec = u32_at(inode, ATIME + 8),
          .mtimensec = u32_at(inode, MTIME + 8),
          .ctimensec = u32_at(inode, CTIME + 8),
          .mode = u32_at(inode, MODE),
          .nlink = u32_at(inode, NLINK),
          .uid = u32_at(inode, UID),
          .gid = u32_at(inode, GID),
          .rdev = u32_at(inode, RDEV),
          .blksize = BLOCK_SIZE,
      },
  };
}

static void fill_statx(struct statx_out *out, const struct known_inode *inode) {
  uint32_t rdev = u32_at(inode, RDEV);
  *out = (struct statx_out){
      .attr_valid = VALID_SECONDS,
      .mask = STATX_MASK,
      .blksize = BLOCK_SIZE,
      .nlink = u32_at(inode, NLINK),
      .uid = u32_at(inode, UID),
      .gid = u32_at(inode, GID),
      .mode = (uint16_t)u32_at(inode, MODE),
      .ino = (uint64_t)inode->ino,
      .size = (uint64_t)inode->size,
      .blocks = (uint64_t)inode->sectors,
      .atime = {.sec = (int64_t)u64_at(inode, ATIME), .nsec = u32_at(inode, ATIME + 8)},
      .btime = {.sec = (int64_t)u64_at(inode, BTIME), .nsec = u32_at(inode, BTIME + 8)},
      .ctime = {.sec = (int64_t)u64_at(inode, CTIME), .nsec = u32_at(inode, CTIME + 8)},
      .mtime = {.sec = (int64_t)u64_at(inode, MTIME), .nsec = u32_at(inode, MTIME + 8)},
      .rdev_major = rdev >> 8 & 0xfff,
      .rdev_minor = (rdev & 0xff) | (rdev >> 12 & 0xfff00),
  };
}

bool attributes_answer(
    const struct known_inode *known,
    const uint8_t *request,
    size_t length,
    struct attributes_reply *reply
) {
  struct fuse_in_header in;
  if (length < sizeof in) return false;
  memcpy(&in, request, sizeof in);
  const struct known_inode *inode = &known[in.nodeid % KNOWN_INODES];
  if (in.len != length || in.nodeid == 0 || inode->ino != (double)in.nodeid) return false;
  size_t body = length - sizeof in;
  reply->out = (struct fuse_out_header){.unique = in.unique};
  if (in.opcode == FUSE_GETATTR && body == sizeof(struct fuse_getattr_in)) {
    fill_attr(&reply->attr, inode);
    reply->out.len = sizeof reply->out + sizeof reply->attr;
    return true;
  }
  if (in.opcode != STATX || body != STATX_IN_SIZE) return false;
  fill_statx(&reply->statx, inode);
  reply->out.len = sizeof reply->out + sizeof reply->statx;
  return true;
}
