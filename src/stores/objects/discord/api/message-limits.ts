/**
 * Limits of requests about one message: they depend on how old it is (Discord's observed behaviour; a wrong guess costs
 * a wait, not more).
 *
 * @module
 */
import type { HiddenGate } from "../limits/rate-limiter.ts";
import type { DiscordSettings } from "../settings.ts";
import { snowflakeTime } from "../snowflake.ts";

const SECOND_MS = 1000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Older messages cannot be deleted in bulk, and fall under another limit. */
export const OLD_MESSAGE_MS: number = 14 * DAY_MS;

/** Which limit the deletion of a message falls under. */
export function deletionRoute(messageId: string, nowMs: number): string {
  const ageMs = nowMs - snowflakeTime(messageId);
  if (ageMs > OLD_MESSAGE_MS) return "delete old message";
  return ageMs > 10 * SECOND_MS ? "delete message" : "delete new message";
}

/** The limit on edits of a channel's old messages; undefined for a new one. */
export function editGate(
  message: { readonly channelId: string; readonly id: string },
  nowMs: number,
  settings: DiscordSettings,
): HiddenGate | undefined {
  if (nowMs - snowflakeTime(message.id) < HOUR_MS - 10 * SECOND_MS) return undefined;
  return { key: `edits ${message.channelId}`, allowance: settings.editsOfOldMessages };
}
