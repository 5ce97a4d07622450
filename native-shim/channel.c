// A FUSE connection in Node's event loop: requests are read into one reused buffer and handed to TypeScript one call
// each; replies are written from another reused buffer and the caller's own pieces.
//
// After answering a request the channel looks again for SPIN_NS before it goes back to the event loop (spinning.h). That is in
// vain where the client thinks for longer, or waits for this very core.
//
// A channel lives as its JavaScript object: while it polls it holds a strong reference to it, and the finalizer frees.
#define _GNU_SOURCE
#include "cpu-latency.h"
#include "forgets.h"
#include "notify.h"
#include "own-answers.h"
#include "shim.h"
#include "spinning.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>
#include <uv.h>

// The largest WRITE, 1 MiB, and room for its headers; the kernel refuses to be read with less.
#define REQUEST_SIZE ((1 << 20) + 4096)
#define REPLY_SIZE (256 * 1024)
#define PIECES_MAX 1023

// How long one turn may keep the event loop from its timers and other descriptors.
#define TURN_NS 1000000
#define SPIN_NS 50000
#define PASS_MAX 256

struct channel {
  napi_env env;
  napi_ref self;
  napi_ref on_request;
  napi_ref on_end;
  napi_async_context context;
  napi_async_cleanup_hook_handle cleanup;
  uv_poll_t poll;
  int fd;
  bool polling;
  bool closed;
  uint8_t *request;
  uint8_t *reply;
  struct own_answers *own;
  struct forgets forgets;
  struct spinning spinning;
  // NULL unless it was asked for.
  struct cpu_latency *latency;
  int64_t requests, replies, direct, wakeups, spins, spin_hits;
};

static void close_fd(struct channel *channel) {
  if (channel->fd >= 0) close(channel->fd);
  channel->fd = -1;
}

static void drop(napi_env env, napi_ref *reference) {
  if (*reference != NULL) shim_must(napi_delete_reference(env, *reference));
  *reference = NULL;
}

// Lets go of what `start` took.
static void release(struct channel *channel) {
  if (channel->context != NULL) shim_must(napi_async_destroy(channel->env, channel->context));
  channel->context = NULL;
  drop(channel->env, &channel->on_request);
  drop(channel->env, &channel->on_end);
  own_answers_end(channel->env, channel->own);
  drop(channel->env, &channel->self);
}

static void finalize(napi_env env, void *data, void *hint) {
  (void)hint;
  struct channel *channel = data;
  close_fd(channel);
  own_answers_end(env, channel->own);
  own_answers_free(channel->own);
  free(channel);
}

// The event loop has let go of the handle: the object may be collected now.
static void on_handle_closed(uv_handle_t *handle) {
  struct channel *channel = handle->data;
  napi_async_cleanup_hook_handle cleanup = channel->cleanup;
  napi_handle_scope scope;
  shim_must(napi_open_handle_scope(channel->env, &scope));
  release(channel);
  shim_must(napi_close_handle_scope(channel->env, scope));
  shim_must(napi_remove_async_cleanup_hook(cleanup));
}

static void shut(struct channel *channel) {
  if (channel->closed) return;
  channel->closed = true;
  cpu_latency_end(channel->latency);
  channel->latency = NULL;
  if (channel->polling) uv_close((uv_handle_t *)&channel->poll, on_handle_closed);
  close_fd(channel);
}

static void on_environment_end(napi_async_cleanup_hook_handle handle, void *data) {
  (void)handle;
  shut(data);
}

// Calls TypeScript with one number and lets it finish its microtasks.
static void deliver(struct channel *channel, napi_ref callback, int64_t value) {
  napi_env env = channel->env;
  napi_handle_scope scope;
  shim_must(napi_open_handle_scope(env, &scope));
  napi_value self, function, argument;
  bool ok = napi_get_reference_value(env, channel->self, &self) == napi_ok &&
            napi_get_reference_value(env, callback, &function) == napi_ok &&
            napi_create_int64(env, value, &argument) == napi_ok &&
            napi_make_callback(env, channel->context, self, function, 1, &argument, NULL) == napi_ok;
  napi_value error;
  if (!ok && napi_get_and_clear_last_exception(env, &error) == napi_ok && napi_fatal_exception(env, error) != napi_ok)
    shut(channel);
  shim_must(napi_close_handle_scope(env, scope));
}

