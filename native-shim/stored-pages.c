// A page that is asked for by address and generation either opens as that page or not at all (FORMAT.md §3), so nothing that
// happens to the file beside us can make a wrong answer.
#define _GNU_SOURCE
#include "stored-pages.h"

#include <string.h>
#include <unistd.h>

// The page header (FORMAT.md §3.1); CHECKED bytes of it are known beforehand.
enum { ADDRESS_AT = 8, GENERATION_AT = 16, CHECKED = 28, TAG = AEAD_TAG_SIZE };

// Pages of a segment: addresses count these and leave the rest of 128 out.
enum { SEGMENT_PAGES = 127, SEGMENT_BITS = 7 };

bool source_is_sound(const struct page_source *source) {
  if (source->parts == 0 || PAGE_BYTES % source->parts != 0 || source->tail > PAGE_BYTES) return false;
  return source->part == PAGE_BYTES / source->parts &&
         source->stride >= PAGE_BEFORE + PAGE_BYTES + source->parts * TAG + source->tail;
}

// Where a part of a stored page begins, and where it ends, tag included.
static uint64_t part_begin(const struct page_source *source, uint64_t part) {
  return PAGE_BEFORE + part * (source->part + TAG);
}

static uint64_t part_end(const struct page_source *source, uint64_t part) {
  uint64_t end = part_begin(source, part + 1);
  return part + 1 == source->parts ? end + source->tail : end;
}

static uint64_t first_part(const struct page_source *source, const struct stretch *stretch) {
  return stretch->from / source->part;
}

static uint64_t last_part(const struct page_source *source, const struct stretch *stretch) {
  return (stretch->end - 1) / source->part;
}

size_t stretch_stored(const struct page_source *source, const struct stretch *stretch) {
  return part_end(source, last_part(source, stretch)) - part_begin(source, first_part(source, stretch));
}

size_t stretch_parts(const struct page_source *source, const struct stretch *stretch) {
  return last_part(source, stretch) - first_part(source, stretch) + 1;
}

// Reads what stands before the parts of a page, and the parts. What comes short is as good as missing.
static bool fetch(const struct page_source *source, const struct stretch *stretch, uint8_t *before, uint8_t *place) {
  uint64_t begin = part_begin(source, first_part(source, stretch));
  off_t offset = (off_t)(source->offset + stretch->page * source->stride);
  size_t length = stretch_stored(source, stretch);
  if (begin == PAGE_BEFORE) {
    const struct iovec both[] = {{before, PAGE_BEFORE}, {place, length}};
    return preadv(source->fd, both, 2, offset) == (ssize_t)(PAGE_BEFORE + length);
  }
  return pread(source->fd, before, PAGE_BEFORE, offset) == PAGE_BEFORE &&
         pread(source->fd, place, length, offset + (off_t)begin) == (ssize_t)length;
}

static void put_u48(uint8_t *at, uint64_t value) {
  for (int i = 5; i >= 0; i--, value >>= 8) at[i] = (uint8_t)value;
}

static bool is_page(const struct page_source *source, const struct stretch *stretch, const uint8_t *stored) {
  uint8_t head[PAGE_HEAD];
  memcpy(head, source->head, PAGE_HEAD);
  put_u48(head + ADDRESS_AT, stretch->page / SEGMENT_PAGES << SEGMENT_BITS | stretch->page % SEGMENT_PAGES);
  put_u48(head + GENERATION_AT, stretch->generation);
  return memcmp(head, stored, CHECKED) == 0;
}

// What of a part at a place was asked for.
static struct iovec piece_of(const struct page_source *source, const struct stretch *stretch, uint64_t part, uint8_t *at) {
  uint64_t start = part * source->part;
  uint64_t from = stretch->from > start ? stretch->from - start : 0;
  uint64_t end = stretch->end < start + source->part ? stretch->end - start : source->part;
  return (struct iovec){at + from, end - from};
}

bool stretch_open(const struct page_source *source, aead_context *context, const struct stretch *stretch, uint8_t *place,
                  struct iovec *pieces) {
  uint8_t before[PAGE_BEFORE];
  if (!fetch(source, stretch, before, place) || !is_page(source, stretch, before)) return false;
  uint64_t first = first_part(source, stretch), last = last_part(source, stretch);
  for (uint64_t part = first; part <= last; part++) {
    uint8_t *at = place + part_begin(source, part) - part_begin(source, first);
    const struct aead_message message = {
        .nonce = before + PAGE_HEAD,
        .prefix = source->prefix,
        .prefix_length = source->prefix_length,
        .aad = before,
        .aad_length = PAGE_HEAD,
        .in = at,
        .out = at,
        .length = part_end(source, part) - part_begin(source, part) - TAG,
    };
    if (!aead_open_part(context, &message, (uint8_t)part)) return false;
    pieces[part - first] = piece_of(source, stretch, part, at);
  }
  return true;
}
