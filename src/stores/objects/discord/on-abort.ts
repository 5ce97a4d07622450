/** @module */
import { setMaxListeners } from "node:events";

/**
 * Calls a function when a signal is aborted. One signal may end any number of calls, which Node would warn of.
 * @returns takes the function off the signal again
 */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (signal === undefined) return () => undefined;
  setMaxListeners(0, signal);
  signal.addEventListener("abort", listener, { once: true });
  return () => signal.removeEventListener("abort", listener);
}
