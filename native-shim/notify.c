// Notifications take locks in the kernel that a request under way may hold until it is answered, so they are written
// on another thread; the descriptor is doubled so that closing the channel cannot redirect them.
#define _GNU_SOURCE
#include "notify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct notification {
  struct shim_job job;
  int fd;
  size_t length;
  uint8_t bytes[];
};

static int64_t run(struct shim_job *job) {
  struct notification *notification = (struct notification *)job;
  ssize_t written = write(notification->fd, notification->bytes, notification->length);
  int64_t result = written < 0 ? -errno : 0;
  close(notification->fd);
  return result;
}

napi_value notify(napi_env env, int fd, const uint8_t *bytes, size_t length) {
  struct notification *notification = calloc(1, sizeof *notification + length);
  if (notification == NULL) return shim_refuse(env, "native shim: out of memory");
  notification->job.run = run;
  notification->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  notification->length = length;
  memcpy(notification->bytes, bytes, length);
  return shim_submit(env, &notification->job, "dvault:notify");
}
