// Two semaphores: a task is handed over by one, and given back by the other. Each thread sees of a task what the other wrote before.
//
// Waking a thread on another processor costs as much as opening two parts of a page, of both threads' time. So after a task the
// worker looks for a next one for SPIN_NS before it sleeps, and gives way to whoever wants the processor each time: while
// a client waits for us it is there, and while the client works it is not (spinning.h).
//
// It keeps off the main thread's processor: woken there, it would only take turns with it.
#define _GNU_SOURCE
#include "worker.h"

#include "spinning.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>

#define SPIN_NS 200000
#define PASS_MAX 16

struct worker {
  pthread_t thread;
  sem_t given, done;
  // NULL asks the thread to end.
  work_on *work;
  void *task;
  // The main thread's: whether a task was offered that did not come back so far, and which processor the worker keeps off.
  bool has_task;
  int kept_off;
  // The worker's.
  struct spinning spinning;
};

static void take(sem_t *semaphore) {
  while (sem_wait(semaphore) != 0) {
  }
}

// Whether a next task came soon, and was taken.
static bool spin(struct worker *worker) {
  if (!spinning_may_begin(&worker->spinning)) return false;
  uint64_t until = now_ns() + SPIN_NS;
  do {
    if (sem_trywait(&worker->given) == 0) {
      spinning_caught(&worker->spinning);
      return true;
    }
    (void)sched_yield();
  } while (now_ns() < until);
  spinning_failed(&worker->spinning, PASS_MAX);
  return false;
}

static void *run(void *argument) {
  struct worker *worker = argument;
  for (;;) {
    if (!spin(worker)) take(&worker->given);
    if (worker->work == NULL) return NULL;
    worker->work(worker->task);
    (void)sem_post(&worker->done);
  }
}

static bool has_two_processors(void) {
  cpu_set_t processors;
  return sched_getaffinity(0, sizeof processors, &processors) == 0 && CPU_COUNT(&processors) > 1;
}

// Signals are for the threads that expect them.
static bool begin(struct worker *worker) {
  sigset_t all, before;
  sigfillset(&all);
  if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0) return false;
  bool has_begun = pthread_create(&worker->thread, NULL, run, worker) == 0;
  (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (has_begun) (void)pthread_setname_np(worker->thread, "dvault-beside");
  return has_begun;
}

struct worker *worker_new(void) {
  struct worker *worker = has_two_processors() ? calloc(1, sizeof *worker) : NULL;
  if (worker == NULL) return NULL;
  bool has_first = sem_init(&worker->given, 0, 0) == 0;
  bool has_both = has_first && sem_init(&worker->done, 0, 0) == 0;
  worker->kept_off = -1;
  if (has_both && begin(worker)) return worker;
  if (has_both) (void)sem_destroy(&worker->done);
  if (has_first) (void)sem_destroy(&worker->given);
  free(worker);
  return NULL;
}

void worker_free(struct worker *worker) {
  if (worker == NULL) return;
  worker_await(worker);
  worker_offer(worker, NULL, NULL);
  (void)pthread_join(worker->thread, NULL);
  (void)sem_destroy(&worker->given);
  (void)sem_destroy(&worker->done);
  free(worker);
}

// Where it may not run elsewhere, it stays where it is.
static void keep_off(struct worker *worker, int processor) {
  cpu_set_t others;
  if (processor == worker->kept_off || processor < 0 || sched_getaffinity(0, sizeof others, &others) != 0) return;
  CPU_CLR(processor, &others);
  (void)pthread_setaffinity_np(worker->thread, sizeof others, &others);
  worker->kept_off = processor;
}

void worker_offer(struct worker *worker, work_on *work, void *task) {
  keep_off(worker, sched_getcpu());
  worker->work = work;
  worker->task = task;
  worker->has_task = true;
  (void)sem_post(&worker->given);
}

bool worker_is_out(struct worker *worker) {
  if (worker->has_task && (sem_trywait(&worker->given) == 0 || sem_trywait(&worker->done) == 0)) worker->has_task = false;
  return !worker->has_task;
}

void worker_await(struct worker *worker) {
  if (worker_is_out(worker)) return;
  take(&worker->done);
  worker->has_task = false;
}
