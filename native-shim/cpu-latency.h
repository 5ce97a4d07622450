// While requests come one close behind the other, processors are kept from sleeping so deeply that waking them takes longer than
// serving a request does (Linux: Documentation/power/pm_qos_interface.rst).
#ifndef DVAULT_CPU_LATENCY_H
#define DVAULT_CPU_LATENCY_H

#include "shim.h"

#include <uv.h>

struct cpu_latency;

// Takes over `fd`, of /dev/cpu_dma_latency; no waking is to take longer than `limit_us` microseconds. NULL when there is no memory, and
// then the descriptor is not taken over.
struct cpu_latency *cpu_latency_new(uv_loop_t *loop, int fd, int32_t limit_us);

// A request was served at a time of now_ns(). Does nothing for NULL.
void cpu_latency_note(struct cpu_latency *latency, uint64_t now);

// Asks for nothing any more; freed once the loop has let go of it. Does nothing for NULL.
void cpu_latency_end(struct cpu_latency *latency);

// How often the limit was asked for; 0 for NULL.
int64_t cpu_latency_asked(const struct cpu_latency *latency);

#endif
