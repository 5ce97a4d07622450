// What the files of the shim share: arguments in, results out, every napi status checked.
#ifndef DVAULT_SHIM_H
#define DVAULT_SHIM_H

#define NAPI_VERSION 8
#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Most arguments a function of the shim takes.
#define SHIM_ARGUMENTS_MAX 7

// A function to export.
struct shim_function {
  const char *name;
  napi_callback call;
};

// Throws what the last napi call complained about, unless an exception is pending already. Always NULL.
napi_value shim_throw(napi_env env);

// Ends the process when a napi call failed that only a bug here can make fail.
void shim_must(napi_status status);

// Throws a TypeError. Always NULL.
napi_value shim_refuse(napi_env env, const char *message);

// Fetches exactly `count` arguments and, when `self` is not NULL, the receiver; throws when fewer came.
bool shim_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *arguments, napi_value *self);

bool shim_int32(napi_env env, napi_value value, int32_t *out);
bool shim_int64(napi_env env, napi_value value, int64_t *out);

// Borrows the bytes of a Uint8Array until the call into C returns.
bool shim_bytes(napi_env env, napi_value value, uint8_t **data, size_t *length);

// Copies the bytes of a Uint8Array and ends them with a NUL; refuses a NUL inside and what does not fit.
bool shim_bytes_as_string(napi_env env, napi_value value, char *out, size_t size);

// Copies a string as UTF-8; refuses a NUL inside and what does not fit.
bool shim_string(napi_env env, napi_value value, char *out, size_t size);

// Gives an object a Uint8Array of zeros on its own pages, as a fixed property that keeps it alive. NULL with an exception pending.
uint8_t *shim_add_bytes(napi_env env, napi_value object, const char *name, size_t size);

// A number for JavaScript, exact up to 2^53; NULL with an exception pending when it cannot be made.
napi_value shim_number(napi_env env, int64_t value);

// `result` when it is not negative, else the negative errno of the call that gave it.
napi_value shim_result(napi_env env, int64_t result);

// Sets functions as properties of an object.
bool shim_export(napi_env env, napi_value exports, const struct shim_function *functions, size_t count);

// A call that runs on another thread; the first member of a structure that carries its arguments.
struct shim_job {
  // Answers a result, or a negative errno. Not on the main thread: no napi calls.
  int64_t (*run)(struct shim_job *job);
  int64_t result;
  napi_async_work work;
  napi_deferred deferred;
};

// Queues a job that was allocated with calloc, takes it over, and returns the promise of its result.
napi_value shim_submit(napi_env env, struct shim_job *job, const char *name);

bool shim_export_aead(napi_env env, napi_value exports);
bool shim_export_frames(napi_env env, napi_value exports);
bool shim_export_host(napi_env env, napi_value exports);
bool shim_export_memory(napi_env env, napi_value exports);
bool shim_export_mount(napi_env env, napi_value exports);
bool shim_export_channel(napi_env env, napi_value exports);

#endif
