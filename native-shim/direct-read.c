// A page that is asked for by address and generation either opens as that page or not at all (FORMAT.md §3), so nothing that
// happens to the file beside us can make a wrong answer; only where a block stands must be known rightly, which is up to
// who grants layouts and recalls them. Whatever is not as expected is left to TypeScript, which finds out why.
#define _GNU_SOURCE
#include "direct-read.h"

#include "aead.h"
#include "layouts.h"

#include <linux/fuse.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { PAGE_BYTES = 65536, REQUEST_MAX = 1 << 20, PAGES_MAX = REQUEST_MAX / PAGE_BYTES + 1 };

// The page header (FORMAT.md §3.1), and behind it the nonce; CHECKED bytes of it are known beforehand.
enum { HEAD = 32, ADDRESS_AT = 8, GENERATION_AT = 16, CHECKED = 28, TAG = AEAD_TAG_SIZE, BEFORE = HEAD + AEAD_NONCE_SIZE };

// Pages of a segment: addresses count these and leave the rest of 128 out.
enum { SEGMENT_PAGES = 127, SEGMENT_BITS = 7 };

#define PREFIX_MAX 64
#define SCRATCH_ALIGNMENT (2 << 20)

// How pages stand in the file, and how they open.
struct source {
  napi_ref key_handle;
  const struct aead_key *key;
  uint8_t prefix[PREFIX_MAX];
  size_t prefix_length;
  uint8_t head[HEAD];
  int fd;
  uint64_t offset, stride, parts, part;
  // What the last part of a page has behind its share of the payload.
  uint64_t tail;
};

struct direct_reads {
  struct layouts layouts;
  struct source source;
  struct fuse_out_header out;
  // Pages as they stand in the file, opened in place.
  uint8_t *scratch;
};

struct direct_reads *direct_new(void) {
  struct direct_reads *reads = calloc(1, sizeof *reads);
  if (reads != NULL) reads->source.fd = -1;
  return reads;
}

static void forget_source(napi_env env, struct source *source) {
  if (source->key_handle != NULL) shim_must(napi_delete_reference(env, source->key_handle));
  *source = (struct source){.fd = -1};
}

void direct_end(napi_env env, struct direct_reads *reads) {
  layouts_forget_all(&reads->layouts);
  forget_source(env, &reads->source);
}

void direct_free(struct direct_reads *reads) {
  layouts_forget_all(&reads->layouts);
  free(reads->scratch);
  free(reads);
}

static bool make_scratch(napi_env env, struct direct_reads *reads) {
  if (reads->scratch != NULL) return true;
  size_t size = SCRATCH_ALIGNMENT;
  reads->scratch = aligned_alloc(SCRATCH_ALIGNMENT, size);
  if (reads->scratch == NULL) {
    shim_refuse(env, "native shim: out of memory");
    return false;
  }
  // Without huge pages it is slower, that is all.
  (void)madvise(reads->scratch, size, MADV_HUGEPAGE);
  return true;
}

// Takes numbers of a Float64Array: exact up to 2^53, and infinity where nothing is ever too late.
static bool get_numbers(napi_env env, napi_value value, size_t count, const double **numbers) {
  napi_typedarray_type type;
  size_t length;
  void *data;
  if (napi_get_typedarray_info(env, value, &type, &length, &data, NULL, NULL) != napi_ok) {
    shim_throw(env);
    return false;
  }
  *numbers = data;
  if (type == napi_float64_array && length == count) return true;
  shim_refuse(env, "native shim: expected another number of numbers");
  return false;
}

static bool is_sound(const struct source *source) {
  if (source->parts == 0 || PAGE_BYTES % source->parts != 0 || source->tail > PAGE_BYTES) return false;
  uint64_t page = BEFORE + PAGE_BYTES + source->parts * TAG + source->tail;
  return source->stride >= page && source->stride * PAGES_MAX <= SCRATCH_ALIGNMENT &&
         PAGES_MAX * source->parts < DIRECT_PIECES_MAX;
}

