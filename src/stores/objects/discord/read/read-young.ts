/**
 * Messages that were posted a moment ago: Discord may say for a while that it does not know them.
 *
 * @module
 */
import { pause } from "../../../timing.ts";
import type { Message } from "../api/message.ts";
import { RefusedError } from "../rest/refused-error.ts";
import type { ServerClock } from "../rest/server-clock.ts";
import { snowflakeTime } from "../snowflake.ts";
import type { SteadyTiming } from "../steady-timing.ts";

/** What tells young messages from old ones. */
export interface YouthParts {
  readonly timing: SteadyTiming;
  readonly clock: ServerClock;
  /** A message younger than this may not be readable yet, ms. */
  readonly readLagMs: number;
}

/** Pause between two looks for a message that is too young to be given up, ms. */
const LAG_PAUSE_MS = 1000;

/**
 * Reads a message, again and again while it is said to be gone and is too young for that to be believed.
 * @throws what `read` throws: a RefusedError that tells of a message gone is final
 */
export async function readYoung(
  { timing, clock, readLagMs }: YouthParts,
  id: string,
  read: () => Promise<Message>,
  signal: AbortSignal | undefined,
): Promise<Message> {
  for (;;) {
    try {
      return await read();
    } catch (error) {
      const isGone = error instanceof RefusedError && error.isMessageGone;
      if (!isGone || clock.now() - snowflakeTime(id) > readLagMs) throw error;
      await pause(timing, LAG_PAUSE_MS, signal);
    }
  }
}