// Length of the next request; 0 when there is none, else a negative errno.
static ssize_t receive(struct channel *channel) {
  for (;;) {
    ssize_t length = read(channel->fd, channel->request, REQUEST_SIZE);
    if (length > 0) return length;
    if (length == 0) return -ENODEV;
    if (errno == EAGAIN) return 0;
    // ENOENT: the request was interrupted before it could be read.
    if (errno != EINTR && errno != ENOENT) return -errno;
  }
}

static ssize_t spin(struct channel *channel) {
  if (!spinning_may_begin(&channel->spinning)) return 0;
  uint64_t until = now_ns() + SPIN_NS;
  channel->spins++;
  do {
    ssize_t length = receive(channel);
    if (length == 0) continue;
    channel->spin_hits++;
    spinning_caught(&channel->spinning);
    return length;
  } while (now_ns() < until);
  spinning_failed(&channel->spinning, PASS_MAX);
  return 0;
}

// Writes an answer. 0, or -1 with errno.
static int reply(struct channel *channel, const struct iovec *pieces, int count) {
  channel->replies++;
  ssize_t written;
  do written = writev(channel->fd, pieces, count);
  while (written < 0 && errno == EINTR);
  return written < 0 ? -1 : 0;
}

// Whether a request could be answered here. The kernel may refuse the answer when nobody waits any more.
static bool answer_directly(struct channel *channel, size_t length) {
  struct iovec pieces[OWN_PIECES_MAX];
  int count = own_answer(channel->own, channel->request, length, pieces);
  if (count == 0) return false;
  channel->direct++;
  (void)reply(channel, pieces, count);
  return true;
}

// Sees to a request. Whether nobody waits for anything more to come of it.
static bool take(struct channel *channel, size_t length) {
  channel->requests++;
  if (forgets_gather(&channel->forgets, channel->request, length) || answer_directly(channel, length)) return true;
  int64_t replies = channel->replies;
  deliver(channel, channel->on_request, (int64_t)length);
  return channel->replies > replies;
}

// Serves until nothing is left or the turn is over. 0, or the negative errno of the last read.
static ssize_t serve(struct channel *channel, uint64_t until) {
  ssize_t length = receive(channel);
  while (length > 0) {
    bool isDone = take(channel, (size_t)length);
    uint64_t now = now_ns();
    if (channel->closed) return 0;
    cpu_latency_note(channel->latency, now);
    if (now >= until) return 0;
    length = receive(channel);
    // Where one is not done the client waits for us, and we perhaps for the event loop.
    if (length == 0 && isDone) length = spin(channel);
  }
  return length;
}

// What was gathered is handed on before anything else can be waited for.
static void hand_on_forgets(struct channel *channel) {
  if (channel->closed) return;
  size_t length = forgets_take(&channel->forgets, channel->request);
  if (length > 0) deliver(channel, channel->on_request, (int64_t)length);
}

static void on_poll(uv_poll_t *poll, int status, int events) {
  (void)events;
  struct channel *channel = poll->data;
  channel->wakeups++;
  ssize_t result = serve(channel, now_ns() + TURN_NS);
  own_answers_await(channel->own);
  hand_on_forgets(channel);
  // libuv reports the error state of an unmounted device without the errno; reading gave it, else the report stands.
  if (result == 0) result = status < 0 ? status : 0;
  if (result == 0 || channel->closed) return;
  if (uv_poll_stop(poll) != 0) shut(channel);
  deliver(channel, channel->on_end, result == -ENODEV ? 0 : result);
  shut(channel);
}

static struct channel *channel_of(napi_env env, napi_value self) {
  void *channel;
  if (napi_unwrap(env, self, &channel) == napi_ok) return channel;
  shim_throw(env);
  return NULL;
}

// References to what later calls need; false with an exception pending.
static bool hold(struct channel *channel, napi_value self, napi_value on_request, napi_value on_end) {
  napi_env env = channel->env;
  napi_value name;
  if (napi_create_string_utf8(env, "dvault:fuse", NAPI_AUTO_LENGTH, &name) == napi_ok &&
      napi_create_reference(env, on_request, 1, &channel->on_request) == napi_ok &&
      napi_create_reference(env, on_end, 1, &channel->on_end) == napi_ok &&
      napi_create_reference(env, self, 1, &channel->self) == napi_ok &&
      napi_async_init(env, self, name, &channel->context) == napi_ok)
    return true;
  shim_throw(env);
  release(channel);
  return false;
}

