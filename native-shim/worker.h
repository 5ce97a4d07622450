// A thread beside the main thread, for work that is worth two processors and too short for a trip through the event loop.
// It sleeps until something is offered, and then begins within a few microseconds, if a processor is free.
#ifndef DVAULT_WORKER_H
#define DVAULT_WORKER_H

#include <stdbool.h>

typedef void work_on(void *task);

struct worker;

// NULL where there is only one processor, or no thread to be had.
struct worker *worker_new(void);

// Ends the thread, when it is done with its task. NULL is none.
void worker_free(struct worker *worker);

// Offers a task. It belongs to both threads until the worker is out of it, and it must be out of the one before.
void worker_offer(struct worker *worker, work_on *work, void *task);

// Takes a task back that was not begun. Whether the worker is out of the last one: done with it, or never in it.
bool worker_is_out(struct worker *worker);

// Waits until it is.
void worker_await(struct worker *worker);

#endif
