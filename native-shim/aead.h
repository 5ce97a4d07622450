// AES-256-GCM for the files of the shim: single messages (aead.c), and parts of frames (frames.c).
#ifndef DVAULT_AEAD_H
#define DVAULT_AEAD_H

#include "shim.h"

enum { AEAD_NONCE_SIZE = 12, AEAD_TAG_SIZE = 16 };

// What OpenSSL works with. One message at a time, on one thread.
typedef struct evp_cipher_ctx_st aead_context;

// A key scheduled for each direction. The schedule is what a message begins from.
struct aead_key {
  aead_context *seal;
  aead_context *open;
  // As `open`, for a thread beside the main thread; NULL as long as none has asked.
  aead_context *beside;
};

// The key of a handle; NULL with an exception pending when it is none, or closed.
struct aead_key *aead_key_of(napi_env env, napi_value handle);

// A context of its own for another thread; NULL when OpenSSL makes none.
aead_context *aead_copy(const aead_context *ctx);
void aead_free(aead_context *ctx);

// A context of the key's own for another thread to open with, while the main thread stands by; NULL when OpenSSL makes none.
aead_context *aead_open_beside(struct aead_key *key);

// One message: `in` and `out` may be the same place. The associated data is the prefix and what stands at `aad`. Of what is
// to be sealed, all behind the first `in_length` bytes stands in `out` already, where it will be sealed.
struct aead_message {
  const uint8_t *nonce, *prefix, *aad, *in;
  uint8_t *out;
  size_t prefix_length, aad_length, in_length, length;
};

bool aead_seal(aead_context *ctx, const struct aead_message *m);

// Whether the tag was right; zeros stand in `out` otherwise.
bool aead_open(aead_context *ctx, const struct aead_message *m);

// As aead_open, of part `index` of a frame (frames.c) whose nonce the message names; the other parts need not be there.
bool aead_open_part(aead_context *ctx, const struct aead_message *m, uint8_t index);

#endif
