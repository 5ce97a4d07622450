// Getting and giving back a FUSE connection: mount(2) and umount2(2) for root, and the two calls that the fusermount3
// handshake needs (it sends the descriptor of /dev/fuse over a socket).
#define _GNU_SOURCE
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOURCE_SIZE 4096
#define OPTIONS_SIZE 4096

static napi_value mount_open(napi_env env, napi_callback_info info) {
  (void)info;
  return shim_result(env, open("/dev/fuse", O_RDWR | O_CLOEXEC | O_NONBLOCK));
}

static napi_value mount_mount(napi_env env, napi_callback_info info) {
  napi_value argument[4];
  char source[SOURCE_SIZE], target[PATH_MAX], options[OPTIONS_SIZE];
  int32_t flags;
  if (!shim_arguments(env, info, 4, argument, NULL) || !shim_string(env, argument[0], source, sizeof source) ||
      !shim_string(env, argument[1], target, sizeof target) || !shim_int32(env, argument[2], &flags) ||
      !shim_string(env, argument[3], options, sizeof options))
    return NULL;
  return shim_result(env, mount(source, target, "fuse.dvault", (unsigned long)flags, options));
}

struct unmounting {
  struct shim_job job;
  int32_t flags;
  char target[PATH_MAX];
};

static int64_t run_umount(struct shim_job *job) {
  struct unmounting *unmounting = (struct unmounting *)job;
  return umount2(unmounting->target, unmounting->flags) == 0 ? 0 : -errno;
}

static napi_value mount_umount(napi_env env, napi_callback_info info) {
  napi_value argument[2];
  struct unmounting *unmounting = calloc(1, sizeof *unmounting);
  if (unmounting == NULL) return shim_refuse(env, "native shim: out of memory");
  unmounting->job.run = run_umount;
  if (shim_arguments(env, info, 2, argument, NULL) &&
      shim_string(env, argument[0], unmounting->target, sizeof unmounting->target) &&
      shim_int32(env, argument[1], &unmounting->flags))
    return shim_submit(env, &unmounting->job, "dvault:umount");
  free(unmounting);
  return NULL;
}

static napi_value mount_socketpair(napi_env env, napi_callback_info info) {
  (void)info;
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return shim_result(env, -1);
  napi_value pair;
  if (napi_create_array_with_length(env, 2, &pair) != napi_ok) return shim_throw(env);
  for (uint32_t i = 0; i < 2; i++) {
    napi_value end = shim_number(env, ends[i]);
    if (end == NULL || napi_set_element(env, pair, i, end) != napi_ok) return shim_throw(env);
  }
  return pair;
}

static napi_value mount_receive(napi_env env, napi_callback_info info) {
  napi_value argument[1];
  int32_t socket;
  if (!shim_arguments(env, info, 1, argument, NULL) || !shim_int32(env, argument[0], &socket)) return NULL;
  char byte;
  union {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(int))];
  } control;
  struct iovec piece = {&byte, 1};
  struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  if (recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 0) return shim_result(env, -1);
  struct cmsghdr *sent = CMSG_FIRSTHDR(&message);
  bool isDescriptor = sent != NULL && sent->cmsg_level == SOL_SOCKET && sent->cmsg_type == SCM_RIGHTS &&
                      sent->cmsg_len == CMSG_LEN(sizeof(int));
  if (!isDescriptor) return shim_number(env, -EBADMSG);
  int fd;
  memcpy(&fd, CMSG_DATA(sent), sizeof fd);
  return shim_number(env, fd);
}

bool shim_export_mount(napi_env env, napi_value exports) {
  static const struct shim_function functions[] = {
      {"openFuse", mount_open},       {"mount", mount_mount},
      {"umount", mount_umount},       {"socketpair", mount_socketpair},
      {"receiveDescriptor", mount_receive},
  };
  return shim_export(env, exports, functions, sizeof functions / sizeof functions[0]);
}
