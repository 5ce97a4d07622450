/** @module */
import { onAbort } from "../on-abort.ts";

/**
 * Waits for shared work that goes on for others when this one stops waiting.
 * @throws what the work throws; the signal's reason as soon as it is aborted
 */
export async function raceAbort<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  work.catch(() => undefined);
  signal.throwIfAborted();
  let stay = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stay = onAbort(signal, () => reject(signal.reason));
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    stay();
  }
}
