// System calls that Node does not offer. Each answers its result, or a negative errno.
#define _GNU_SOURCE
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <sys/xattr.h>
#include <unistd.h>

#define XATTR_NAME_SIZE 256

// The kernel's 32-bit form of a device number, as FUSE and stat carry it: minor 20 bits around major 12 bits.
static dev_t device_number(uint32_t device) {
  return makedev((device >> 8) & 0xfff, (device & 0xff) | ((device >> 12) & 0xfff00));
}

static napi_value host_flock(napi_env env, napi_callback_info info) {
  napi_value argument[2];
  int32_t fd, operation;
  if (!shim_arguments(env, info, 2, argument, NULL) || !shim_int32(env, argument[0], &fd) ||
      !shim_int32(env, argument[1], &operation))
    return NULL;
  return shim_result(env, flock(fd, operation | LOCK_NB));
}

static napi_value host_lseek(napi_env env, napi_callback_info info) {
  napi_value argument[3];
  int32_t fd, whence;
  int64_t offset;
  if (!shim_arguments(env, info, 3, argument, NULL) || !shim_int32(env, argument[0], &fd) ||
      !shim_int64(env, argument[1], &offset) || !shim_int32(env, argument[2], &whence))
    return NULL;
  return shim_result(env, lseek(fd, offset, whence));
}

static napi_value host_fallocate(napi_env env, napi_callback_info info) {
  napi_value argument[4];
  int32_t fd, mode;
  int64_t offset, length;
  if (!shim_arguments(env, info, 4, argument, NULL) || !shim_int32(env, argument[0], &fd) ||
      !shim_int32(env, argument[1], &mode) || !shim_int64(env, argument[2], &offset) ||
      !shim_int64(env, argument[3], &length))
    return NULL;
  return shim_result(env, fallocate(fd, mode, offset, length));
}

static napi_value host_mknod(napi_env env, napi_callback_info info) {
  napi_value argument[3];
  char path[PATH_MAX];
  int64_t mode, device;
  if (!shim_arguments(env, info, 3, argument, NULL) || !shim_bytes_as_string(env, argument[0], path, sizeof path) ||
      !shim_int64(env, argument[1], &mode) || !shim_int64(env, argument[2], &device))
    return NULL;
  return shim_result(env, mknod(path, (mode_t)mode, device_number((uint32_t)device)));
}

static napi_value host_utimens(napi_env env, napi_callback_info info) {
  napi_value argument[2];
  char path[PATH_MAX];
  napi_typedarray_type type;
  size_t length;
  void *start;
  if (!shim_arguments(env, info, 2, argument, NULL) || !shim_bytes_as_string(env, argument[0], path, sizeof path))
    return NULL;
  if (napi_get_typedarray_info(env, argument[1], &type, &length, &start, NULL, NULL) != napi_ok) return shim_throw(env);
  if (type != napi_float64_array || length != 4) return shim_refuse(env, "native shim: expected four times");
  const double *times = start;
  struct timespec both[2] = {{(time_t)times[0], (long)times[1]}, {(time_t)times[2], (long)times[3]}};
  return shim_result(env, utimensat(AT_FDCWD, path, both, AT_SYMLINK_NOFOLLOW));
}

// A fresh Uint8Array with a copy of bytes.
static napi_value new_bytes(napi_env env, const void *data, size_t length) {
  napi_value buffer;
  void *copy;
  if (napi_create_buffer_copy(env, length, data, &copy, &buffer) != napi_ok) return shim_throw(env);
  return buffer;
}

// Both reads of attributes: a value when `name` is given, else the list of names. 64 KiB is the kernel's bound for
// either, so one call is always enough.
static napi_value read_xattr(napi_env env, const char *path, const char *name) {
  char *room = malloc(XATTR_SIZE_MAX);
  if (room == NULL) return shim_number(env, -ENOMEM);
  ssize_t length = name != NULL ? lgetxattr(path, name, room, XATTR_SIZE_MAX) : llistxattr(path, room, XATTR_SIZE_MAX);
  napi_value result = length < 0 ? shim_result(env, length) : new_bytes(env, room, (size_t)length);
  free(room);
  return result;
}

static napi_value host_lgetxattr(napi_env env, napi_callback_info info) {
  napi_value argument[2];
  char path[PATH_MAX], name[XATTR_NAME_SIZE];
  if (!shim_arguments(env, info, 2, argument, NULL) || !shim_bytes_as_string(env, argument[0], path, sizeof path) ||
      !shim_bytes_as_string(env, argument[1], name, sizeof name))
    return NULL;
  return read_xattr(env, path, name);
}

static napi_value host_llistxattr(napi_env env, napi_callback_info info) {
  napi_value argument[1];
  char path[PATH_MAX];
  if (!shim_arguments(env, info, 1, argument, NULL) || !shim_bytes_as_string(env, argument[0], path, sizeof path))
    return NULL;
  return read_xattr(env, path, NULL);
}

static napi_value host_lsetxattr(napi_env env, napi_callback_info info) {
  napi_value argument[4];
  char path[PATH_MAX], name[XATTR_NAME_SIZE];
  uint8_t *value;
  size_t length;
  int32_t flags;
  if (!shim_arguments(env, info, 4, argument, NULL) || !shim_bytes_as_string(env, argument[0], path, sizeof path) ||
      !shim_bytes_as_string(env, argument[1], name, sizeof name) ||
      !shim_bytes(env, argument[2], &value, &length) || !shim_int32(env, argument[3], &flags))
    return NULL;
  return shim_result(env, lsetxattr(path, name, length > 0 ? (const void *)value : "", length, flags));
}

static napi_value host_lremovexattr(napi_env env, napi_callback_info info) {
  napi_value argument[2];
  char path[PATH_MAX], name[XATTR_NAME_SIZE];
  if (!shim_arguments(env, info, 2, argument, NULL) || !shim_bytes_as_string(env, argument[0], path, sizeof path) ||
      !shim_bytes_as_string(env, argument[1], name, sizeof name))
    return NULL;
  return shim_result(env, lremovexattr(path, name));
}

bool shim_export_host(napi_env env, napi_value exports) {
  static const struct shim_function functions[] = {
      {"flock", host_flock},           {"lseek", host_lseek},
      {"fallocate", host_fallocate},   {"mknod", host_mknod},
      {"utimens", host_utimens},       {"lgetxattr", host_lgetxattr},
      {"lsetxattr", host_lsetxattr},   {"llistxattr", host_llistxattr},
      {"lremovexattr", host_lremovexattr},
  };
  return shim_export(env, exports, functions, sizeof functions / sizeof functions[0]);
}
