/**
 * Eventual consistency (Discord documentation, reference, section Consistency).
 *
 * @module
 */
import type { Discord } from "../discord.ts";
import type { Message } from "../model/message.ts";

/** Whether a message has got through to where readers look: the API is only eventually consistent. */
export function isReadable({ clock, settings }: Discord, message: Message): boolean {
  return clock.now() - message.createdAt >= settings.readLagMs;
}
