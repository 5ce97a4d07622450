// AES-256-GCM with the OpenSSL that Node carries: no object and no buffer is made a message, and batches run on a thread
// of libuv's pool. Node exports OpenSSL's functions, so they are looked up in the process instead of linked; where
// they are missing, `aeadKey` answers undefined and the platform falls back on node:crypto.
#define _GNU_SOURCE
#include "shim.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_SIZE = 32, NONCE_SIZE = 12, TAG_SIZE = 16, BATCH_MAX = 32, GET_TAG = 0x10, SET_TAG = 0x11 };

// Most bytes of what a frame is bound to, of either part.
#define FRAMING_MAX 4096

typedef struct evp_cipher_ctx_st context;

// The functions of evp.h that are used, EVP_CIPHER_ and EVP_CIPHER_CTX_ left out of their names.
static struct {
  context *(*new_context)(void);
  void (*free_context)(context *);
  int (*copy_context)(context *, const context *);
  const void *(*aes_256_gcm)(void);
  int (*init)(context *, const void *, void *, const uint8_t *, const uint8_t *, int);
  int (*control)(context *, int, int, void *);
  int (*update)(context *, uint8_t *, int *, const uint8_t *, int);
  int (*finish)(context *, uint8_t *, int *);
} evp;

static bool find_evp(void) {
  static const struct {
    void *place;
    const char *name;
  } wanted[] = {
      {&evp.new_context, "EVP_CIPHER_CTX_new"},   {&evp.free_context, "EVP_CIPHER_CTX_free"},
      {&evp.copy_context, "EVP_CIPHER_CTX_copy"}, {&evp.aes_256_gcm, "EVP_aes_256_gcm"},
      {&evp.init, "EVP_CipherInit_ex"},           {&evp.control, "EVP_CIPHER_CTX_ctrl"},
      {&evp.update, "EVP_CipherUpdate"},          {&evp.finish, "EVP_CipherFinal_ex"},
  };
  for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
    void *found = dlsym(RTLD_DEFAULT, wanted[i].name);
    if (found == NULL) return false;
    memcpy(wanted[i].place, &found, sizeof found);
  }
  return true;
}

// A key scheduled for each direction. The schedule is what a message begins from.
struct aead_key {
  context *seal;
  context *open;
};

// One message: `in` and `out` may be the same place. The associated data is the prefix and what stands at `aad`. Of what is
// to be sealed, all behind the first `in_length` bytes stands in `out` already.
struct message {
  const uint8_t *nonce, *prefix, *aad, *in;
  uint8_t *out;
  size_t prefix_length, aad_length, in_length, length;
};

static bool associate(context *ctx, const struct message *m) {
  int length;
  return (m->prefix_length == 0 || evp.update(ctx, NULL, &length, m->prefix, (int)m->prefix_length) == 1) &&
         evp.update(ctx, NULL, &length, m->aad, (int)m->aad_length) == 1;
}

static bool seal_message(context *ctx, const struct message *m) {
  int length;
  uint8_t *rest = m->out + m->in_length;
  return evp.init(ctx, NULL, NULL, NULL, m->nonce, 1) == 1 && associate(ctx, m) &&
         evp.update(ctx, m->out, &length, m->in, (int)m->in_length) == 1 &&
         evp.update(ctx, rest, &length, rest, (int)(m->length - m->in_length)) == 1 &&
         evp.finish(ctx, m->out + m->length, &length) == 1 &&
         evp.control(ctx, GET_TAG, TAG_SIZE, m->out + m->length) == 1;
}

static bool open_message(context *ctx, const struct message *m) {
  int length;
  uint8_t tag[TAG_SIZE];
  memcpy(tag, m->in + m->length, TAG_SIZE);
  bool is_right = evp.init(ctx, NULL, NULL, NULL, m->nonce, 0) == 1 &&
                  evp.control(ctx, SET_TAG, TAG_SIZE, tag) == 1 && associate(ctx, m) &&
                  evp.update(ctx, m->out, &length, m->in, (int)m->length) == 1 &&
                  evp.finish(ctx, tag, &length) == 1;
  if (!is_right) memset(m->out, 0, m->length);
  return is_right;
}

