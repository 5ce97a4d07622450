// Layouts say where the blocks of files stand, which must be known rightly; that is up to who grants and recalls them. Whatever is
// not as expected is left to TypeScript, which finds out why. No other thread reads while TypeScript runs, which may
// close the key or the file.
#define _GNU_SOURCE
#include "direct-read.h"

#include "layouts.h"
#include "page-reader.h"

#include <linux/fuse.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

_Static_assert(PARTS_MAX < DIRECT_PIECES_MAX, "a reply has a head and the pieces of a read");

struct direct_reads {
  struct layouts layouts;
  struct page_source source;
  napi_ref key_handle;
  struct aead_key *key;
  // NULL as long as nothing was said about pages.
  struct page_reader *reader;
  struct page_read read;
  struct fuse_out_header out;
};

struct direct_reads *direct_new(void) { return calloc(1, sizeof(struct direct_reads)); }

static void forget(napi_env env, struct direct_reads *reads) {
  layouts_forget_all(&reads->layouts);
  if (reads->key_handle != NULL) shim_must(napi_delete_reference(env, reads->key_handle));
  reads->key_handle = NULL;
  reads->key = NULL;
}

void direct_end(napi_env env, struct direct_reads *reads) {
  forget(env, reads);
  reader_free(reads->reader);
  reads->reader = NULL;
}

void direct_free(struct direct_reads *reads) {
  layouts_forget_all(&reads->layouts);
  reader_free(reads->reader);
  free(reads);
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

napi_value direct_read_from(napi_env env, struct direct_reads *reads, napi_callback_info info) {
  napi_value argument[4];
  uint8_t *prefix, *head;
  size_t prefix_length, head_length;
  const double *numbers;
  if (!shim_arguments(env, info, 4, argument, NULL) || !shim_bytes(env, argument[1], &prefix, &prefix_length) ||
      !shim_bytes(env, argument[2], &head, &head_length) || !get_numbers(env, argument[3], 5, &numbers))
    return NULL;
  forget(env, reads);
  if (reads->reader == NULL) reads->reader = reader_new();
  if (reads->reader == NULL) return shim_refuse(env, "native shim: out of memory");
  struct page_source source = {
      .fd = (int)numbers[0],
      .offset = (uint64_t)numbers[1],
      .stride = (uint64_t)numbers[2],
      .parts = (uint64_t)numbers[3],
      .tail = (uint64_t)numbers[4],
      .prefix_length = prefix_length,
  };
  if (source.parts > 0) source.part = PAGE_BYTES / source.parts;
  if (head_length != PAGE_HEAD || prefix_length > PREFIX_MAX || !reader_has_room(&source))
    return shim_refuse(env, "native shim: no page can be like that");
  source.at_hand = source_at_hand(source.fd);
  memcpy(source.prefix, prefix, prefix_length);
  memcpy(source.head, head, PAGE_HEAD);
  struct aead_key *key = aead_key_of(env, argument[0]);
  if (key == NULL) return NULL;
  if (napi_create_reference(env, argument[0], 1, &reads->key_handle) != napi_ok) return shim_throw(env);
  reads->source = source;
  reads->key = key;
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

static uint64_t earlier(uint64_t a, uint64_t b) { return a < b ? a : b; }

// The first bytes of a range that stand in a run, no more than what is left of `step` bytes of it.
static struct stretch stretch_of(const struct run *run, struct range range, uint64_t step) {
  uint64_t block = range.from / PAGE_BYTES, start = block * PAGE_BYTES;
  uint64_t end = earlier((range.from / step + 1) * step, (run->block + run->count) * PAGE_BYTES);
  return (struct stretch){
      .page = run->page + block - run->block,
      .generation = run->generation,
      .from = range.from - start,
      .end = earlier(range.end, end) - start,
  };
}

// Cuts a range into stretches of up to `step` bytes. Whether it is known where all of it stands.
static bool cut(struct page_read *read, const struct file_layout *file, struct range range, uint64_t step) {
  read->count = 0;
  while (range.from < range.end) {
    const struct run *run = layouts_run(file, range.from / PAGE_BYTES);
    if (run == NULL) return false;
    struct stretch *stretch = &read->stretches[read->count++];
    *stretch = stretch_of(run, range, step);
    range.from += stretch->end - stretch->from;
  }
  return true;
}

static int open_range(struct direct_reads *reads, const struct file_layout *file, struct range range, struct iovec *pieces) {
  struct page_read *read = &reads->read;
  const struct page_source *source = &reads->source;
  read->source = source;
  read->key = reads->key;
  if (range.end - range.from >= SHARED_MIN) {
    uint64_t step = source->part > SHARE_BYTES ? source->part : SHARE_BYTES;
    int count = cut(read, file, range, step) ? reader_open_shared(reads->reader, read, pieces) : 0;
    if (count > 0) return count;
  }
  return cut(read, file, range, 2 * READ_MAX) ? reader_open(reads->reader, read, pieces) : 0;
}

static double now_s(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return (double)now.tv_sec;
}

// As direct_answer. The worker may still be at it.
static int answer(struct direct_reads *reads, const uint8_t *request, size_t length, struct iovec *pieces) {
  struct fuse_in_header in;
  struct fuse_read_in read;
  if (length != sizeof in + sizeof read) return 0;
  memcpy(&in, request, sizeof in);
  memcpy(&read, request + sizeof in, sizeof read);
  if (in.opcode != FUSE_READ || in.len != length) return 0;
  const struct file_layout *file = layouts_find(&reads->layouts, in.nodeid);
  if (file == NULL || reads->key == NULL || reads->key->open == NULL || read.offset >= file->size || read.size > READ_MAX ||
      now_s() >= file->until)
    return 0;
  struct range range = {read.offset, read.offset + earlier(read.size, file->size - read.offset)};
  int opened = open_range(reads, file, range, pieces + 1);
  if (opened == 0) return 0;
  reads->out = (struct fuse_out_header){
      .len = (uint32_t)(sizeof reads->out + range.end - range.from),
      .unique = in.unique,
  };
  pieces[0] = (struct iovec){&reads->out, sizeof reads->out};
  return opened + 1;
}

int direct_answer(struct direct_reads *reads, const uint8_t *request, size_t length, struct iovec *pieces) {
  int count = answer(reads, request, length, pieces);
  if (count == 0) direct_await(reads);
  return count;
}

void direct_await(struct direct_reads *reads) {
  if (reads->reader != NULL) reader_await(reads->reader);
}
