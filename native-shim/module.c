// The shim's entry and the helpers of shim.h.
#include "shim.h"

#include <errno.h>
#include <string.h>

#define BYTES_ALIGNMENT 4096

void shim_must(napi_status status) {
  if (status != napi_ok) napi_fatal_error("dvault-shim", NAPI_AUTO_LENGTH, "a call into Node failed", NAPI_AUTO_LENGTH);
}

napi_value shim_throw(napi_env env) {
  bool pending = false;
  if (napi_is_exception_pending(env, &pending) == napi_ok && pending) return NULL;
  const napi_extended_error_info *last = NULL;
  const char *message = "native shim: a call into Node failed";
  if (napi_get_last_error_info(env, &last) == napi_ok && last->error_message != NULL) message = last->error_message;
  shim_must(napi_throw_error(env, NULL, message));
  return NULL;
}

napi_value shim_refuse(napi_env env, const char *message) {
  if (napi_throw_type_error(env, NULL, message) != napi_ok) return shim_throw(env);
  return NULL;
}

bool shim_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *arguments, napi_value *self) {
  size_t given = count;
  if (napi_get_cb_info(env, info, &given, arguments, self, NULL) != napi_ok) {
    shim_throw(env);
    return false;
  }
  if (given < count) {
    shim_refuse(env, "native shim: too few arguments");
    return false;
  }
  return true;
}

bool shim_int32(napi_env env, napi_value value, int32_t *out) {
  if (napi_get_value_int32(env, value, out) == napi_ok) return true;
  shim_throw(env);
  return false;
}

bool shim_int64(napi_env env, napi_value value, int64_t *out) {
  if (napi_get_value_int64(env, value, out) == napi_ok) return true;
  shim_throw(env);
  return false;
}

bool shim_bytes(napi_env env, napi_value value, uint8_t **data, size_t *length) {
  napi_typedarray_type type;
  void *start = NULL;
  if (napi_get_typedarray_info(env, value, &type, length, &start, NULL, NULL) != napi_ok) {
    shim_throw(env);
    return false;
  }
  if (type != napi_uint8_array) {
    shim_refuse(env, "native shim: expected a Uint8Array");
    return false;
  }
  *data = start;
  return true;
}

bool shim_bytes_as_string(napi_env env, napi_value value, char *out, size_t size) {
  uint8_t *data;
  size_t length;
  if (!shim_bytes(env, value, &data, &length)) return false;
  if (length >= size || (length > 0 && memchr(data, 0, length) != NULL)) {
    shim_refuse(env, "native shim: path or name too long, or with a NUL");
    return false;
  }
  if (length > 0) memcpy(out, data, length);
  out[length] = 0;
  return true;
}

bool shim_string(napi_env env, napi_value value, char *out, size_t size) {
  size_t length;
  if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok) {
    shim_throw(env);
    return false;
  }
  if (length >= size) {
    shim_refuse(env, "native shim: string too long");
    return false;
  }
  if (napi_get_value_string_utf8(env, value, out, size, &length) != napi_ok) {
    shim_throw(env);
    return false;
  }
  if (strlen(out) != length) {
    shim_refuse(env, "native shim: string with a NUL");
    return false;
  }
  return true;
}

uint8_t *shim_add_bytes(napi_env env, napi_value object, const char *name, size_t size) {
  void *start;
  napi_value memory, view;
  if (napi_create_arraybuffer(env, size + BYTES_ALIGNMENT, &start, &memory) != napi_ok) {
    shim_throw(env);
    return NULL;
  }
  size_t offset = (BYTES_ALIGNMENT - (uintptr_t)start % BYTES_ALIGNMENT) % BYTES_ALIGNMENT;
  if (napi_create_typedarray(env, napi_uint8_array, size, memory, offset, &view) == napi_ok) {
    napi_property_descriptor property = {.utf8name = name, .value = view, .attributes = napi_enumerable};
    if (napi_define_properties(env, object, 1, &property) == napi_ok) return (uint8_t *)start + offset;
  }
  shim_throw(env);
  return NULL;
}

napi_value shim_number(napi_env env, int64_t value) {
  napi_value number;
  if (napi_create_int64(env, value, &number) != napi_ok) return shim_throw(env);
  return number;
}

napi_value shim_result(napi_env env, int64_t result) {
  return shim_number(env, result < 0 ? -(int64_t)errno : result);
}

bool shim_export(napi_env env, napi_value exports, const struct shim_function *functions, size_t count) {
  for (size_t i = 0; i < count; i++) {
    napi_value function;
    const char *name = functions[i].name;
    if (napi_create_function(env, name, NAPI_AUTO_LENGTH, functions[i].call, NULL, &function) != napi_ok ||
        napi_set_named_property(env, exports, name, function) != napi_ok) {
      shim_throw(env);
      return false;
    }
  }
  return true;
}

NAPI_MODULE_INIT() {
  if (!shim_export_aead(env, exports)) return NULL;
  if (!shim_export_frames(env, exports)) return NULL;
  if (!shim_export_host(env, exports)) return NULL;
  if (!shim_export_memory(env, exports)) return NULL;
  if (!shim_export_mount(env, exports)) return NULL;
  if (!shim_export_channel(env, exports)) return NULL;
  return exports;
}