static void free_key(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  struct aead_key *key = data;
  if (key->seal != NULL) evp.free_context(key->seal);
  if (key->open != NULL) evp.free_context(key->open);
  free(key);
}

// aeadKey(key): a handle, or undefined where OpenSSL is not to be found.
static napi_value import_key(napi_env env, napi_callback_info info) {
  napi_value argument, handle;
  uint8_t *bytes;
  size_t length;
  if (!shim_arguments(env, info, 1, &argument, NULL) || !shim_bytes(env, argument, &bytes, &length)) return NULL;
  if (length != KEY_SIZE) return shim_refuse(env, "native shim: an AES-256 key has 32 bytes");
  if (!find_evp()) return NULL;
  struct aead_key *key = calloc(1, sizeof *key);
  if (key == NULL) return shim_refuse(env, "native shim: out of memory");
  key->seal = evp.new_context();
  key->open = evp.new_context();
  if (key->seal == NULL || key->open == NULL || evp.init(key->seal, evp.aes_256_gcm(), NULL, bytes, NULL, 1) != 1 ||
      evp.init(key->open, evp.aes_256_gcm(), NULL, bytes, NULL, 0) != 1) {
    free_key(env, key, NULL);
    return shim_refuse(env, "native shim: OpenSSL refuses the key");
  }
  if (napi_create_external(env, key, free_key, NULL, &handle) != napi_ok) {
    free_key(env, key, NULL);
    return shim_throw(env);
  }
  return handle;
}

// aeadClose(key): the key schedules are wiped; the handle must not be used any more.
static napi_value close_key(napi_env env, napi_callback_info info) {
  napi_value argument;
  void *data;
  if (!shim_arguments(env, info, 1, &argument, NULL)) return NULL;
  if (napi_get_value_external(env, argument, &data) != napi_ok) return shim_throw(env);
  struct aead_key *key = data;
  evp.free_context(key->seal);
  evp.free_context(key->open);
  key->seal = key->open = NULL;
  return NULL;
}

// Reads nonce, aad, in and out from arguments or array elements.
static bool get_message(napi_env env, const napi_value *values, bool seals, struct message *m) {
  uint8_t *nonce, *aad, *in;
  size_t nonce_length, out_length;
  if (!shim_bytes(env, values[0], &nonce, &nonce_length) || !shim_bytes(env, values[1], &aad, &m->aad_length) ||
      !shim_bytes(env, values[2], &in, &m->in_length) || !shim_bytes(env, values[3], &m->out, &out_length))
    return false;
  m->nonce = nonce;
  m->prefix = NULL;
  m->prefix_length = 0;
  m->aad = aad;
  m->in = in;
  // The tag is at the end of what is sealed: of `out` when sealing, else of `in`.
  size_t sealed_length = seals ? out_length : m->in_length;
  m->length = sealed_length - TAG_SIZE;
  bool fits = sealed_length >= TAG_SIZE && sealed_length <= INT32_MAX &&
              (seals ? m->in_length <= m->length : out_length == m->length);
  if (nonce_length == NONCE_SIZE && fits) return true;
  shim_refuse(env, "native shim: nonce, input or output of a wrong length");
  return false;
}

// Finds the parts of a frame, `head | nonce | ciphertext | tag`, that is opened where it stands. The prefix and the length of the
// head are in the message already.
static bool get_frame(napi_env env, napi_value array, napi_value plain_length, struct message *m) {
  uint8_t *frame;
  size_t room;
  int64_t length;
  if (!shim_bytes(env, array, &frame, &room) || !shim_int64(env, plain_length, &length)) return false;
  size_t around = m->aad_length + NONCE_SIZE + TAG_SIZE;
  if (length < 0 || length > INT32_MAX || room < around || (size_t)length > room - around) {
    shim_refuse(env, "native shim: a frame that is shorter than what is in it");
    return false;
  }
  m->aad = frame;
  m->nonce = frame + m->aad_length;
  m->in = m->out = frame + m->aad_length + NONCE_SIZE;
  m->in_length = m->length = (size_t)length;
  return true;
}

