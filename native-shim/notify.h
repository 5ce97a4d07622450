// Notifications to the kernel.
#ifndef DVAULT_NOTIFY_H
#define DVAULT_NOTIFY_H

#include "shim.h"

// Writes a notification, which is copied, on another thread. The promise of 0 or a negative errno; NULL with an exception
// pending.
napi_value notify(napi_env env, int fd, const uint8_t *bytes, size_t length);

#endif
