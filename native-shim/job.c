// System calls that may wait, run on a thread of libuv's pool; each answers with a promise of its result.
#include "shim.h"

#include <errno.h>
#include <stdlib.h>

static void execute(napi_env env, void *data) {
  (void)env;
  struct shim_job *job = data;
  job->result = job->run(job);
}

static void complete(napi_env env, napi_status status, void *data) {
  struct shim_job *job = data;
  napi_value result;
  shim_must(napi_create_int64(env, status == napi_ok ? job->result : -ECANCELED, &result));
  // Where no JavaScript can run any more the environment is ending, and nobody waits for the promise.
  napi_status settled = napi_resolve_deferred(env, job->deferred, result);
  if (settled != napi_cannot_run_js && settled != napi_pending_exception) shim_must(settled);
  shim_must(napi_delete_async_work(env, job->work));
  free(job);
}

napi_value shim_submit(napi_env env, struct shim_job *job, const char *name) {
  napi_value resource, promise;
  if (napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &resource) == napi_ok &&
      napi_create_async_work(env, NULL, resource, execute, complete, job, &job->work) == napi_ok &&
      napi_create_promise(env, &job->deferred, &promise) == napi_ok && napi_queue_async_work(env, job->work) == napi_ok)
    return promise;
  shim_throw(env);
  if (job->work != NULL) shim_must(napi_delete_async_work(env, job->work));
  free(job);
  return NULL;
}
