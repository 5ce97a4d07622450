// Attributes of inodes that TypeScript has told of, so that they are answered for without it (src/core/fs/known-attributes.ts).
#ifndef DVAULT_KNOWN_ATTRIBUTES_H
#define DVAULT_KNOWN_ATTRIBUTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/fuse.h>

// Inodes known at a time, each at the one place its number leads to.
#define KNOWN_INODES 8192

// One inode, as TypeScript writes it (src/mount/attribute-table.ts). Numbers are exact up to 2^53.
struct known_inode {
  // 0 where nothing is known.
  double ino;
  // As they are shown.
  double size, sectors, unused;
  // As it is stored (FORMAT.md §7.1).
  uint8_t record[96];
};

// `struct fuse_statx_out`, which came with version 7.39 of the protocol.
struct statx_out {
  uint64_t attr_valid;
  uint32_t attr_valid_nsec, flags;
  uint64_t spare[2];
  uint32_t mask, blksize;
  uint64_t attributes;
  uint32_t nlink, uid, gid;
  uint16_t mode, spare0;
  uint64_t ino, size, blocks, attributes_mask;
  struct {
    int64_t sec;
    uint32_t nsec;
    int32_t reserved;
  } atime, btime, ctime, mtime;
  uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
  uint64_t spare2[14];
};

struct attributes_reply {
  struct fuse_out_header out;
  union {
    struct fuse_attr_out attr;
    struct statx_out statx;
  };
};

// Whether a request asks for attributes that are known; then `reply` is the answer, of `reply->out.len` bytes.
bool attributes_answer(
    const struct known_inode *known,
    const uint8_t *request,
    size_t length,
    struct attributes_reply *reply
);

#endif
