// Reads of files whose contents stand in whole pages of a local vault file, answered without TypeScript.
#ifndef DVAULT_DIRECT_READ_H
#define DVAULT_DIRECT_READ_H

#include "shim.h"

#include <sys/uio.h>

// Most pieces of one reply: a part each of what is read, and the reply's head.
#define DIRECT_PIECES_MAX 80

struct direct_reads;

// NULL when there is no memory.
struct direct_reads *direct_new(void);

// Lets go of the key, and of all else that is known.
void direct_end(napi_env env, struct direct_reads *reads);
void direct_free(struct direct_reads *reads);

// readFrom(key, prefix, head, geometry), grant(layout), recall(inode): see src/native/fuse-channel.ts.
napi_value direct_read_from(napi_env env, struct direct_reads *reads, napi_callback_info info);
napi_value direct_grant(napi_env env, struct direct_reads *reads, napi_callback_info info);
napi_value direct_recall(napi_env env, struct direct_reads *reads, napi_callback_info info);

// The answer to a request, as pieces that stand until the next call; 0 when TypeScript is to answer it.
int direct_answer(struct direct_reads *reads, const uint8_t *request, size_t length, struct iovec *pieces);

// Waits until no other thread reads: to be called before TypeScript runs, unless an answer of 0 came just before.
void direct_await(struct direct_reads *reads);

#endif
