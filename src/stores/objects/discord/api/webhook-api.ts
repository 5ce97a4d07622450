/**
 * The API's calls made with a webhook's token, on messages of that webhook (Discord documentation, resources/webhook).
 *
 * @module
 */
import { jsonBody } from "../http/request-body.ts";
import type { Gates } from "../limits/rate-limiter.ts";
import type { Rest, RestOptions } from "../rest/rest.ts";
import type { ServerClock } from "../rest/server-clock.ts";
import type { DiscordSettings } from "../settings.ts";
import type { Webhook, WebhookAddress } from "../webhook.ts";
import { type CallParts, unlessGone } from "./channel-api.ts";
import { asFields, idOf, optionalIdOf } from "./decode.ts";
import { decodeMessage, type Message } from "./message.ts";
import { type MessageForm, webhookPostBody } from "./message-form.ts";
import { deletionRoute, editGate } from "./message-limits.ts";

/** What a webhook says of itself. */
export interface WebhookFacts {
  readonly id: string;
  readonly channelId: string;
  readonly guildId: string | undefined;
}

/** Messages, as a webhook may post, read, change and delete its own. */
export class WebhookApi {
  readonly #rest: Rest;
  readonly #clock: ServerClock;
  readonly #settings: DiscordSettings;

  constructor({ rest, clock, settings }: CallParts) {
    this.#rest = rest;
    this.#clock = clock;
    this.#settings = settings;
  }

  /** Limits that {@link post} waits for: the webhook's own, and one that all webhooks of a channel share. */
  postGates({ address, channelId }: Webhook): Gates {
    const hidden = { key: `webhooks ${channelId}`, allowance: this.#settings.webhooksOfChannel };
    return { ...gatesOf("execute webhook", address), hidden };
  }

  /** Posts and waits until the message is kept. Doing it twice makes two messages. */
  post(webhook: Webhook, form: MessageForm, options?: RestOptions): Promise<Message> {
    const request = {
      what: `post by webhook ${webhook.address.id}`,
      method: "POST",
      path: `${webhook.address.path}?wait=true`,
      gates: this.postGates(webhook),
      body: webhookPostBody(form),
      repeatableMs: 0,
      decode: decodeMessage,
    } as const;
    return this.#rest.request(request, options);
  }

  /** Reads a message of this webhook, always with its content. */
  get({ address }: Webhook, id: string, options?: RestOptions): Promise<Message> {
    const request = {
      what: `read message ${id} of webhook ${address.id}`,
      method: "GET",
      path: `${address.path}/messages/${id}`,
      gates: gatesOf("get webhook message", address),
      repeatableMs: Number.POSITIVE_INFINITY,
      decode: decodeMessage,
    } as const;
    return this.#rest.request(request, options);
  }

  /** Removes all attachments of a message of this webhook but these. */
  keep(
    webhook: Webhook,
    id: string,
    attachmentIds: readonly string[],
    options?: RestOptions,
  ): Promise<Message> {
    const { address, channelId } = webhook;
    const hidden = editGate({ channelId, id }, this.#clock.now(), this.#settings);
    const request = {
      what: `edit message ${id} of webhook ${address.id}`,
      method: "PATCH",
      path: `${address.path}/messages/${id}`,
      gates: { ...gatesOf("edit webhook message", address), ...(hidden ? { hidden } : {}) },
      body: jsonBody({ attachments: attachmentIds.map((kept) => ({ id: kept })) }),
      repeatableMs: Number.POSITIVE_INFINITY,
      decode: decodeMessage,
    } as const;
    return this.#rest.request(request, options);
  }

  /** Deletes a message of this webhook; one that is gone already is fine. */
  async delete({ address }: Webhook, id: string, options?: RestOptions): Promise<void> {
    const request = {
      what: `delete message ${id} of webhook ${address.id}`,
      method: "DELETE",
      path: `${address.path}/messages/${id}`,
      gates: gatesOf(deletionRoute(id, this.#clock.now()), address),
      repeatableMs: Number.POSITIVE_INFINITY,
      decode: () => undefined,
    } as const;
    await this.#rest.request(request, options).catch(unlessGone);
  }

  /** Where the webhook posts. */
  facts(address: WebhookAddress, options?: RestOptions): Promise<WebhookFacts> {
    const request = {
      what: `look at webhook ${address.id}`,
      method: "GET",
      path: address.path,
      gates: gatesOf("get webhook", address),
      repeatableMs: Number.POSITIVE_INFINITY,
      decode: decodeFacts,
    } as const;
    return this.#rest.request(request, options);
  }
}

function gatesOf(route: string, address: WebhookAddress): Gates {
  return { route, major: address.id, caller: "webhook" };
}

function decodeFacts(json: unknown): WebhookFacts {
  const fields = asFields(json);
  return {
    id: idOf(fields, "id"),
    channelId: idOf(fields, "channel_id"),
    guildId: optionalIdOf(fields, "guild_id"),
  };
}
