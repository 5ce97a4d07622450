// The reader of pages with its worker, under the thread sanitizer: reads of any length of pages in a file, some of them damaged, under
// a cipher that is played. `scripts/test sanitize` compiles and runs it. It ends with 1 when a read was wrong.
#define _GNU_SOURCE
#include "../../native-shim/page-reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PARTS = 4, STRIDE = 65664, PAGES = 40, ROUNDS = 200, MASK = 0x5a };

// Contexts are told apart so that two threads with one would be found.
struct evp_cipher_ctx_st {
  unsigned opened;
};

static struct evp_cipher_ctx_st main_context, beside_context;

bool aead_open_part(aead_context *ctx, const struct aead_message *m, uint8_t index) {
  ctx->opened++;
  if (m->in[m->length] != index) return false;
  for (size_t i = 0; i < m->length; i++) m->out[i] = m->in[i] ^ MASK;
  return true;
}

aead_context *aead_open_beside(struct aead_key *key) { return key->beside; }

static uint8_t content_at(uint64_t at) { return (uint8_t)(at * 31 + (at >> 12)); }

static off_t place_of(uint64_t page, uint64_t part) {
  return (off_t)(page * STRIDE + PAGE_BEFORE + part * (PAGE_BYTES / PARTS + AEAD_TAG_SIZE));
}

static void must(bool is_right, const char *what) {
  if (is_right) return;
  fprintf(stderr, "page-reader: %s\n", what);
  exit(1);
}

static void put(int fd, const void *bytes, size_t length, off_t offset) {
  must(pwrite(fd, bytes, length, offset) == (ssize_t)length, "a write came short");
}

static void set_tag(int fd, uint64_t page, uint64_t part, uint8_t tag) {
  put(fd, &tag, 1, place_of(page, part) + PAGE_BYTES / PARTS + (part + 1 == PARTS ? 16 : 0));
}

static void put_page(int fd, uint64_t page) {
  uint8_t head[PAGE_BEFORE] = {0}, part[PAGE_BYTES / PARTS];
  head[13] = (uint8_t)page;
  put(fd, head, sizeof head, (off_t)(page * STRIDE));
  for (uint64_t p = 0; p < PARTS; p++) {
    for (size_t i = 0; i < sizeof part; i++) part[i] = content_at(page * PAGE_BYTES + p * sizeof part + i) ^ MASK;
    put(fd, part, sizeof part, place_of(page, p));
    set_tag(fd, page, p, (uint8_t)p);
  }
}

// Cuts a range as direct-read.c does.
static void cut(struct page_read *read, uint64_t from, uint64_t end) {
  read->count = 0;
  while (from < end) {
    uint64_t next = (from / SHARE_BYTES + 1) * SHARE_BYTES, start = from / PAGE_BYTES * PAGE_BYTES;
    uint64_t until = next < end ? next : end;
    read->stretches[read->count++] = (struct stretch){.page = from / PAGE_BYTES, .from = from - start, .end = until - start};
    from = until;
  }
}

// Makes a part of a page that a range stands in one that does not open, or mends it.
static void set_damage(int fd, uint64_t at, bool is_damaged) {
  uint64_t part = at % PAGE_BYTES / (PAGE_BYTES / PARTS);
  set_tag(fd, at / PAGE_BYTES, part, (uint8_t)(is_damaged ? PARTS : part));
}

static void expect(const struct iovec *pieces, int count, uint64_t from, uint64_t end) {
  must(count > 0, "a read failed");
  for (int i = 0; i < count; i++) {
    const uint8_t *bytes = pieces[i].iov_base;
    for (size_t k = 0; k < pieces[i].iov_len; k++, from++) must(bytes[k] == content_at(from), "a byte is wrong");
  }
  must(from == end, "a read came short");
}

static void try_range(struct page_reader *reader, struct page_read *read, uint64_t from, uint64_t end) {
  struct iovec pieces[PARTS_MAX];
  int fd = read->source->fd;
  uint64_t damaged = from + (uint64_t)rand() % (end - from);
  cut(read, from, end);
  set_damage(fd, damaged, true);
  must(reader_open_shared(reader, read, pieces) == 0, "damage was not seen");
  must(reader_open(reader, read, pieces) == 0, "damage was not seen by one");
  reader_await(reader);
  set_damage(fd, damaged, false);
  for (int i = 0; i < 3; i++) {
    int count = reader_open_shared(reader, read, pieces);
    expect(pieces, count == 0 ? reader_open(reader, read, pieces) : count, from, end);
  }
}

int main(void) {
  struct page_source source = {.stride = STRIDE, .parts = PARTS, .part = PAGE_BYTES / PARTS, .tail = 16};
  source.fd = memfd_create("pages", 0);
  must(source.fd >= 0 && ftruncate(source.fd, PAGES * STRIDE) == 0, "no file in memory");
  must(source_at_hand(source.fd) == ALWAYS, "a file in memory is not at hand");
  for (uint64_t page = 0; page < PAGES; page++) put_page(source.fd, page);
  must(reader_has_room(&source), "no room for such pages");
  struct aead_key key = {.open = &main_context, .beside = &beside_context};
  struct page_read read = {.source = &source, .key = &key};
  struct page_reader *reader = reader_new();
  srand(1);
  for (int round = 0; round < ROUNDS; round++) {
    uint64_t length = 1 + (uint64_t)rand() % READ_MAX;
    uint64_t from = (uint64_t)rand() % (PAGES * PAGE_BYTES - length);
    try_range(reader, &read, from, from + length);
    // Long enough for the worker to fall asleep.
    if (round % 10 == 0) usleep(1000);
    if (round % 50 != 49) continue;
    reader_free(reader);
    reader = reader_new();
  }
  reader_free(reader);
  printf("parts opened: %u by the main thread, %u beside it\n", main_context.opened, beside_context.opened);
  return 0;
}
