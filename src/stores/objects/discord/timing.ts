/**
 * Time as the Discord store uses it, handed in, so that a test can let ten minutes of rate limit pass at once.
 *
 * @module
 */

/** Clocks and timers. */
export interface Timing {
  /** Milliseconds on a clock that only goes forward; its zero means nothing. */
  now(): number;
  /** Milliseconds since the epoch as this machine believes, right or wrong. */
  wall(): number;
  /** Lets time pass. Rejects with the signal's reason when it is aborted first. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `body` once, later, unless the function that is returned is called before: guards against silent peers. */
  after(ms: number, body: () => void): () => void;
}

/** Longest delay a timer of Node takes, ms. */
const LONGEST_DELAY = 2 ** 31 - 1;

/** The machine's own time. */
export const systemTiming: Timing = {
  now: () => performance.now(),
  wall: () => Date.now(),
  wait,
  after(ms, body) {
    const timer = setTimeout(body, clampDelay(ms));
    return () => clearTimeout(timer);
  },
};

function wait(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, clampDelay(ms));
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

function clampDelay(ms: number): number {
  return Math.min(Math.max(0, Math.ceil(ms)), LONGEST_DELAY);
}
