/**
 * How the API shows users. Views are plain JSON; their fields are in Discord's documentation.
 *
 * @module
 */
import type { Account } from "../../model/account.ts";

/** A user as others see it. */
export function userView({ id, username }: Account): Record<string, unknown> {
  return {
    ...nobody(id, username),
    public_flags: 0,
    flags: 0,
    primary_guild: null,
  };
}

/** A bot as it sees itself. */
export function ownUserView(account: Account): Record<string, unknown> {
  return {
    ...userView(account),
    mfa_enabled: true,
    locale: "en-US",
    premium_type: 0,
    email: null,
    verified: true,
    bio: "",
  };
}

/** The user that a webhook's message seems to be from. */
export function webhookUserView(webhookId: string, name: string): Record<string, unknown> {
  return {
    ...nobody(webhookId, name),
    discriminator: "0000",
    public_flags: 0,
    flags: 0,
    primary_guild: null,
  };
}

function nobody(id: string, username: string): Record<string, unknown> {
  return { id, username, avatar: null, discriminator: "0", global_name: null, bot: true };
}