napi_value direct_read_from(napi_env env, struct direct_reads *reads, napi_callback_info info) {
  napi_value argument[4];
  uint8_t *prefix, *head;
  size_t prefix_length, head_length;
  const double *numbers;
  if (!shim_arguments(env, info, 4, argument, NULL) || !shim_bytes(env, argument[1], &prefix, &prefix_length) ||
      !shim_bytes(env, argument[2], &head, &head_length) || !get_numbers(env, argument[3], 5, &numbers) ||
      !make_scratch(env, reads))
    return NULL;
  direct_end(env, reads);
  struct source source = {
      .fd = (int)numbers[0],
      .offset = (uint64_t)numbers[1],
      .stride = (uint64_t)numbers[2],
      .parts = (uint64_t)numbers[3],
      .tail = (uint64_t)numbers[4],
      .prefix_length = prefix_length,
  };
  if (head_length != HEAD || prefix_length > PREFIX_MAX || !is_sound(&source))
    return shim_refuse(env, "native shim: no page can be like that");
  source.part = PAGE_BYTES / source.parts;
  memcpy(source.prefix, prefix, prefix_length);
  memcpy(source.head, head, HEAD);
  source.key = aead_key_of(env, argument[0]);
  if (source.key == NULL) return NULL;
  if (napi_create_reference(env, argument[0], 1, &source.key_handle) != napi_ok) return shim_throw(env);
  reads->source = source;
  return NULL;
}

napi_value direct_grant(napi_env env, struct direct_reads *reads, napi_callback_info info) {
  napi_value argument[1];
  const double *numbers;
  if (!shim_arguments(env, info, 1, argument, NULL) || !get_numbers(env, argument[0], 7, &numbers)) return NULL;
  struct run run = {
      .block = (uint64_t)numbers[3],
      .count = (uint64_t)numbers[4],
      .page = (uint64_t)numbers[5],
      .generation = (uint64_t)numbers[6],
  };
  if (!layouts_add(&reads->layouts, (uint64_t)numbers[0], (uint64_t)numbers[1], numbers[2], run))
    return shim_refuse(env, "native shim: out of memory");
  return NULL;
}

napi_value direct_recall(napi_env env, struct direct_reads *reads, napi_callback_info info) {
  napi_value argument[1];
  int64_t ino;
  if (!shim_arguments(env, info, 1, argument, NULL) || !shim_int64(env, argument[0], &ino)) return NULL;
  layouts_forget(&reads->layouts, (uint64_t)ino);
  return NULL;
}

// Bytes of a file that are asked for.
struct range {
  uint64_t from, end;
};

// Pages that stand side by side in the file, and what of them is asked for, counted from the first one's first byte.
struct span {
  uint64_t page, generation;
  struct range range;
};

static void put_u48(uint8_t *at, uint64_t value) {
  for (int i = 5; i >= 0; i--, value >>= 8) at[i] = (uint8_t)value;
}

static bool is_page(const struct source *source, const uint8_t *stored, uint64_t page, uint64_t generation) {
  uint8_t head[HEAD];
  memcpy(head, source->head, HEAD);
  put_u48(head + ADDRESS_AT, page / SEGMENT_PAGES << SEGMENT_BITS | page % SEGMENT_PAGES);
  put_u48(head + GENERATION_AT, generation);
  return memcmp(head, stored, CHECKED) == 0;
}

static bool read_all(const struct source *source, uint8_t *into, uint64_t length, uint64_t offset) {
  while (length > 0) {
    ssize_t got = pread(source->fd, into, length, (off_t)offset);
    if (got <= 0) return false;
    into += got;
    offset += (uint64_t)got;
    length -= (uint64_t)got;
  }
  return true;
}

// Where a part of a stored page begins, and where it ends, tag included.
static uint64_t part_begin(const struct source *source, uint64_t part) {
  return BEFORE + part * (source->part + TAG);
}

static uint64_t part_end(const struct source *source, uint64_t part) {
  uint64_t end = part_begin(source, part + 1);
  return part + 1 == source->parts ? end + source->tail : end;
}

// Brings a span's parts to where they would stand if all of its pages had been read.
static bool fetch(const struct source *source, const struct span *span, uint8_t *into) {
  uint64_t first = span->range.from / source->part;
  uint64_t last = (span->range.end - 1) % PAGE_BYTES / source->part;
  uint64_t end = (span->range.end - 1) / PAGE_BYTES * source->stride + part_end(source, last);
  uint64_t begin = first == 0 ? 0 : part_begin(source, first);
  uint64_t offset = source->offset + span->page * source->stride;
  return (first == 0 || read_all(source, into, BEFORE, offset)) &&
         read_all(source, into + begin, end - begin, offset + begin);
}

