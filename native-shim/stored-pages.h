// Full pages of a vault as they stand in its file, and how they are read and opened (FORMAT.md §3).
#ifndef DVAULT_STORED_PAGES_H
#define DVAULT_STORED_PAGES_H

#include "aead.h"

#include <sys/uio.h>

// Content of a page; its header, and what of a page stands before its parts.
enum { PAGE_BYTES = 65536, PAGE_HEAD = 32, PAGE_BEFORE = PAGE_HEAD + AEAD_NONCE_SIZE };

#define PREFIX_MAX 64

// How pages stand in the file, and what they are bound to. All are alike but for address and generation.
struct page_source {
  uint8_t prefix[PREFIX_MAX];
  size_t prefix_length;
  uint8_t head[PAGE_HEAD];
  int fd;
  uint64_t offset, stride, parts, part;
  // What the last part of a page has behind its share of the content.
  uint64_t tail;
};

// Some bytes of a page, in whole parts or not.
struct stretch {
  uint64_t page, generation;
  uint64_t from, end;
};

// Whether pages can be like that.
bool source_is_sound(const struct page_source *source);

// Bytes that its parts stand in, tags and all.
size_t stretch_stored(const struct page_source *source, const struct stretch *stretch);

// Parts that its bytes stand in.
size_t stretch_parts(const struct page_source *source, const struct stretch *stretch);

// Reads the parts into a place of `stretch_stored` bytes, opens them there, and points a piece for each at what was asked for.
// Whether the page stands there, and the parts opened. Several threads may do this, with a context each.
bool stretch_open(const struct page_source *source, aead_context *context, const struct stretch *stretch, uint8_t *place,
                  struct iovec *pieces);

#endif
