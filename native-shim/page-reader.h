// Reads and opens what a request asks for, a long one by two threads.
#ifndef DVAULT_PAGE_READER_H
#define DVAULT_PAGE_READER_H

#include "stored-pages.h"

// Most that is asked for at a time, and most pages that it stands in.
enum { READ_MAX = 1 << 20, READ_PAGES_MAX = READ_MAX / PAGE_BYTES + 1 };

// Reads as long as this are worth two threads: waking one costs as much as opening two parts of a page.
enum { SHARED_MIN = 2 * PAGE_BYTES };

// What one of two threads reads and opens in one go: little enough to stay in a processor's nearest caches.
enum { SHARE_BYTES = PAGE_BYTES / 2 };

// Most stretches of a read, and most pieces of what they hold: of a part each.
enum { STRETCHES_MAX = READ_PAGES_MAX * PAGE_BYTES / SHARE_BYTES, PARTS_MAX = 4 * READ_PAGES_MAX };

struct page_reader;

// NULL when there is no memory.
struct page_reader *reader_new(void);
void reader_free(struct page_reader *reader);

// Whether there is room to read pages that are like that.
bool reader_has_room(const struct page_source *source);

// What is to be read, and as what it opens.
struct page_read {
  const struct page_source *source;
  struct aead_key *key;
  struct stretch stretches[STRETCHES_MAX];
  size_t count;
};

// Reads and opens stretches. Answers how many pieces it filled, which stand until the next call; 0 when not all of it is
// as expected.
int reader_open(struct page_reader *reader, const struct page_read *read, struct iovec *pieces);

// As reader_open, on two threads, if there are two and nothing has to wait for the disk; else 0. The stretches are in no more than
// SHARE_BYTES each. Source and key may be in use until `reader_await`.
int reader_open_shared(struct page_reader *reader, const struct page_read *read, struct iovec *pieces);

// Waits until no other thread uses what calls before were given.
void reader_await(struct page_reader *reader);

#endif
