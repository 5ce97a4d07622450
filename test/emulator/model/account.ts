/**
 * User accounts.
 *
 * @module
 */

/** A user account. Every account here is a bot: user tokens are not Discord's to script, and so not ours. */
export interface Account {
  readonly id: string;
  readonly username: string;
  /** What follows `Bot ` in the Authorization header; undefined once it was revoked. */
  readonly token: string | undefined;
  /** The Message Content intent, a switch of the developer portal. */
  readonly readsContent: boolean;
  readonly memberships: readonly Membership[];
}

/** An account in a guild. */
export interface Membership {
  readonly guildId: string;
  readonly roleIds: readonly string[];
}
