/**
 * A bot about itself.
 *
 * @module
 */
import { jsonReply } from "../../http/reply.ts";
import { guildPermissions } from "../../model/permission.ts";
import { callingBot, type Route } from "../call.ts";
import { applicationView } from "../views/application-view.ts";
import { guildListView } from "../views/guild-view.ts";
import { ownUserView } from "../views/user-view.ts";

/** Routes of the calling bot. */
export const USER_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/users/@me",
    access: "bot",
    rate: "other",
    handle: (call) => jsonReply(200, ownUserView(callingBot(call))),
  },
  {
    method: "GET",
    path: "/users/@me/guilds",
    access: "bot",
    rate: "other",
    handle: (call) => {
      const bot = callingBot(call);
      const guilds = bot.memberships.flatMap(({ guildId }) => {
        return call.discord.world.guilds.get(guildId) ?? [];
      });
      return jsonReply(
        200,
        guilds.map((guild) => guildListView(guild, guildPermissions(bot, guild))),
      );
    },
  },
  {
    method: "GET",
    path: "/applications/@me",
    access: "bot",
    rate: "other",
    handle: (call) => jsonReply(200, applicationView(callingBot(call))),
  },
];