// Begins messages that stand in frames: the prefix of their associated data, and how long the head is that ends it.
static bool get_framing(napi_env env, napi_value prefix, napi_value head_length, struct message *m) {
  uint8_t *bytes;
  int32_t length;
  if (!shim_bytes(env, prefix, &bytes, &m->prefix_length) || !shim_int32(env, head_length, &length)) return false;
  m->prefix = bytes;
  m->aad_length = (size_t)length;
  if (length >= 0 && length <= FRAMING_MAX && m->prefix_length <= FRAMING_MAX) return true;
  shim_refuse(env, "native shim: prefix or head of a frame too long");
  return false;
}

static struct aead_key *get_key(napi_env env, napi_value value) {
  void *data;
  if (napi_get_value_external(env, value, &data) != napi_ok) {
    shim_throw(env);
    return NULL;
  }
  struct aead_key *key = data;
  if (key->seal != NULL) return key;
  shim_refuse(env, "native shim: the key was closed");
  return NULL;
}

const struct aead_key *shim_aead_key(napi_env env, napi_value handle) { return get_key(env, handle); }

bool shim_open(const struct aead_key *key, const struct shim_sealed *sealed) {
  const struct message message = {
      .nonce = sealed->nonce,
      .prefix = sealed->prefix,
      .prefix_length = sealed->prefix_length,
      .aad = sealed->head,
      .aad_length = sealed->head_length,
      .in = sealed->bytes,
      .out = sealed->bytes,
      .length = sealed->length,
  };
  return key->open != NULL && open_message(key->open, &message);
}

// aeadSeal(key, nonce, aad, plain, out) and aeadOpen(key, nonce, aad, sealed, out): whether it was done.
static napi_value one_message(napi_env env, napi_callback_info info, bool seals) {
  napi_value arguments[5], result;
  struct message message;
  if (!shim_arguments(env, info, 5, arguments, NULL)) return NULL;
  struct aead_key *key = get_key(env, arguments[0]);
  if (key == NULL || !get_message(env, arguments + 1, seals, &message)) return NULL;
  bool is_done = seals ? seal_message(key->seal, &message) : open_message(key->open, &message);
  if (napi_get_boolean(env, is_done, &result) != napi_ok) return shim_throw(env);
  return result;
}

static napi_value seal_one(napi_env env, napi_callback_info info) { return one_message(env, info, true); }

static napi_value open_one(napi_env env, napi_callback_info info) { return one_message(env, info, false); }

// aeadOpenFrame(key, prefix, frame, headLength, length): whether the tag was right; zeros stand in the frame where it was not.
static napi_value open_frame(napi_env env, napi_callback_info info) {
  napi_value arguments[5], result;
  struct message message;
  if (!shim_arguments(env, info, 5, arguments, NULL)) return NULL;
  struct aead_key *key = get_key(env, arguments[0]);
  if (key == NULL || !get_framing(env, arguments[1], arguments[3], &message) ||
      !get_frame(env, arguments[2], arguments[4], &message))
    return NULL;
  if (napi_get_boolean(env, open_message(key->open, &message), &result) != napi_ok) return shim_throw(env);
  return result;
}

// A batch on another thread, with a context of its own.
struct batch {
  struct shim_job job;
  context *ctx;
  bool seals;
  uint32_t count;
  struct message messages[BATCH_MAX];
};

// Answers a bit for each message that failed.
static int64_t run_batch(struct shim_job *job) {
  struct batch *batch = (struct batch *)job;
  int64_t failed = 0;
  for (uint32_t i = 0; i < batch->count; i++) {
    const struct message *m = &batch->messages[i];
    if (!(batch->seals ? seal_message(batch->ctx, m) : open_message(batch->ctx, m))) failed |= (int64_t)1 << i;
  }
  evp.free_context(batch->ctx);
  return failed;
}

static bool get_element(napi_env env, napi_value array, uint32_t index, napi_value *element) {
  if (napi_get_element(env, array, index, element) == napi_ok) return true;
  shim_throw(env);
  return false;
}

