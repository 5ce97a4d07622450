// AES-256-GCM with the OpenSSL that Node carries: no object and no buffer is made a message. Node exports OpenSSL's functions,
// so they are looked up in the process instead of linked; where they are missing, `aeadKey` answers undefined and the platform
// falls back on node:crypto.
#define _GNU_SOURCE
#include "aead.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_SIZE = 32, GET_TAG = 0x10, SET_TAG = 0x11 };

// The functions of evp.h that are used, EVP_CIPHER_ and EVP_CIPHER_CTX_ left out of their names.
static struct {
  aead_context *(*new_context)(void);
  void (*free_context)(aead_context *);
  int (*copy_context)(aead_context *, const aead_context *);
  const void *(*aes_256_gcm)(void);
  int (*init)(aead_context *, const void *, void *, const uint8_t *, const uint8_t *, int);
  int (*control)(aead_context *, int, int, void *);
  int (*update)(aead_context *, uint8_t *, int *, const uint8_t *, int);
  int (*finish)(aead_context *, uint8_t *, int *);
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

static bool associate(aead_context *ctx, const struct aead_message *m) {
  int length;
  return (m->prefix_length == 0 || evp.update(ctx, NULL, &length, m->prefix, (int)m->prefix_length) == 1) &&
         evp.update(ctx, NULL, &length, m->aad, (int)m->aad_length) == 1;
}

bool aead_seal(aead_context *ctx, const struct aead_message *m) {
  int length;
  uint8_t *rest = m->out + m->in_length;
  return evp.init(ctx, NULL, NULL, NULL, m->nonce, 1) == 1 && associate(ctx, m) &&
         evp.update(ctx, m->out, &length, m->in, (int)m->in_length) == 1 &&
         evp.update(ctx, rest, &length, rest, (int)(m->length - m->in_length)) == 1 &&
         evp.finish(ctx, m->out + m->length, &length) == 1 &&
         evp.control(ctx, GET_TAG, AEAD_TAG_SIZE, m->out + m->length) == 1;
}

bool aead_open(aead_context *ctx, const struct aead_message *m) {
  int length;
  uint8_t tag[AEAD_TAG_SIZE];
  memcpy(tag, m->in + m->length, AEAD_TAG_SIZE);
  bool is_right = evp.init(ctx, NULL, NULL, NULL, m->nonce, 0) == 1 &&
                  evp.control(ctx, SET_TAG, AEAD_TAG_SIZE, tag) == 1 && associate(ctx, m) &&
                  evp.update(ctx, m->out, &length, m->in, (int)m->length) == 1 &&
                  evp.finish(ctx, tag, &length) == 1;
  if (!is_right) memset(m->out, 0, m->length);
  return is_right;
}

aead_context *aead_copy(const aead_context *ctx) {
  aead_context *copy = evp.new_context();
  if (copy == NULL || evp.copy_context(copy, ctx) == 1) return copy;
  evp.free_context(copy);
  return NULL;
}

void aead_free(aead_context *ctx) { evp.free_context(ctx); }

aead_context *aead_open_beside(struct aead_key *key) {
  if (key->beside == NULL) key->beside = aead_copy(key->open);
  return key->beside;
}

// Wipes the schedules.
static void clear_key(struct aead_key *key) {
  evp.free_context(key->seal);
  evp.free_context(key->open);
  evp.free_context(key->beside);
  *key = (struct aead_key){0};
}

static void free_key(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  clear_key(data);
  free(data);
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
  clear_key(data);
  return NULL;
}

// Reads nonce, aad, in and out from arguments.
static bool get_message(napi_env env, const napi_value *values, bool seals, struct aead_message *m) {
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
  m->length = sealed_length - AEAD_TAG_SIZE;
  bool fits = sealed_length >= AEAD_TAG_SIZE && sealed_length <= INT32_MAX &&
              (seals ? m->in_length <= m->length : out_length == m->length);
  if (nonce_length == AEAD_NONCE_SIZE && fits) return true;
  shim_refuse(env, "native shim: nonce, input or output of a wrong length");
  return false;
}

struct aead_key *aead_key_of(napi_env env, napi_value handle) {
  void *data;
  if (napi_get_value_external(env, handle, &data) != napi_ok) {
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
  struct aead_message message;
  if (!shim_arguments(env, info, 5, arguments, NULL)) return NULL;
  struct aead_key *key = aead_key_of(env, arguments[0]);
  if (key == NULL || !get_message(env, arguments + 1, seals, &message)) return NULL;
  bool is_done = seals ? aead_seal(key->seal, &message) : aead_open(key->open, &message);
  if (napi_get_boolean(env, is_done, &result) != napi_ok) return shim_throw(env);
  return result;
}

static napi_value seal_one(napi_env env, napi_callback_info info) { return one_message(env, info, true); }

static napi_value open_one(napi_env env, napi_callback_info info) { return one_message(env, info, false); }

bool shim_export_aead(napi_env env, napi_value exports) {
  static const struct shim_function functions[] = {
      {"aeadKey", import_key},
      {"aeadClose", close_key},
      {"aeadSeal", seal_one},
      {"aeadOpen", open_one},
  };
  return shim_export(env, exports, functions, sizeof functions / sizeof functions[0]);
}
