// A shared read: the main thread takes stretches from its begin on, a worker from its end, and where they meet it is all taken. Each
// opens them in memory of its own. The main thread never sleeps meanwhile, since a processor that others want may not come back
// for long: a stretch that the worker keeps for longer than it takes to open it, the main thread opens as well, and the worker
// is left to find its way out. So nobody may touch what both see before it has.
#define _GNU_SOURCE
#include "page-reader.h"

#include "worker.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SCRATCH_SIZE (2 << 20)

// How often it is looked whether the worker is done with a stretch: about as long as opening one takes.
#define LOOKS 4000

// Whoever opens stretches, and in which memory.
struct hand {
  aead_context *context;
  enum patience patience;
  uint8_t *scratch;
  struct iovec *pieces;
};

// A read, and where each of its stretches goes: the bytes and the pieces before it.
struct plan {
  struct page_read read;
  size_t places[STRETCHES_MAX], pieces[STRETCHES_MAX + 1];
};

// Of a stretch: nobody has begun it; somebody has; the worker is done with it.
enum state { FREE, TAKEN, OPENED };

// What both threads see.
struct shared {
  struct plan plan;
  atomic_uchar states[STRETCHES_MAX];
  struct hand beside;
  struct iovec pieces[PARTS_MAX];
};

struct page_reader {
  uint8_t *scratch;
  // NULL as long as no read was to be shared, or where there can be none.
  struct worker *worker;
  bool has_looked;
  struct plan plan;
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
         source->stride * READ_PAGES_MAX <= SCRATCH_SIZE;
}

// A stretch that begins inside of a page, other than the first, goes on in the page of the one before, and in its place.
static void make_plan(struct plan *plan, const struct page_read *read) {
  size_t stride = read->source->stride, end = 0;
  plan->read.source = read->source;
  plan->read.count = read->count;
  plan->pieces[0] = 0;
  for (size_t i = 0; i < read->count; i++) {
    const struct stretch *stretch = &read->stretches[i];
    bool is_same_page = i > 0 && stretch->from > 0;
    plan->read.stretches[i] = *stretch;
    plan->places[i] = is_same_page ? end - stride : end;
    plan->pieces[i + 1] = plan->pieces[i] + stretch_parts(read->source, stretch);
    end = plan->places[i] + stretch_pages(stretch) * stride;
  }
}

static bool open_one(const struct plan *plan, size_t i, const struct hand *hand) {
  const struct opening opening = {
      .context = hand->context,
      .patience = hand->patience,
      .place = hand->scratch + plan->places[i],
      .pieces = hand->pieces + plan->pieces[i],
  };
  return stretch_open(plan->read.source, &plan->read.stretches[i], &opening);
}

int reader_open(struct page_reader *reader, const struct page_read *read, struct iovec *pieces) {
  const struct hand hand = {read->key->open, WAIT, reader->scratch, pieces};
  struct plan *plan = &reader->plan;
  make_plan(plan, read);
  for (size_t i = 0; i < read->count; i++)
    if (!open_one(plan, i, &hand)) return 0;
  return (int)plan->pieces[read->count];
}

static bool take(struct shared *shared, size_t i) {
  unsigned char expected = FREE;
  return atomic_compare_exchange_strong(&shared->states[i], &expected, TAKEN);
}

// What it cannot open stays taken, and the main thread finds out why.
static void open_from_end(void *task) {
  struct shared *shared = task;
  for (size_t i = shared->plan.read.count; i-- > 0 && take(shared, i);) {
    if (!open_one(&shared->plan, i, &shared->beside)) return;
    atomic_store(&shared->states[i], OPENED);
  }
}

static bool is_opened(struct shared *shared, size_t i) {
  for (int looks = 0; looks < LOOKS; looks++)
    if (atomic_load_explicit(&shared->states[i], memory_order_acquire) == OPENED) return true;
  return false;
}

// Takes over what the worker has opened.
static void adopt(const struct shared *shared, size_t i, const struct hand *hand) {
  size_t first = shared->plan.pieces[i], count = shared->plan.pieces[i + 1] - first;
  memcpy(hand->pieces + first, shared->pieces + first, count * sizeof *hand->pieces);
}

static bool open_from_begin(struct shared *shared, const struct hand *hand) {
  const struct plan *plan = &shared->plan;
  size_t i = 0;
  for (; i < plan->read.count && take(shared, i); i++)
    if (!open_one(plan, i, hand)) return false;
  for (; i < plan->read.count; i++) {
    if (is_opened(shared, i)) adopt(shared, i, hand);
    else if (!open_one(plan, i, hand)) return false;
  }
  return true;
}

// Whether a worker stands by to open pages under a key.
static bool has_help(struct page_reader *reader, struct aead_key *key) {
  struct hand *beside = &reader->shared.beside;
  if (!reader->has_looked) {
    reader->has_looked = true;
    beside->scratch = new_scratch();
    reader->worker = beside->scratch == NULL ? NULL : worker_new();
  }
  if (reader->worker == NULL || !worker_is_out(reader->worker)) return false;
  beside->context = aead_open_beside(key);
  beside->patience = DO_NOT_WAIT;
  beside->pieces = reader->shared.pieces;
  return beside->context != NULL;
}

int reader_open_shared(struct page_reader *reader, const struct page_read *read, struct iovec *pieces) {
  const struct hand hand = {read->key->open, DO_NOT_WAIT, reader->scratch, pieces};
  struct shared *shared = &reader->shared;
  if (read->count < 2 || !stretch_is_at_hand(read->source, &read->stretches[0]) ||
      !stretch_is_at_hand(read->source, &read->stretches[read->count - 1]) || !has_help(reader, read->key))
    return 0;
  make_plan(&shared->plan, read);
  for (size_t i = 0; i < read->count; i++) atomic_init(&shared->states[i], FREE);
  worker_offer(reader->worker, open_from_end, shared);
  bool is_right = open_from_begin(shared, &hand);
  (void)worker_is_out(reader->worker);
  return is_right ? (int)shared->plan.pieces[read->count] : 0;
}

void reader_await(struct page_reader *reader) {
  if (reader->worker != NULL) worker_await(reader->worker);
}
