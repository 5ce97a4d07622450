/**
 * Webhooks.
 *
 * @module
 */

/** An incoming webhook: whoever has its token may post in its channel. */
export interface Webhook {
  readonly id: string;
  readonly guildId: string;
  readonly channelId: string;
  readonly name: string;
  readonly token: string;
  /** The bot that made it. */
  readonly creatorId: string;
}
