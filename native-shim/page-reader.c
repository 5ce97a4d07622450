// A long read is shared: the main thread takes stretches from its begin on, a worker from its end, and where they meet it is all
// taken. Each opens them in memory of its own. The main thread never sleeps meanwhile, since a processor that others want may
// not come back for long: a stretch that the worker keeps for longer than it takes to open it, the main thread opens as well,
// and the worker is left to find its way out. So nobody may touch what both see before it has.
#define _GNU_SOURCE
#include "page-reader.h"

#include "worker.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SCRATCH_SIZE (2 << 20)
#define CACHE_LINE 64

// Reads as long as this are worth waking a thread, which costs as much as opening a part.
#define SHARED_MIN (128 * 1024)

// How often it is looked whether the worker is done with a stretch: about as long as opening one takes.
#define LOOKS 4000

// A stretch, its place in memory, and which pieces are what was asked for.
struct errand {
  struct stretch stretch;
  size_t place, piece;
};

struct reading {
  const struct page_source *source;
  struct errand errands[STRETCHES_MAX];
  size_t count, pieces;
};

// Whoever opens stretches.
struct hand {
  aead_context *context;
  uint8_t *scratch;
  struct iovec *pieces;
};

// Of an errand: nobody has begun it; somebody has; it is done, by the worker.
enum state { FREE, TAKEN, OPENED };

// What both threads see.
struct shared {
  struct reading reading;
  atomic_uchar states[STRETCHES_MAX];
  struct hand beside;
  struct iovec pieces[PARTS_MAX];
};

struct page_reader {
  uint8_t *scratch;
  struct reading reading;
  // NULL as long as no read was long, or where there can be none.
  struct worker *worker;
  bool has_looked;
  struct shared shared;
};

static uint8_t *new_scratch(void) {
  uint8_t *scratch = aligned_alloc(SCRATCH_SIZE, SCRATCH_SIZE);
  // Without huge pages it is slower, that is all.
  if (scratch != NULL) (void)madvise(scratch, SCRATCH_SIZE, MADV_HUGEPAGE);
  return scratch;
}

struct page_reader *reader_new(void) {
  struct page_reader *reader = calloc(1, sizeof *reader);
  if (reader == NULL) return NULL;
  reader->scratch = new_scratch();
  if (reader->scratch != NULL) return reader;
  free(reader);
  return NULL;
}

void reader_free(struct page_reader *reader) {
  if (reader == NULL) return;
  worker_free(reader->worker);
  free(reader->shared.beside.scratch);
  free(reader->scratch);
  free(reader);
}

bool reader_has_room(const struct page_source *source) {
  return source_is_sound(source) && READ_PAGES_MAX * source->parts <= PARTS_MAX &&
         source->stride * READ_PAGES_MAX + STRETCHES_MAX * CACHE_LINE <= SCRATCH_SIZE;
}

static void plan(struct reading *reading, const struct page_source *source, const struct stretch *stretches, size_t count) {
  size_t place = 0;
  reading->source = source;
  reading->count = count;
  reading->pieces = 0;
  for (size_t i = 0; i < count; i++) {
    reading->errands[i] = (struct errand){stretches[i], place, reading->pieces};
    place += (stretch_stored(source, &stretches[i]) + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    reading->pieces += stretch_parts(source, &stretches[i]);
  }
}

static bool run_errand(const struct reading *reading, size_t i, const struct hand *hand) {
  const struct errand *errand = &reading->errands[i];
  return stretch_open(reading->source, hand->context, &errand->stretch, hand->scratch + errand->place,
                      hand->pieces + errand->piece);
}

static bool take(struct shared *shared, size_t i) {
  unsigned char expected = FREE;
  return atomic_compare_exchange_strong(&shared->states[i], &expected, TAKEN);
}

// What it cannot open stays taken, and the main thread finds out why.
static void open_from_end(void *task) {
  struct shared *shared = task;
  for (size_t i = shared->reading.count; i-- > 0 && take(shared, i);) {
    if (!run_errand(&shared->reading, i, &shared->beside)) return;
    atomic_store(&shared->states[i], OPENED);
  }
}

static bool is_opened(struct shared *shared, size_t i) {
  for (int looks = 0; looks < LOOKS; looks++)
    if (atomic_load_explicit(&shared->states[i], memory_order_acquire) == OPENED) return true;
  return false;
}

static void adopt(const struct shared *shared, size_t i, const struct hand *hand) {
  const struct reading *reading = &shared->reading;
  size_t first = reading->errands[i].piece, end = i + 1 < reading->count ? reading->errands[i + 1].piece : reading->pieces;
  memcpy(hand->pieces + first, shared->pieces + first, (end - first) * sizeof *hand->pieces);
}

static bool open_shared(struct page_reader *reader, const struct hand *hand) {
  struct shared *shared = &reader->shared;
  const struct reading *reading = &shared->reading;
  for (size_t i = 0; i < reading->count; i++) atomic_init(&shared->states[i], FREE);
  worker_offer(reader->worker, open_from_end, shared);
  size_t i = 0;
  for (; i < reading->count && take(shared, i); i++)
    if (!run_errand(reading, i, hand)) return false;
  for (; i < reading->count; i++) {
    if (is_opened(shared, i)) adopt(shared, i, hand);
    else if (!run_errand(reading, i, hand)) return false;
  }
  (void)worker_is_out(reader->worker);
  return true;
}

static bool open_alone(const struct reading *reading, const struct hand *hand) {
  for (size_t i = 0; i < reading->count; i++)
    if (!run_errand(reading, i, hand)) return false;
  return true;
}

// Whether a worker stands by to open pages under a key.
static bool has_help(struct page_reader *reader, struct aead_key *key) {
  if (!reader->has_looked) {
    reader->has_looked = true;
    uint8_t *scratch = new_scratch();
    reader->worker = scratch == NULL ? NULL : worker_new();
    reader->shared.beside.scratch = scratch;
    reader->shared.beside.pieces = reader->shared.pieces;
  }
  if (reader->worker == NULL || !worker_is_out(reader->worker)) return false;
  reader->shared.beside.context = aead_open_beside(key);
  return reader->shared.beside.context != NULL;
}

static bool is_long(const struct stretch *stretches, size_t count) {
  uint64_t length = 0;
  for (size_t i = 0; i < count; i++) length += stretches[i].end - stretches[i].from;
  return length >= SHARED_MIN;
}

int reader_open(struct page_reader *reader, const struct page_source *source, struct aead_key *key,
                const struct stretch *stretches, size_t count, struct iovec *pieces) {
  const struct hand hand = {key->open, reader->scratch, pieces};
  bool is_shared = is_long(stretches, count) && has_help(reader, key);
  struct reading *reading = is_shared ? &reader->shared.reading : &reader->reading;
  plan(reading, source, stretches, count);
  bool is_right = is_shared ? open_shared(reader, &hand) : open_alone(reading, &hand);
  return is_right ? (int)reading->pieces : 0;
}

void reader_await(struct page_reader *reader) {
  if (reader->worker != NULL) worker_await(reader->worker);
}