// Number of messages in an array of `parts` elements a message; false with an exception pending when these are too many.
static bool get_count(napi_env env, napi_value array, uint32_t parts, uint32_t *count) {
  uint32_t length;
  if (napi_get_array_length(env, array, &length) != napi_ok) {
    shim_throw(env);
    return false;
  }
  *count = length / parts;
  if (length % parts == 0 && *count <= BATCH_MAX) return true;
  shim_refuse(env, "native shim: a batch has up to 32 whole messages");
  return false;
}

// Reads what is to be sealed: nonce, aad, plaintext and output of each message.
static bool get_messages(napi_env env, napi_value list, struct batch *batch) {
  if (!get_count(env, list, 4, &batch->count)) return false;
  for (uint32_t i = 0; i < batch->count; i++) {
    napi_value values[4];
    for (uint32_t part = 0; part < 4; part++) {
      if (!get_element(env, list, 4 * i + part, &values[part])) return false;
    }
    if (!get_message(env, values, batch->seals, &batch->messages[i])) return false;
  }
  return true;
}

// Reads what is to be opened: prefix, frames, length of the heads, lengths of the plaintexts.
static bool get_frames(napi_env env, const napi_value *values, struct batch *batch) {
  struct message framing;
  uint32_t lengths;
  if (!get_framing(env, values[0], values[2], &framing) || !get_count(env, values[1], 1, &batch->count) ||
      !get_count(env, values[3], 1, &lengths))
    return false;
  if (lengths != batch->count) {
    shim_refuse(env, "native shim: a batch has one length a frame");
    return false;
  }
  for (uint32_t i = 0; i < batch->count; i++) {
    napi_value frame, length;
    batch->messages[i] = framing;
    if (!get_element(env, values[1], i, &frame) || !get_element(env, values[3], i, &length) ||
        !get_frame(env, frame, length, &batch->messages[i]))
      return false;
  }
  return true;
}

// Queues a batch of what the arguments behind the key say.
static napi_value submit(napi_env env, const napi_value *arguments, bool seals) {
  struct aead_key *key = get_key(env, arguments[0]);
  if (key == NULL) return NULL;
  struct batch *batch = calloc(1, sizeof *batch);
  if (batch == NULL) return shim_refuse(env, "native shim: out of memory");
  batch->seals = seals;
  batch->job.run = run_batch;
  if (!(seals ? get_messages(env, arguments[1], batch) : get_frames(env, arguments + 1, batch))) {
    free(batch);
    return NULL;
  }
  batch->ctx = evp.new_context();
  if (batch->ctx == NULL || evp.copy_context(batch->ctx, seals ? key->seal : key->open) != 1) {
    evp.free_context(batch->ctx);
    free(batch);
    return shim_refuse(env, "native shim: OpenSSL does not copy the key");
  }
  return shim_submit(env, &batch->job, seals ? "seal" : "open");
}

// aeadSealMany(key, list): the promise of a bit for each message that failed. The list has nonce, aad, plaintext and output of
// each; the caller keeps them alive and leaves them alone until then.
static napi_value seal_many(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  return shim_arguments(env, info, 2, arguments, NULL) ? submit(env, arguments, true) : NULL;
}

// aeadOpenFrames(key, prefix, frames, headLength, lengths): likewise, of frames; the prefix is borrowed as they are.
static napi_value open_frames(napi_env env, napi_callback_info info) {
  napi_value arguments[5];
  return shim_arguments(env, info, 5, arguments, NULL) ? submit(env, arguments, false) : NULL;
}

bool shim_export_aead(napi_env env, napi_value exports) {
  static const struct shim_function functions[] = {
      {"aeadKey", import_key},         {"aeadClose", close_key},    {"aeadSeal", seal_one},
      {"aeadOpen", open_one},          {"aeadSealMany", seal_many}, {"aeadOpenFrame", open_frame},
      {"aeadOpenFrames", open_frames},
  };
  return shim_export(env, exports, functions, sizeof functions / sizeof functions[0]);
}
