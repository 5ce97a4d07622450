// Reads and opens what a request asks for, a long one by two threads.
#ifndef DVAULT_PAGE_READER_H
#define DVAULT_PAGE_READER_H

#include "stored-pages.h"

// Most that is asked for at a time, and most pages that it stands in.
enum { READ_MAX = 1 << 20, READ_PAGES_MAX = READ_MAX / PAGE_BYTES + 1 };

// Content that is read and opened in one go: little enough to stay in a processor's nearest caches.
enum { STRETCH_BYTES = PAGE_BYTES / 2 };

// Most stretches of a read, and most pieces of what they hold: of a part each.
enum { STRETCHES_MAX = READ_PAGES_MAX * PAGE_BYTES / STRETCH_BYTES, PARTS_MAX = 4 * READ_PAGES_MAX };

struct page_reader;

// NULL when there is no memory.
struct page_reader *reader_new(void);
void reader_free(struct page_reader *reader);

// Whether there is room to read pages that are like that.
bool reader_has_room(const struct page_source *source);

// Reads and opens stretches. Answers how many pieces it filled, which stand until the next call; 0 when not all of it is
// as expected. Another thread may go on using source and key until `reader_await`.
int reader_open(struct page_reader *reader, const struct page_source *source, struct aead_key *key,
                const struct stretch *stretches, size_t count, struct iovec *pieces);

// Waits until no other thread uses what calls before were given.
void reader_await(struct page_reader *reader);

#endif
