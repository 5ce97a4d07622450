/**
 * The API's calls on messages of a channel, made by the bot.
 *
 * @module
 */
import { jsonBody } from "../http/request-body.ts";
import type { Gates } from "../limits/rate-limiter.ts";
import { RefusedError } from "../rest/refused-error.ts";
import type { Rest, RestOptions } from "../rest/rest.ts";
import type { ServerClock } from "../rest/server-clock.ts";
import type { DiscordSettings } from "../settings.ts";
import { decodeMessage, decodeMessages, type Message } from "./message.ts";
import { botPostBody, type MessageForm } from "./message-form.ts";
import { deletionRoute, editGate } from "./message-limits.ts";

/** Which messages of a channel, at most 100; of `before`, `after` and `around` only one is given. */
export interface HistoryQuery {
  readonly limit: number;
  readonly before?: string | undefined;
  readonly after?: string | undefined;
  readonly around?: string | undefined;
}

/** Most messages one call lists. */
export const HISTORY_MAX = 100;

/** Names a message. */
export interface MessageRef {
  readonly channelId: string;
  readonly id: string;
}

/** What the calls need; those of webhooks too. */
export interface CallParts {
  readonly rest: Rest;
  readonly clock: ServerClock;
  readonly settings: DiscordSettings;
}

/** Messages, as the bot may post, read, change and delete them. */
export class ChannelApi {
  readonly #rest: Rest;
  readonly #clock: ServerClock;
  readonly #settings: DiscordSettings;

  constructor({ rest, clock, settings }: CallParts) {
    this.#rest = rest;
    this.#clock = clock;
    this.#settings = settings;
  }

  /** Limits that {@link post} waits for. */
  postGates(channelId: string): Gates {
    return gatesOf("post message", channelId);
  }

  /** Posts; the same nonce again within minutes answers with the first message. */
  post(channelId: string, form: MessageForm, options?: RestOptions): Promise<Message> {
    const request = {
      what: `post in channel ${channelId}`,
      method: "POST",
      path: `/channels/${channelId}/messages`,
      gates: this.postGates(channelId),
      body: botPostBody(form),
      repeatableMs: this.#settings.nonceTrustMs,
      decode: decodeMessage,
    } as const;
    return this.#rest.request(request, options);
  }

  /** Messages, newest first. Without the permission Read Message History there seem to be none. */
  list(channelId: string, query: HistoryQuery, options?: RestOptions): Promise<readonly Message[]> {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) search.set(name, String(value));
    }
    const request = {
      what: `read channel ${channelId}`,
      method: "GET",
      path: `/channels/${channelId}/messages?${search}`,
      gates: gatesOf("list messages", channelId),
      repeatableMs: Number.POSITIVE_INFINITY,
      decode: decodeMessages,
    } as const;
    return this.#rest.request(request, options);
  }

  get({ channelId, id }: MessageRef, options?: RestOptions): Promise<Message> {
    const request = {
      what: `read message ${id} of channel ${channelId}`,
      method: "GET",
      path: `/channels/${channelId}/messages/${id}`,
      gates: gatesOf("get message", channelId),
      repeatableMs: Number.POSITIVE_INFINITY,
      decode: decodeMessage,
    } as const;
    return this.#rest.request(request, options);
  }

  /** Removes all attachments of a message of the bot's but these. */
  keep(ref: MessageRef, attachmentIds: readonly string[], options?: RestOptions): Promise<Message> {
    const { channelId, id } = ref;
    const hidden = editGate(ref, this.#clock.now(), this.#settings);
    const request = {
      what: `edit message ${id} of channel ${channelId}`,
      method: "PATCH",
      path: `/channels/${channelId}/messages/${id}`,
      gates: { ...gatesOf("edit message", channelId), ...(hidden ? { hidden } : {}) },
      body: jsonBody({ attachments: attachmentIds.map((kept) => ({ id: kept })) }),
      repeatableMs: Number.POSITIVE_INFINITY,
      decode: decodeMessage,
    } as const;
    return this.#rest.request(request, options);
  }

  /** Deletes a message; one that is gone already is fine. */
  async delete({ channelId, id }: MessageRef, options?: RestOptions): Promise<void> {
    const request = {
      what: `delete message ${id} of channel ${channelId}`,
      method: "DELETE",
      path: `/channels/${channelId}/messages/${id}`,
      gates: gatesOf(deletionRoute(id, this.#clock.now()), channelId),
      repeatableMs: Number.POSITIVE_INFINITY,
      decode: () => undefined,
    } as const;
    await this.#rest.request(request, options).catch(unlessGone);
  }

  /**
   * Deletes messages younger than two weeks, which takes the permission Manage Messages.
   * @param ids - 2 to 100, none twice; ones that are gone are fine
   */
  bulkDelete(channelId: string, ids: readonly string[], options?: RestOptions): Promise<void> {
    const request = {
      what: `delete ${ids.length} messages of channel ${channelId}`,
      method: "POST",
      path: `/channels/${channelId}/messages/bulk-delete`,
      gates: gatesOf("bulk delete", channelId),
      body: jsonBody({ messages: ids }),
      repeatableMs: Number.POSITIVE_INFINITY,
      decode: () => undefined,
    } as const;
    return this.#rest.request(request, options);
  }
}

/** For calls whose aim is that a message is gone: it is. @throws every other error */
export function unlessGone(error: unknown): void {
  if (!(error instanceof RefusedError && error.isMessageGone)) throw error;
}

function gatesOf(route: string, channelId: string): Gates {
  return { route, major: channelId, caller: "bot" };
}
