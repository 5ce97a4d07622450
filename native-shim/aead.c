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

// One message: `in` and `out` may be the same place. Of what is to be sealed, all behind the first `in_length` bytes stands
// in `out` already.
struct message {
  const uint8_t *nonce, *aad, *in;
  uint8_t *out;
  size_t aad_length, in_length, length;
};

static bool seal_message(context *ctx, const struct message *m) {
  int length;
  uint8_t *rest = m->out + m->in_length;
  return evp.init(ctx, NULL, NULL, NULL, m->nonce, 1) == 1 &&
         evp.update(ctx, NULL, &length, m->aad, (int)m->aad_length) == 1 &&
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
                  evp.control(ctx, SET_TAG, TAG_SIZE, tag) == 1 &&
                  evp.update(ctx, NULL, &length, m->aad, (int)m->aad_length) == 1 &&
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

static bool get_batch(napi_env env, napi_value list, struct batch *batch) {
  uint32_t length;
  if (napi_get_array_length(env, list, &length) != napi_ok) {
    shim_throw(env);
    return false;
  }
  if (length % 4 != 0 || length / 4 > BATCH_MAX) {
    shim_refuse(env, "native shim: a batch has up to 32 messages of four arrays");
    return false;
  }
  batch->count = length / 4;
  for (uint32_t i = 0; i < batch->count; i++) {
    napi_value values[4];
    for (uint32_t part = 0; part < 4; part++) {
      if (napi_get_element(env, list, 4 * i + part, &values[part]) == napi_ok) continue;
      shim_throw(env);
      return false;
    }
    if (!get_message(env, values, batch->seals, &batch->messages[i])) return false;
  }
  return true;
}

// aeadSealMany(key, list) and aeadOpenMany(key, list): the promise of a bit for each message that failed. The list has
// nonce, aad, input and output of each message; the caller keeps them alive and leaves them alone until then.
static napi_value many_messages(napi_env env, napi_callback_info info, bool seals) {
  napi_value arguments[2];
  if (!shim_arguments(env, info, 2, arguments, NULL)) return NULL;
  struct aead_key *key = get_key(env, arguments[0]);
  if (key == NULL) return NULL;
  struct batch *batch = calloc(1, sizeof *batch);
  if (batch == NULL) return shim_refuse(env, "native shim: out of memory");
  batch->seals = seals;
  batch->job.run = run_batch;
  if (!get_batch(env, arguments[1], batch)) {
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

static napi_value seal_many(napi_env env, napi_callback_info info) { return many_messages(env, info, true); }

static napi_value open_many(napi_env env, napi_callback_info info) { return many_messages(env, info, false); }

bool shim_export_aead(napi_env env, napi_value exports) {
  static const struct shim_function functions[] = {
      {"aeadKey", import_key},       {"aeadClose", close_key},     {"aeadSeal", seal_one},
      {"aeadOpen", open_one},        {"aeadSealMany", seal_many},  {"aeadOpenMany", open_many},
  };
  return shim_export(env, exports, functions, sizeof functions / sizeof functions[0]);
}
