/**
 * Ctrl-C as an AbortSignal: the first asks for a tidy end, the second ends at once.
 *
 * @module
 */
import { UsageError } from "../core/base/errors.ts";

/** Signals that mean "stop" to a command in the foreground. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Connects the signals of this process to an AbortSignal. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => {
    for (const name of SIGNALS) process.off(name, stop);
    controller.abort(new UsageError("CANCELLED", "stopped"));
  };
  for (const name of SIGNALS) process.on(name, stop);
  return controller.signal;
}
