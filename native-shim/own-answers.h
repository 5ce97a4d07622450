// What the channel answers without TypeScript, as far as TypeScript has told it what is so.
#ifndef DVAULT_OWN_ANSWERS_H
#define DVAULT_OWN_ANSWERS_H

#include "shim.h"

#include <sys/uio.h>

// Most pieces of one answer.
#define OWN_PIECES_MAX 80

struct own_answers;

// Where TypeScript writes attributes of inodes: so many bytes, zero at first.
extern const size_t own_attributes_size;

// `attributes` stands as long as the answers. NULL when there is no memory.
struct own_answers *own_answers_new(const uint8_t *attributes);

// Lets go of keys, and forgets what was told of contents.
void own_answers_end(napi_env env, struct own_answers *own);
void own_answers_free(struct own_answers *own);

// The answer to a request, as pieces that stand until the next call; 0 when TypeScript is to answer it.
int own_answer(struct own_answers *own, const uint8_t *request, size_t length, struct iovec *pieces);

// To be called before TypeScript does anything that no request asked for: from then on nobody else uses what it told.
void own_answers_await(struct own_answers *own);

// A method of the channel by which TypeScript tells what is so: see src/native/fuse-channel.ts.
struct own_method {
  const char *name;
  napi_value (*call)(napi_env env, struct own_answers *own, napi_callback_info info);
};

#define OWN_METHODS 6
extern const struct own_method own_methods[OWN_METHODS];

#endif
