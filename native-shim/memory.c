// Memory that is kept for long: in huge pages where the kernel has some, and not counted among what JavaScript holds
// outside of its heap, since V8 looks for garbage whenever that has grown, and finds none here.
#define _GNU_SOURCE
#include "shim.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

static void weigh(napi_env env, int64_t change) {
  int64_t total;
  shim_must(napi_adjust_external_memory(env, change, &total));
}

// V8 takes its weight off once more when it frees the memory.
static void on_collected(napi_env env, void *data, void *hint) {
  (void)data;
  weigh(env, (int64_t)(uintptr_t)hint);
}

// Advice for the whole pages among the bytes. A kernel without huge pages refuses, and the memory is as good as any.
static void ask_for_huge_pages(void *start, size_t length) {
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  uintptr_t first = ((uintptr_t)start + page - 1) / page * page;
  uintptr_t end = ((uintptr_t)start + length) / page * page;
  if (first < end) (void)madvise((void *)first, end - first, MADV_HUGEPAGE);
}

// lastingMemory(bytes): a Uint8Array of zeros.
static napi_value lasting_memory(napi_env env, napi_callback_info info) {
  napi_value argument, buffer, view;
  int32_t length;
  void *start;
  if (!shim_arguments(env, info, 1, &argument, NULL) || !shim_int32(env, argument, &length)) return NULL;
  if (length <= 0) return shim_refuse(env, "native shim: expected a length");
  void *hint = (void *)(uintptr_t)length;
  if (napi_create_arraybuffer(env, (size_t)length, &start, &buffer) != napi_ok ||
      napi_add_finalizer(env, buffer, start, on_collected, hint, NULL) != napi_ok)
    return shim_throw(env);
  weigh(env, -(int64_t)length);
  ask_for_huge_pages(start, (size_t)length);
  if (napi_create_typedarray(env, napi_uint8_array, (size_t)length, buffer, 0, &view) != napi_ok) return shim_throw(env);
  return view;
}

// memoryFile(): the descriptor of a file in memory that has no name (memfd_create(2)), or a negative errno.
static napi_value memory_file(napi_env env, napi_callback_info info) {
  (void)info;
  int fd = memfd_create("dvault", MFD_CLOEXEC);
  return shim_number(env, fd < 0 ? -errno : fd);
}

bool shim_export_memory(napi_env env, napi_value exports) {
  static const struct shim_function functions[] = {{"lastingMemory", lasting_memory}, {"memoryFile", memory_file}};
  return shim_export(env, exports, functions, sizeof functions / sizeof functions[0]);
}
