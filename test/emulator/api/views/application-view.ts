/**
 * How the API shows applications.
 *
 * @module
 */
import type { Account } from "../../model/account.ts";
import { userView } from "./user-view.ts";

/** The Message Content intent of an application in fewer than 100 guilds. */
const MESSAGE_CONTENT_LIMITED = 1 << 19;

/** How the API shows a bot's application to the bot. An application has the id of its bot, and owns itself here. */
export function applicationView(bot: Account): Record<string, unknown> {
  const flags = bot.readsContent ? MESSAGE_CONTENT_LIMITED : 0;
  return {
    id: bot.id,
    name: bot.username,
    icon: null,
    description: "",
    type: null,
    verify_key: "0".repeat(64),
    flags,
    flags_new: String(flags),
    redirect_uris: [],
    interactions_endpoint_url: null,
    role_connections_verification_url: null,
    owner: userView(bot),
    approximate_guild_count: bot.memberships.length,
    approximate_user_install_count: 0,
    approximate_user_authorization_count: 0,
    explicit_content_filter: 0,
    team: null,
    eligible_oauth2_scopes: [],
    bot_public: false,
    bot_require_code_grant: false,
  };
}
