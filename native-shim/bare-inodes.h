// Inodes without extended attributes. The kernel asks for some of every file: for capabilities at the first write, for access
// control lists with `ls -l`. Of inodes that are known to have none it is answered without TypeScript.
#ifndef DVAULT_BARE_INODES_H
#define DVAULT_BARE_INODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/fuse.h>

// Blocks of inodes that are known at a time.
#define BARE_BLOCKS 1024

// A bit for each of neighbouring inodes.
struct bare_block {
  uint64_t number, bits[16];
};

struct bare_inodes {
  struct bare_block blocks[BARE_BLOCKS];
};

void bare_add(struct bare_inodes *inodes, uint64_t ino);
void bare_remove(struct bare_inodes *inodes, uint64_t ino);
void bare_remove_all(struct bare_inodes *inodes);

// Whether a request asks for what an inode is known not to have; then `out` is the answer.
bool bare_answer(const struct bare_inodes *inodes, const uint8_t *request, size_t length, struct fuse_out_header *out);

#endif
