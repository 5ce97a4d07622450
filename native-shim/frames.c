// Sealed frames, `head | nonce | parts`, in one array each. A part is a message, `ciphertext | tag`, whose nonce is that of the frame
// with the part's index in its last byte (FORMAT.md §3.2). All have as much plaintext but the last, which has what is left. Frames
// are sealed and opened where they stand, one on the thread that asks or many on a thread of libuv's pool; no object and no buffer
// is made a frame.
#include "aead.h"

#include <stdlib.h>
#include <string.h>

// Most frames of a batch, and most parts of a frame: as many as a nonce tells apart.
enum { BATCH_MAX = 32, PARTS_MAX = 256 };

// Most bytes of what a frame is bound to, of prefix and head each.
#define FRAMING_MAX 4096

// A frame. `whole` says what would be a message if the frame were in one part: what it is bound to, nonce, plaintext, place.
struct frame {
  struct aead_message whole;
  size_t parts, part_length;
};

// Part `index` of a frame as it stands sealed, under the frame's nonce.
static struct aead_message part_of(const struct frame *frame, size_t index) {
  size_t from = index * frame->part_length;
  struct aead_message part = frame->whole;
  part.length = index + 1 < frame->parts ? frame->part_length : part.length - from;
  part.in = part.out = part.out + from + index * AEAD_TAG_SIZE;
  return part;
}

// A message under the nonce of one of the frame's parts, which is made in `nonce`.
static struct aead_message with_index(const struct aead_message *m, uint8_t index, uint8_t nonce[AEAD_NONCE_SIZE]) {
  struct aead_message part = *m;
  memcpy(nonce, m->nonce, AEAD_NONCE_SIZE);
  nonce[AEAD_NONCE_SIZE - 1] ^= index;
  part.nonce = nonce;
  return part;
}

bool aead_open_part(aead_context *ctx, const struct aead_message *m, uint8_t index) {
  uint8_t nonce[AEAD_NONCE_SIZE];
  const struct aead_message part = with_index(m, index, nonce);
  return aead_open(ctx, &part);
}

static bool seal_part(aead_context *ctx, const struct aead_message *m, uint8_t index) {
  uint8_t nonce[AEAD_NONCE_SIZE];
  const struct aead_message part = with_index(m, index, nonce);
  return aead_seal(ctx, &part);
}

static bool seal_frame(aead_context *ctx, const struct frame *frame) {
  const uint8_t *in = frame->whole.in;
  size_t left = frame->whole.in_length;
  for (size_t i = 0; i < frame->parts; i++) {
    struct aead_message part = part_of(frame, i);
    part.in = in;
    part.in_length = left < part.length ? left : part.length;
    in += part.in_length;
    left -= part.in_length;
    if (!seal_part(ctx, &part, (uint8_t)i)) return false;
  }
  return true;
}

// The parts are moved together behind their opening: OpenSSL takes no output that begins a little before its input.
static bool open_frame(aead_context *ctx, const struct frame *frame) {
  uint8_t *out = frame->whole.out;
  for (size_t i = 0; i < frame->parts; i++) {
    const struct aead_message part = part_of(frame, i);
    if (!aead_open_part(ctx, &part, (uint8_t)i)) {
      memset(out, 0, frame->whole.length + (frame->parts - 1) * AEAD_TAG_SIZE);
      return false;
    }
    if (i > 0) memmove(out + i * frame->part_length, part.out, part.length);
  }
  return true;
}

// Begins frames: the prefix of their associated data, and how long the head is that ends it.
static bool get_framing(napi_env env, const napi_value *values, struct frame *frame) {
  uint8_t *prefix;
  int32_t length;
  struct aead_message *whole = &frame->whole;
  if (!shim_bytes(env, values[0], &prefix, &whole->prefix_length) || !shim_int32(env, values[1], &length)) return false;
  whole->prefix = prefix;
  whole->aad_length = (size_t)length;
  if (length >= 0 && length <= FRAMING_MAX && whole->prefix_length <= FRAMING_MAX) return true;
  shim_refuse(env, "native shim: prefix or head of a frame too long");
  return false;
}

// Finds what is where in a frame that is begun, from its bytes, the length of its plaintext, and that of a part or 0.
static bool get_frame(napi_env env, const napi_value *values, struct frame *frame) {
  uint8_t *bytes;
  size_t room;
  int64_t length, part_length;
  struct aead_message *whole = &frame->whole;
  if (!shim_bytes(env, values[0], &bytes, &room) || !shim_int64(env, values[1], &length) ||
      !shim_int64(env, values[2], &part_length))
    return false;
  frame->parts = part_length > 0 && length >= part_length ? (size_t)(length / part_length) : 1;
  frame->part_length = (size_t)part_length;
  size_t around = whole->aad_length + AEAD_NONCE_SIZE + frame->parts * AEAD_TAG_SIZE;
  if (part_length < 0 || frame->parts > PARTS_MAX || length < 0 || length > INT32_MAX || room < around ||
      (size_t)length > room - around) {
    shim_refuse(env, "native shim: a frame that is shorter than what is in it");
    return false;
  }
  whole->aad = bytes;
  whole->nonce = bytes + whole->aad_length;
  whole->in = whole->out = bytes + whole->aad_length + AEAD_NONCE_SIZE;
  whole->in_length = whole->length = (size_t)length;
  return true;
}

