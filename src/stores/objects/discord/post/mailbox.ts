/**
 * Where messages are posted: a channel by the bot, or a webhook. Each is also where a message whose posting was not
 * answered is looked for.
 *
 * @module
 */
import type { ChannelApi, MessageRef } from "../api/channel-api.ts";
import { HISTORY_MAX } from "../api/channel-api.ts";
import type { Message } from "../api/message.ts";
import type { MessageForm } from "../api/message-form.ts";
import type { WebhookApi } from "../api/webhook-api.ts";
import type { Gates } from "../limits/rate-limiter.ts";
import { isHidden } from "../read/message-reader.ts";
import type { RestOptions } from "../rest/rest.ts";
import { snowflakeBefore } from "../snowflake.ts";
import type { Webhook } from "../webhook.ts";
import { isPostOf } from "./parcel.ts";

/** A place to post at. */
export interface Mailbox {
  /** "channel 123" or "webhook 456". */
  readonly name: string;
  /** The webhook, when it is one. */
  readonly webhookId: string | undefined;
  /** Limits that {@link post} waits for. */
  gates(): Gates;
  post(form: MessageForm, options: RestOptions): Promise<Message>;
  /**
   * The message of a post; undefined when there is none.
   * @param sinceMs - when it was made at the earliest, by Discord's clock, if that is known
   */
  find(
    form: MessageForm,
    sinceMs: number | undefined,
    options: RestOptions,
  ): Promise<Message | undefined>;
  read(messageId: string, options: RestOptions): Promise<Message>;
  remove(messageId: string, options: RestOptions): Promise<void>;
}

/** Discord's clock is known to the second, and a message's id is made before it is answered, ms. */
const CLOCK_SLACK_MS = 5000;

/** A channel in which the bot posts. */
export class ChannelMailbox implements Mailbox {
  readonly name: string;
  readonly webhookId: undefined = undefined;
  readonly #api: ChannelApi;
  readonly #channelId: string;

  constructor(api: ChannelApi, channelId: string) {
    this.name = `channel ${channelId}`;
    this.#api = api;
    this.#channelId = channelId;
  }

  gates(): Gates {
    return this.#api.postGates(this.#channelId);
  }

  post(form: MessageForm, options: RestOptions): Promise<Message> {
    return this.#api.post(this.#channelId, form, options);
  }

  async find(
    form: MessageForm,
    sinceMs: number | undefined,
    options: RestOptions,
  ): Promise<Message | undefined> {
    const messages = await listSince(this.#api, this.#channelId, sinceMs, options);
    return messages.find((message) => isPostOf(message, form));
  }

  read(messageId: string, options: RestOptions): Promise<Message> {
    return this.#api.get(this.#ref(messageId), options);
  }

  remove(messageId: string, options: RestOptions): Promise<void> {
    return this.#api.delete(this.#ref(messageId), options);
  }

  #ref(id: string): MessageRef {
    return { channelId: this.#channelId, id };
  }
}

/** A webhook. The bot lists its messages, which may be hidden from it; the webhook itself reads each whole. */
export class WebhookMailbox implements Mailbox {
  readonly name: string;
  readonly webhookId: string;
  readonly #channelApi: ChannelApi;
  readonly #webhookApi: WebhookApi;
  readonly #webhook: Webhook;

  constructor(channelApi: ChannelApi, webhookApi: WebhookApi, webhook: Webhook) {
    this.name = `webhook ${webhook.address.id}`;
    this.webhookId = webhook.address.id;
    this.#channelApi = channelApi;
    this.#webhookApi = webhookApi;
    this.#webhook = webhook;
  }

  gates(): Gates {
    return this.#webhookApi.postGates(this.#webhook);
  }

  post(form: MessageForm, options: RestOptions): Promise<Message> {
    return this.#webhookApi.post(this.#webhook, form, options);
  }

  async find(
    form: MessageForm,
    sinceMs: number | undefined,
    options: RestOptions,
  ): Promise<Message | undefined> {
    const { channelId } = this.#webhook;
    for (const seen of await listSince(this.#channelApi, channelId, sinceMs, options)) {
      if (seen.webhookId !== this.webhookId) continue;
      const message = isHidden(seen) ? await this.read(seen.id, options) : seen;
      if (isPostOf(message, form)) return message;
    }
    return undefined;
  }

  read(messageId: string, options: RestOptions): Promise<Message> {
    return this.#webhookApi.get(this.#webhook, messageId, options);
  }

  remove(messageId: string, options: RestOptions): Promise<void> {
    return this.#webhookApi.delete(this.#webhook, messageId, options);
  }
}

/** Messages since a time: one call shows more than any channel takes while one post is waited for. */
function listSince(
  api: ChannelApi,
  channelId: string,
  sinceMs: number | undefined,
  options: RestOptions,
): Promise<readonly Message[]> {
  const after = sinceMs === undefined ? undefined : snowflakeBefore(sinceMs - CLOCK_SLACK_MS);
  return api.list(channelId, { after, limit: HISTORY_MAX }, options);
}
