// Asking and taking back interrupts every idle processor, some 10 us each, so neither is done for a request or two: BURST of them,
// none of which comes later than GAP_NS after the one before, show that more are to come, and REST_MS without any that it
// is over. The kernel takes a request back by itself when its descriptor goes, so none outlives the process.
#define _GNU_SOURCE
#include "cpu-latency.h"

#include "spinning.h"

#include <stdlib.h>
#include <unistd.h>

#define BURST 16
#define GAP_NS 4000000
#define REST_MS 20

// PM_QOS_DEFAULT_VALUE of linux/pm_qos.h: no limit.
#define NO_LIMIT (-1)

struct cpu_latency {
  uv_timer_t rest;
  int fd;
  int32_t limit_us;
  bool is_asked;
  // Requests in a row, and when the last one was.
  int burst;
  uint64_t last;
  int64_t asked;
};

// What the kernel does not take is not asked for again before the next burst.
static void set_limit(const struct cpu_latency *latency, int32_t limit_us) {
  (void)!write(latency->fd, &limit_us, sizeof limit_us);
}

struct cpu_latency *cpu_latency_new(uv_loop_t *loop, int fd, int32_t limit_us) {
  struct cpu_latency *latency = calloc(1, sizeof *latency);
  if (latency == NULL) return NULL;
  if (uv_timer_init(loop, &latency->rest) != 0) {
    free(latency);
    return NULL;
  }
  uv_unref((uv_handle_t *)&latency->rest);
  latency->rest.data = latency;
  latency->fd = fd;
  latency->limit_us = limit_us;
  return latency;
}

static void on_rest(uv_timer_t *timer) {
  struct cpu_latency *latency = timer->data;
  uint64_t idle_ms = (now_ns() - latency->last) / 1000000;
  if (idle_ms < REST_MS) {
    (void)uv_timer_start(timer, on_rest, REST_MS - idle_ms, 0);
    return;
  }
  set_limit(latency, NO_LIMIT);
  latency->is_asked = false;
  latency->burst = 0;
}

void cpu_latency_note(struct cpu_latency *latency, uint64_t now) {
  if (latency == NULL) return;
  bool is_close = now - latency->last < GAP_NS;
  latency->last = now;
  if (latency->is_asked) return;
  latency->burst = is_close ? latency->burst + 1 : 0;
  if (latency->burst < BURST || uv_timer_start(&latency->rest, on_rest, REST_MS, 0) != 0) return;
  set_limit(latency, latency->limit_us);
  latency->is_asked = true;
  latency->asked++;
}

static void on_closed(uv_handle_t *timer) {
  struct cpu_latency *latency = timer->data;
  close(latency->fd);
  free(latency);
}

void cpu_latency_end(struct cpu_latency *latency) {
  if (latency == NULL) return;
  if (latency->is_asked) set_limit(latency, NO_LIMIT);
  uv_close((uv_handle_t *)&latency->rest, on_closed);
}

int64_t cpu_latency_asked(const struct cpu_latency *latency) { return latency == NULL ? 0 : latency->asked; }
