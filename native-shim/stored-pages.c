// A page that is asked for by address and generation either opens as that page or not at all (FORMAT.md §3), so nothing that
// happens to the file beside us can make a wrong answer.
#define _GNU_SOURCE
#include "stored-pages.h"

#include <errno.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/statfs.h>
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

static ssize_t read_now(int fd, void *into, size_t length, off_t offset) {
  const struct iovec place = {into, length};
  return preadv2(fd, &place, 1, offset, RWF_NOWAIT);
}

enum at_hand source_at_hand(int fd) {
  uint8_t byte;
  struct statfs system;
  if (read_now(fd, &byte, 1, 0) >= 0 || errno == EAGAIN) return TOLD;
  return fstatfs(fd, &system) == 0 && system.f_type == TMPFS_MAGIC ? ALWAYS : UNKNOWN;
}

static off_t page_offset(const struct page_source *source, const struct stretch *stretch) {
  return (off_t)(source->offset + stretch->page * source->stride);
}

bool stretch_is_at_hand(const struct page_source *source, const struct stretch *stretch) {
  uint8_t head[PAGE_HEAD];
  if (source->at_hand != TOLD) return source->at_hand == ALWAYS;
  return read_now(source->fd, head, PAGE_HEAD, page_offset(source, stretch)) == PAGE_HEAD;
}

size_t stretch_pages(const struct stretch *stretch) { return (stretch->end - 1) / PAGE_BYTES + 1; }

size_t stretch_parts(const struct page_source *source, const struct stretch *stretch) {
  return (stretch->end - 1) / source->part - stretch->from / source->part + 1;
}

// Where a part of a stored page begins, and where it ends, tag included.
static uint64_t part_begin(const struct page_source *source, uint64_t part) {
  return PAGE_BEFORE + part * (source->part + TAG);
}

static uint64_t part_end(const struct page_source *source, uint64_t part) {
  uint64_t end = part_begin(source, part + 1);
  return part + 1 == source->parts ? end + source->tail : end;
}

// Reads all of it; what comes short is as good as missing where it must not be waited for.
static bool read_all(int fd, uint8_t *into, uint64_t length, off_t offset, enum patience patience) {
  if (patience == DO_NOT_WAIT) return read_now(fd, into, length, offset) == (ssize_t)length;
  while (length > 0) {
    ssize_t got = pread(fd, into, length, offset);
    if (got <= 0) return false;
    into += got;
    offset += got;
    length -= (uint64_t)got;
  }
  return true;
}

// Brings a stretch's parts to where they would stand if all of its pages had been read.
static bool fetch(const struct page_source *source, const struct stretch *stretch, const struct opening *opening) {
  enum patience patience = source->at_hand == TOLD ? opening->patience : WAIT;
  uint64_t first = stretch->from / source->part;
  uint64_t last = (stretch->end - 1) % PAGE_BYTES / source->part;
  uint64_t end = (stretch->end - 1) / PAGE_BYTES * source->stride + part_end(source, last);
  uint64_t begin = first == 0 ? 0 : part_begin(source, first);
  off_t offset = page_offset(source, stretch);
  return (first == 0 || read_all(source->fd, opening->place, PAGE_BEFORE, offset, patience)) &&
         read_all(source->fd, opening->place + begin, end - begin, offset + (off_t)begin, patience);
}

static void put_u48(uint8_t *at, uint64_t value) {
  for (int i = 5; i >= 0; i--, value >>= 8) at[i] = (uint8_t)value;
}

static bool is_page(const struct page_source *source, const uint8_t *stored, uint64_t page, uint64_t generation) {
  uint8_t head[PAGE_HEAD];
  memcpy(head, source->head, PAGE_HEAD);
  put_u48(head + ADDRESS_AT, page / SEGMENT_PAGES << SEGMENT_BITS | page % SEGMENT_PAGES);
  put_u48(head + GENERATION_AT, generation);
  return memcmp(head, stored, CHECKED) == 0;
}

static bool open_part(const struct page_source *source, aead_context *context, uint8_t *stored, uint64_t part) {
  uint8_t *begin = stored + part_begin(source, part);
  const struct aead_message message = {
      .nonce = stored + PAGE_HEAD,
      .prefix = source->prefix,
      .prefix_length = source->prefix_length,
      .aad = stored,
      .aad_length = PAGE_HEAD,
      .in = begin,
      .out = begin,
      .length = part_end(source, part) - part_begin(source, part) - TAG,
  };
  return aead_open_part(context, &message, (uint8_t)part);
}

// What of a part was asked for; `start` is where it begins, counted as the stretch is.
static struct iovec piece_of(const struct page_source *source, const struct stretch *stretch, uint64_t start, uint8_t *at) {
  uint64_t from = stretch->from > start ? stretch->from - start : 0;
  uint64_t end = stretch->end < start + source->part ? stretch->end - start : source->part;
  return (struct iovec){at + from, end - from};
}

bool stretch_open(const struct page_source *source, const struct stretch *stretch, const struct opening *opening) {
  if (!fetch(source, stretch, opening)) return false;
  struct iovec *piece = opening->pieces;
  uint64_t start = stretch->from / source->part * source->part;
  for (bool is_new_page = true; start < stretch->end; start += source->part) {
    uint64_t page = start / PAGE_BYTES, part = start % PAGE_BYTES / source->part;
    uint8_t *stored = opening->place + page * source->stride;
    if (is_new_page && !is_page(source, stored, stretch->page + page, stretch->generation)) return false;
    if (!open_part(source, opening->context, stored, part)) return false;
    *piece++ = piece_of(source, stretch, start, stored + part_begin(source, part));
    is_new_page = part + 1 == source->parts;
  }
  return true;
}
