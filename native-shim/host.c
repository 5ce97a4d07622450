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

// Most reads of one call.
#define SCATTERED_MAX 64

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

// Reads at many places of one file, on another thread.
struct scattered_read {
  struct shim_job job;
  int fd;
  uint32_t count;
  double *lengths;
  struct {
    uint8_t *data;
    size_t room;
    off_t offset;
  } parts[SCATTERED_MAX];
};

static int64_t run_scattered_read(struct shim_job *job) {
  struct scattered_read *reading = (struct scattered_read *)job;
  for (uint32_t i = 0; i < reading->count; i++) {
    ssize_t length;
    do length = pread(reading->fd, reading->parts[i].data, reading->parts[i].room, reading->parts[i].offset);
    while (length < 0 && errno == EINTR);
    if (length < 0) return -errno;
    reading->lengths[i] = (double)length;
  }
  return 0;
}

static bool get_numbers(napi_env env, napi_value array, double **numbers, size_t *count) {
  napi_typedarray_type type;
  void *start;
  if (napi_get_typedarray_info(env, array, &type, count, &start, NULL, NULL) != napi_ok) {
    shim_throw(env);
    return false;
  }
  *numbers = start;
  if (type == napi_float64_array && *count <= SCATTERED_MAX) return true;
  shim_refuse(env, "native shim: expected a Float64Array of at most 64 numbers");
  return false;
}

// Reads what a scattered read is made of: descriptor, pieces, offsets, and where the lengths go.
static bool get_scattered_read(napi_env env, const napi_value *values, struct scattered_read *reading) {
  double *offsets;
  size_t count, room;
  if (!shim_int32(env, values[0], &reading->fd) || !get_numbers(env, values[2], &offsets, &count) ||
      !get_numbers(env, values[3], &reading->lengths, &room))
    return false;
  reading->count = (uint32_t)count;
  if (room < count) {
    shim_refuse(env, "native shim: no room for the lengths");
    return false;
  }
  for (uint32_t i = 0; i < reading->count; i++) {
    napi_value piece;
    if (napi_get_element(env, values[1], i, &piece) != napi_ok) {
      shim_throw(env);
      return false;
    }
    if (!shim_bytes(env, piece, &reading->parts[i].data, &reading->parts[i].room)) return false;
    reading->parts[i].offset = (off_t)offsets[i];
  }
  return true;
}

// readScattered(fd, pieces, offsets, lengths): the promise of 0, when pread(2) has been called for each piece. The caller keeps
// the arrays alive and leaves them alone until then.
static napi_value host_read_scattered(napi_env env, napi_callback_info info) {
  napi_value arguments[4];
  if (!shim_arguments(env, info, 4, arguments, NULL)) return NULL;
  struct scattered_read *reading = calloc(1, sizeof *reading);
  if (reading == NULL) return shim_refuse(env, "native shim: out of memory");
  reading->job.run = run_scattered_read;
  if (get_scattered_read(env, arguments, reading)) return shim_submit(env, &reading->job, "dvault:read");
  free(reading);
  return NULL;
}

bool shim_export_host(napi_env env, napi_value exports) {
  static const struct shim_function functions[] = {
      {"flock", host_flock},           {"lseek", host_lseek},
      {"fallocate", host_fallocate},   {"mknod", host_mknod},
      {"utimens", host_utimens},       {"lgetxattr", host_lgetxattr},
      {"lsetxattr", host_lsetxattr},   {"llistxattr", host_llistxattr},
      {"lremovexattr", host_lremovexattr}, {"readScattered", host_read_scattered},
  };
  return shim_export(env, exports, functions, sizeof functions / sizeof functions[0]);
}
