// Full pages of a vault as they stand in its file, and how they are read and opened (FORMAT.md §3).
#ifndef DVAULT_STORED_PAGES_H
#define DVAULT_STORED_PAGES_H

#include "aead.h"

#include <sys/uio.h>

// Content of a page; its header, and what of a page stands before its parts.
enum { PAGE_BYTES = 65536, PAGE_HEAD = 32, PAGE_BEFORE = PAGE_HEAD + AEAD_NONCE_SIZE };

#define PREFIX_MAX 64

// Whether it can be told what of a file is in memory: all of it is, the system tells, or nobody does.
enum at_hand { ALWAYS, TOLD, UNKNOWN };

// How pages stand in the file, and what they are bound to. All are alike but for address and generation.
struct page_source {
  uint8_t prefix[PREFIX_MAX];
  size_t prefix_length;
  uint8_t head[PAGE_HEAD];
  int fd;
  enum at_hand at_hand;
  uint64_t offset, stride, parts, part;
  // What the last part of a page has behind its share of the content.
  uint64_t tail;
};

// Bytes of pages that stand side by side and were born together, counted from the first page's first byte.
struct stretch {
  uint64_t page, generation;
  uint64_t from, end;
};

// Whether pages can be like that.
bool source_is_sound(const struct page_source *source);

// Finds out what can be told of the file.
enum at_hand source_at_hand(int fd);

// Whether a stretch that begins in a page seems to be in memory.
bool stretch_is_at_hand(const struct page_source *source, const struct stretch *stretch);

// Pages that its bytes stand in, and parts.
size_t stretch_pages(const struct stretch *stretch);
size_t stretch_parts(const struct page_source *source, const struct stretch *stretch);

// Whether reading may wait for the disk; then what stands side by side is best read in one go.
enum patience { WAIT, DO_NOT_WAIT };

// A place to read and open pages in, `stride` bytes each, and pieces that will point there at what was asked for: one for a part.
struct opening {
  aead_context *context;
  enum patience patience;
  uint8_t *place;
  struct iovec *pieces;
};

// Reads and opens the parts that a stretch stands in. Whether the pages stand there, and the parts opened. Several threads may
// do this, with a context and a place each.
bool stretch_open(const struct page_source *source, const struct stretch *stretch, const struct opening *opening);

#endif
