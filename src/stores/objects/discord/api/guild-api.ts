/**
 * The API's calls for finding one's way: who the bot is, which servers and channels it sees, and making channels. Discord
 * calls a server a guild.
 *
 * @module
 */
import type {
  RESTPostAPIChannelWebhookJSONBody,
  RESTPostAPIGuildChannelJSONBody,
} from "discord-api-types/v10";
import { jsonBody } from "../http/request-body.ts";
import type { Gates } from "../limits/rate-limiter.ts";
import type { Rest, RestOptions } from "../rest/rest.ts";
import type { Webhook } from "../webhook.ts";
import { WebhookAddress } from "../webhook.ts";
import { asFields, asList, countOf, idOf, optionalIdOf, optionalTextOf, textOf } from "./decode.ts";

/** The bot's own account. */
export interface OwnUser {
  readonly id: string;
  readonly username: string;
  readonly isBot: boolean;
}

/** A server. */
export interface Guild {
  readonly id: string;
  readonly name: string;
  /** 0 to 3; undefined in lists. */
  readonly boostTier: number | undefined;
}

/** A channel. */
export interface Channel {
  readonly id: string;
  readonly guildId: string | undefined;
  /** {@link TEXT_CHANNEL} for one that messages and files can be posted in. */
  readonly type: number;
  readonly name: string;
  readonly topic: string | undefined;
}

/** The type of plain text channels. */
export const TEXT_CHANNEL = 0;

/** GATEWAY_MESSAGE_CONTENT and GATEWAY_MESSAGE_CONTENT_LIMITED. */
const CONTENT_FLAGS = (1 << 18) | (1 << 19);

/** Accounts, servers and channels. */
export class GuildApi {
  readonly #rest: Rest;

  constructor(rest: Rest) {
    this.#rest = rest;
  }

  /** The account the token belongs to. */
  me(options?: RestOptions): Promise<OwnUser> {
    return this.#get("ask who the bot is", "/users/@me", decodeUser, options);
  }

  /** Whether the Message Content intent is on in the developer portal. */
  readsContent(options?: RestOptions): Promise<boolean> {
    const path = "/applications/@me";
    return this.#get("look at the bot's application", path, decodeReadsContent, options);
  }

  /** Servers the bot is in. */
  guilds(options?: RestOptions): Promise<readonly Guild[]> {
    const decode = (json: unknown): readonly Guild[] => asList(json, decodeGuild);
    return this.#get("list the bot's servers", "/users/@me/guilds", decode, options);
  }

  guild(id: string, options?: RestOptions): Promise<Guild> {
    return this.#get(`look at server ${id}`, `/guilds/${id}`, decodeGuild, options);
  }

  /** Channels of a server. */
  channels(guildId: string, options?: RestOptions): Promise<readonly Channel[]> {
    const decode = (json: unknown): readonly Channel[] => asList(json, decodeChannel);
    const what = `list the channels of server ${guildId}`;
    return this.#get(what, `/guilds/${guildId}/channels`, decode, options);
  }

  channel(id: string, options?: RestOptions): Promise<Channel> {
    return this.#get(`look at channel ${id}`, `/channels/${id}`, decodeChannel, options);
  }

  /** Makes a text channel, which takes the permission Manage Channels. */
  makeChannel(
    guildId: string,
    channel: { readonly name: string; readonly topic: string },
    options?: RestOptions,
  ): Promise<Channel> {
    const body = { ...channel, type: TEXT_CHANNEL } satisfies RESTPostAPIGuildChannelJSONBody;
    const request = {
      what: `make channel ${channel.name} in server ${guildId}`,
      method: "POST",
      path: `/guilds/${guildId}/channels`,
      gates: gatesOf("make channel", guildId),
      body: jsonBody(body),
      repeatableMs: 0,
      decode: decodeChannel,
    } as const;
    return this.#rest.request(request, options);
  }

  /** Makes a webhook, which takes the permission Manage Webhooks. */
  makeWebhook(channelId: string, name: string, options?: RestOptions): Promise<Webhook> {
    const request = {
      what: `make a webhook in channel ${channelId}`,
      method: "POST",
      path: `/channels/${channelId}/webhooks`,
      gates: gatesOf("make webhook", channelId),
      body: jsonBody({ name } satisfies RESTPostAPIChannelWebhookJSONBody),
      repeatableMs: 0,
      decode: decodeNewWebhook,
    } as const;
    return this.#rest.request(request, options);
  }

  #get<T>(
    what: string,
    path: string,
    decode: (json: unknown) => T,
    options: RestOptions | undefined,
  ): Promise<T> {
    const gates = gatesOf(path, "");
    const repeatableMs = Number.POSITIVE_INFINITY;
    return this.#rest.request({ what, method: "GET", path, gates, repeatableMs, decode }, options);
  }
}

function gatesOf(route: string, major: string): Gates {
  return { route, major, caller: "bot" };
}

function decodeUser(json: unknown): OwnUser {
  const fields = asFields(json);
  return {
    id: idOf(fields, "id"),
    username: textOf(fields, "username"),
    isBot: fields.bot === true,
  };
}

function decodeReadsContent(json: unknown): boolean {
  return (countOf(asFields(json), "flags") & CONTENT_FLAGS) !== 0;
}

function decodeGuild(json: unknown): Guild {
  const fields = asFields(json);
  const { premium_tier: tier } = fields;
  return {
    id: idOf(fields, "id"),
    name: textOf(fields, "name"),
    boostTier: typeof tier === "number" ? tier : undefined,
  };
}

function decodeChannel(json: unknown): Channel {
  const fields = asFields(json);
  return {
    id: idOf(fields, "id"),
    guildId: optionalIdOf(fields, "guild_id"),
    type: countOf(fields, "type"),
    name: textOf(fields, "name"),
    topic: optionalTextOf(fields, "topic"),
  };
}

function decodeNewWebhook(json: unknown): Webhook {
  const fields = asFields(json);
  const address = new WebhookAddress(idOf(fields, "id"), textOf(fields, "token"));
  return { address, channelId: idOf(fields, "channel_id") };
}