// Takes the plaintext of a frame that is to be sealed, or its begin, from elsewhere.
static bool get_plain(napi_env env, napi_value value, struct frame *frame) {
  uint8_t *plain;
  struct aead_message *whole = &frame->whole;
  if (!shim_bytes(env, value, &plain, &whole->in_length)) return false;
  whole->in = plain;
  if (whole->in_length <= whole->length) return true;
  shim_refuse(env, "native shim: a frame that is shorter than what is to be in it");
  return false;
}

// aeadSealFrame(key, prefix, headLength, frame, length, partLength, plain) and aeadOpenFrame, which has no plain: whether it was
// done. Zeros stand in a frame that does not open.
static napi_value one_frame(napi_env env, napi_callback_info info, bool seals) {
  napi_value arguments[7], result;
  struct frame frame;
  if (!shim_arguments(env, info, seals ? 7 : 6, arguments, NULL)) return NULL;
  struct aead_key *key = aead_key_of(env, arguments[0]);
  if (key == NULL || !get_framing(env, arguments + 1, &frame) || !get_frame(env, arguments + 3, &frame) ||
      (seals && !get_plain(env, arguments[6], &frame)))
    return NULL;
  bool is_done = seals ? seal_frame(key->seal, &frame) : open_frame(key->open, &frame);
  if (napi_get_boolean(env, is_done, &result) != napi_ok) return shim_throw(env);
  return result;
}

static napi_value seal_one(napi_env env, napi_callback_info info) { return one_frame(env, info, true); }

static napi_value open_one(napi_env env, napi_callback_info info) { return one_frame(env, info, false); }

// A batch on another thread, with a context of its own.
struct batch {
  struct shim_job job;
  aead_context *ctx;
  bool seals;
  uint32_t count;
  struct frame frames[BATCH_MAX];
};

// Answers a bit for each frame that failed.
static int64_t run_batch(struct shim_job *job) {
  struct batch *batch = (struct batch *)job;
  int64_t failed = 0;
  for (uint32_t i = 0; i < batch->count; i++) {
    const struct frame *frame = &batch->frames[i];
    if (!(batch->seals ? seal_frame(batch->ctx, frame) : open_frame(batch->ctx, frame))) failed |= (int64_t)1 << i;
  }
  aead_free(batch->ctx);
  return failed;
}

static bool get_element(napi_env env, napi_value array, uint32_t index, napi_value *element) {
  if (napi_get_element(env, array, index, element) == napi_ok) return true;
  shim_throw(env);
  return false;
}

// Number of elements of an array; false with an exception pending where it is none.
static bool get_count(napi_env env, napi_value array, uint32_t *count) {
  if (napi_get_array_length(env, array, count) == napi_ok) return true;
  shim_throw(env);
  return false;
}

// Reads the arguments behind the key: prefix, length of the heads, frames, two lengths of each, and plaintexts where it seals.
static bool get_frames(napi_env env, const napi_value *values, struct batch *batch) {
  struct frame framing;
  uint32_t lengths, plains;
  if (!get_framing(env, values, &framing) || !get_count(env, values[2], &batch->count) ||
      !get_count(env, values[3], &lengths))
    return false;
  plains = batch->count;
  if (batch->seals && !get_count(env, values[4], &plains)) return false;
  if (batch->count > BATCH_MAX || lengths != 2 * batch->count || plains != batch->count) {
    shim_refuse(env, "native shim: a batch has up to 32 frames, two lengths of each, and what is to be sealed in it");
    return false;
  }
  for (uint32_t i = 0; i < batch->count; i++) {
    struct frame *frame = &batch->frames[i];
    napi_value elements[3], plain;
    *frame = framing;
    if (!get_element(env, values[2], i, &elements[0]) || !get_element(env, values[3], 2 * i, &elements[1]) ||
        !get_element(env, values[3], 2 * i + 1, &elements[2]) || !get_frame(env, elements, frame))
      return false;
    if (batch->seals && (!get_element(env, values[4], i, &plain) || !get_plain(env, plain, frame))) return false;
  }
  return true;
}

// aeadSealFrames(key, prefix, headLength, frames, lengths, plains) and aeadOpenFrames, which has no plains: the promise of a bit for
// each frame that failed. Two lengths a frame: of its plaintext, and of a part. All arrays are borrowed until then.
static napi_value many_frames(napi_env env, napi_callback_info info, bool seals) {
  napi_value arguments[6];
  if (!shim_arguments(env, info, seals ? 6 : 5, arguments, NULL)) return NULL;
  struct aead_key *key = aead_key_of(env, arguments[0]);
  if (key == NULL) return NULL;
  struct batch *batch = calloc(1, sizeof *batch);
  if (batch == NULL) return shim_refuse(env, "native shim: out of memory");
  batch->seals = seals;
  batch->job.run = run_batch;
  if (!get_frames(env, arguments + 1, batch)) {
    free(batch);
    return NULL;
  }
  batch->ctx = aead_copy(seals ? key->seal : key->open);
  if (batch->ctx == NULL) {
    free(batch);
    return shim_refuse(env, "native shim: OpenSSL does not copy the key");
  }
  return shim_submit(env, &batch->job, seals ? "seal" : "open");
}

static napi_value seal_many(napi_env env, napi_callback_info info) { return many_frames(env, info, true); }

static napi_value open_many(napi_env env, napi_callback_info info) { return many_frames(env, info, false); }

bool shim_export_frames(napi_env env, napi_value exports) {
  static const struct shim_function functions[] = {
      {"aeadSealFrame", seal_one},
      {"aeadOpenFrame", open_one},
      {"aeadSealFrames", seal_many},
      {"aeadOpenFrames", open_many},
  };
  return shim_export(env, exports, functions, sizeof functions / sizeof functions[0]);
}