static napi_value channel_start(napi_env env, napi_callback_info info) {
  napi_value argument[2], self;
  if (!shim_arguments(env, info, 2, argument, &self)) return NULL;
  struct channel *channel = channel_of(env, self);
  if (channel == NULL) return NULL;
  if (channel->polling || channel->closed) return shim_refuse(env, "native shim: channel started or closed before");
  uv_loop_t *loop;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return shim_throw(env);
  if (!hold(channel, self, argument[0], argument[1])) return NULL;
  if (uv_poll_init(loop, &channel->poll, channel->fd) != 0) {
    release(channel);
    return shim_refuse(env, "native shim: this descriptor cannot be polled");
  }
  channel->poll.data = channel;
  channel->polling = true;
  shim_must(napi_add_async_cleanup_hook(env, on_environment_end, channel, &channel->cleanup));
  if (uv_poll_start(&channel->poll, UV_READABLE | UV_DISCONNECT, on_poll) == 0) return NULL;
  shut(channel);
  return shim_refuse(env, "native shim: this descriptor cannot be polled");
}

// Points `pieces` at the elements of an array of Uint8Arrays; -1 with an exception pending on anything else.
static int collect(napi_env env, napi_value array, struct iovec *pieces) {
  uint32_t count;
  if (napi_get_array_length(env, array, &count) != napi_ok || count > PIECES_MAX) {
    shim_refuse(env, "native shim: expected an array of at most 1023 pieces");
    return -1;
  }
  for (uint32_t i = 0; i < count; i++) {
    napi_value piece;
    uint8_t *data;
    size_t length;
    if (napi_get_element(env, array, i, &piece) != napi_ok) {
      shim_throw(env);
      return -1;
    }
    if (!shim_bytes(env, piece, &data, &length)) return -1;
    pieces[i] = (struct iovec){data, length};
  }
  return (int)count;
}

static napi_value channel_send(napi_env env, napi_callback_info info) {
  napi_value argument[2], self;
  size_t given = 2;
  int32_t length;
  bool hasPieces;
  if (napi_get_cb_info(env, info, &given, argument, &self, NULL) != napi_ok) return shim_throw(env);
  struct channel *channel = channel_of(env, self);
  if (channel == NULL || !shim_int32(env, argument[0], &length)) return NULL;
  if (length < 0 || length > REPLY_SIZE) return shim_refuse(env, "native shim: reply longer than its buffer");
  if (napi_is_array(env, argument[1], &hasPieces) != napi_ok) return shim_throw(env);
  struct iovec parts[1 + PIECES_MAX];
  parts[0] = (struct iovec){channel->reply, (size_t)length};
  int pieces = hasPieces ? collect(env, argument[1], parts + 1) : 0;
  if (pieces < 0) return NULL;
  return shim_result(env, reply(channel, parts, 1 + pieces));
}

// limitLatency(fd, micros): see src/native/fuse-channel.ts. Only while it serves: what it starts here ends with serving.
static napi_value channel_limit_latency(napi_env env, napi_callback_info info) {
  napi_value argument[2], self;
  int32_t fd, limit_us;
  uv_loop_t *loop;
  if (!shim_arguments(env, info, 2, argument, &self) || !shim_int32(env, argument[0], &fd) ||
      !shim_int32(env, argument[1], &limit_us))
    return NULL;
  struct channel *channel = channel_of(env, self);
  if (channel == NULL) return NULL;
  if (!channel->polling || channel->closed || channel->latency != NULL || limit_us < 0)
    return shim_refuse(env, "native shim: a latency is limited once, while the channel serves, and to 0 us or more");
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return shim_throw(env);
  channel->latency = cpu_latency_new(loop, fd, limit_us);
  return channel->latency == NULL ? shim_refuse(env, "native shim: out of memory") : NULL;
}

