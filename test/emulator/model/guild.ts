/**
 * Guilds and their roles.
 *
 * @module
 */

/** A guild ("server"). Its first role is `@everyone`, which has the guild's own id. */
export interface Guild {
  readonly id: string;
  readonly name: string;
  readonly ownerId: string;
  /** Boost tier: decides how large a file may be. */
  readonly premiumTier: PremiumTier;
  readonly roles: readonly Role[];
}

/** Levels of boosting. */
export type PremiumTier = 0 | 1 | 2 | 3;

/** A named set of permissions; the bits as a decimal string, as Discord writes them. */
export interface Role {
  readonly id: string;
  readonly name: string;
  readonly permissions: string;
  /** Whether it belongs to a bot and cannot be given to others. */
  readonly isManaged: boolean;
}