// Opens the parts of a page that a range of its bytes stands in. Answers how many pieces of reply they are; -1 for failure.
static int open_page(const struct source *source, uint8_t *stored, struct range range, struct iovec *pieces) {
  int count = 0;
  for (uint64_t part = range.from / source->part; part * source->part < range.end; part++) {
    uint8_t *begin = stored + part_begin(source, part);
    const struct aead_message message = {
        .nonce = stored + HEAD,
        .prefix = source->prefix,
        .prefix_length = source->prefix_length,
        .aad = stored,
        .aad_length = HEAD,
        .in = begin,
        .out = begin,
        .length = part_end(source, part) - part_begin(source, part) - TAG,
    };
    if (!aead_open_part(source->key->open, &message, (uint8_t)part)) return -1;
    uint64_t start = part * source->part;
    uint64_t from = range.from > start ? range.from - start : 0;
    uint64_t end = range.end < start + source->part ? range.end - start : source->part;
    pieces[count++] = (struct iovec){begin + from, end - from};
  }
  return count;
}

static int open_span(const struct source *source, const struct span *span, uint8_t *stored, struct iovec *pieces) {
  int count = 0;
  for (uint64_t i = 0; i * PAGE_BYTES < span->range.end; i++, stored += source->stride) {
    uint64_t start = i * PAGE_BYTES;
    struct range range = {
        .from = span->range.from > start ? span->range.from - start : 0,
        .end = span->range.end - start < PAGE_BYTES ? span->range.end - start : PAGE_BYTES,
    };
    if (!is_page(source, stored, span->page + i, span->generation)) return -1;
    int opened = open_page(source, stored, range, pieces + count);
    if (opened < 0) return -1;
    count += opened;
  }
  return count;
}

// The pages of a run that a range begins in, up to its end or the run's.
static struct span span_of(const struct run *run, struct range range) {
  uint64_t block = range.from / PAGE_BYTES, start = block * PAGE_BYTES;
  uint64_t run_end = (run->block + run->count) * PAGE_BYTES;
  uint64_t end = range.end < run_end ? range.end : run_end;
  return (struct span){
      .page = run->page + block - run->block,
      .generation = run->generation,
      .range = {range.from - start, end - start},
  };
}

static int read_range(struct direct_reads *reads, const struct file_layout *file, struct range range, struct iovec *pieces) {
  const struct source *source = &reads->source;
  uint8_t *into = reads->scratch;
  int count = 0;
  while (range.from < range.end) {
    const struct run *run = layouts_run(file, range.from / PAGE_BYTES);
    if (run == NULL) return 0;
    struct span span = span_of(run, range);
    if (!fetch(source, &span, into)) return 0;
    int opened = open_span(source, &span, into, pieces + count);
    if (opened < 0) return 0;
    count += opened;
    into += (span.range.end + PAGE_BYTES - 1) / PAGE_BYTES * source->stride;
    range.from += span.range.end - span.range.from;
  }
  return count;
}

static double now_s(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return (double)now.tv_sec;
}

int direct_answer(struct direct_reads *reads, const uint8_t *request, size_t length, struct iovec *pieces) {
  struct fuse_in_header in;
  struct fuse_read_in read;
  if (length != sizeof in + sizeof read) return 0;
  memcpy(&in, request, sizeof in);
  memcpy(&read, request + sizeof in, sizeof read);
  if (in.opcode != FUSE_READ || in.len != length) return 0;
  const struct file_layout *file = layouts_find(&reads->layouts, in.nodeid);
  const struct aead_key *key = reads->source.key;
  if (file == NULL || key == NULL || key->open == NULL || read.offset >= file->size || read.size > REQUEST_MAX || now_s() >= file->until) return 0;
  uint64_t left = file->size - read.offset;
  struct range range = {read.offset, read.offset + (read.size < left ? read.size : left)};
  int count = read_range(reads, file, range, pieces + 1);
  if (count == 0) return 0;
  reads->out = (struct fuse_out_header){
      .len = (uint32_t)(sizeof reads->out + range.end - range.from),
      .unique = in.unique,
  };
  pieces[0] = (struct iovec){&reads->out, sizeof reads->out};
  return count + 1;
}