static napi_value channel_notify(napi_env env, napi_callback_info info) {
  napi_value argument[1], self;
  uint8_t *bytes;
  size_t length;
  if (!shim_arguments(env, info, 1, argument, &self)) return NULL;
  struct channel *channel = channel_of(env, self);
  if (channel == NULL || !shim_bytes(env, argument[0], &bytes, &length)) return NULL;
  return notify(env, channel->fd, bytes, length);
}

// Passes on what is so, by the method that was called.
static napi_value channel_tell(napi_env env, napi_callback_info info) {
  napi_value self;
  void *method;
  if (napi_get_cb_info(env, info, NULL, NULL, &self, &method) != napi_ok) return shim_throw(env);
  struct channel *channel = channel_of(env, self);
  return channel == NULL ? NULL : ((const struct own_method *)method)->call(env, channel->own, info);
}

static napi_value channel_counters(napi_env env, napi_callback_info info) {
  napi_value self, counters;
  if (!shim_arguments(env, info, 0, NULL, &self)) return NULL;
  struct channel *channel = channel_of(env, self);
  if (channel == NULL) return NULL;
  if (napi_create_object(env, &counters) != napi_ok) return shim_throw(env);
  const struct {
    const char *name;
    int64_t value;
  } members[] = {
      {"requests", channel->requests},
      {"direct", channel->direct},
      {"wakeups", channel->wakeups},
      {"spins", channel->spins},
      {"spinHits", channel->spin_hits},
      {"latencyLimits", cpu_latency_asked(channel->latency)},
  };
  for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
    napi_value value = shim_number(env, members[i].value);
    if (value == NULL || napi_set_named_property(env, counters, members[i].name, value) != napi_ok) return shim_throw(env);
  }
  return counters;
}

static napi_value channel_close(napi_env env, napi_callback_info info) {
  napi_value self;
  if (!shim_arguments(env, info, 0, NULL, &self)) return NULL;
  struct channel *channel = channel_of(env, self);
  if (channel != NULL) shut(channel);
  return NULL;
}

static napi_value channel_construct(napi_env env, napi_callback_info info) {
  napi_value argument[1], self;
  int32_t fd;
  if (!shim_arguments(env, info, 1, argument, &self) || !shim_int32(env, argument[0], &fd)) return NULL;
  uint8_t *request = shim_add_bytes(env, self, "request", REQUEST_SIZE);
  uint8_t *reply = request == NULL ? NULL : shim_add_bytes(env, self, "reply", REPLY_SIZE);
  uint8_t *attributes = reply == NULL ? NULL : shim_add_bytes(env, self, "attributes", own_attributes_size);
  if (attributes == NULL) return NULL;
  struct channel *channel = calloc(1, sizeof *channel);
  if (channel == NULL) return shim_refuse(env, "native shim: out of memory");
  *channel = (struct channel){
      .env = env,
      .fd = fd,
      .request = request,
      .reply = reply,
      .own = own_answers_new(attributes),
  };
  if (channel->own == NULL) {
    free(channel);
    return shim_refuse(env, "native shim: out of memory");
  }
  if (napi_wrap(env, self, channel, finalize, NULL, NULL) == napi_ok) return self;
  own_answers_free(channel->own);
  free(channel);
  return shim_throw(env);
}

bool shim_export_channel(napi_env env, napi_value exports) {
  napi_property_descriptor methods[6 + OWN_METHODS] = {
      {.utf8name = "start", .method = channel_start},
      {.utf8name = "send", .method = channel_send},
      {.utf8name = "notify", .method = channel_notify},
      {.utf8name = "limitLatency", .method = channel_limit_latency},
      {.utf8name = "counters", .method = channel_counters},
      {.utf8name = "close", .method = channel_close},
  };
  for (size_t i = 0; i < OWN_METHODS; i++) {
    methods[6 + i] = (napi_property_descriptor){
        .utf8name = own_methods[i].name,
        .method = channel_tell,
        .data = (void *)&own_methods[i],
    };
  }
  napi_value constructor;
  if (napi_define_class(env, "FuseChannel", NAPI_AUTO_LENGTH, channel_construct, NULL,
                        sizeof methods / sizeof methods[0], methods, &constructor) == napi_ok &&
      napi_set_named_property(env, exports, "FuseChannel", constructor) == napi_ok)
    return true;
  shim_throw(env);
  return false;
}
