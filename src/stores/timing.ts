/**
 * Time as the stores use it, handed in, so that tests decide when a timer rings.
 *
 * @module
 */

/** A clock and timers. */
export interface Timing {
  /** Milliseconds since the epoch as this machine believes, right or wrong. */
  wall(): number;
  /** Calls `body` once, later, unless the function that is returned is called before. */
  after(ms: number, body: () => void): () => void;
}

/** Lets time pass. Rejects with the signal's reason when it is aborted first. */
export function pause(timing: Timing, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = (): void => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = timing.after(ms, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
