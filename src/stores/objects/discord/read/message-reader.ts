/**
 * Reads messages with data by whoever is shown what they hold.
 *
 * Discord hides what others posted from a bot without the Message Content intent, even what the bot's own webhooks posted
 * (discord-api-docs #5411): such a message is shown empty, which none of the store's own ever is. Then the webhook that
 * posted it reads it.
 *
 * @module
 */
import { StoreError } from "../../../../core/base/errors.ts";
import type { MessageRef } from "../api/channel-api.ts";
import type { Message } from "../api/message.ts";
import type { WebhookApi } from "../api/webhook-api.ts";
import type { Webhook } from "../webhook.ts";
import type { MessageFinder } from "./message-finder.ts";

/** What a reader works with. */
export interface ReaderParts {
  readonly finder: MessageFinder;
  readonly webhookApi: WebhookApi;
  /** Webhooks whose token is known, by id. */
  readonly webhooks: ReadonlyMap<string, Webhook>;
  /** Told of messages read by a webhook. */
  readonly onMessage: (message: Message) => void;
  /** Ends all reading. */
  readonly closing: AbortSignal;
}

const HIDDEN =
  "discord hides from the bot what others posted: turn on the Message Content intent in the developer portal, or give the webhook's URL";

/** Reads whole messages. */
export class MessageReader {
  readonly #parts: ReaderParts;
  /** Whether the bot was found to be shown nothing of webhooks' messages. */
  #hidesWebhooks = false;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
  }

  /**
   * Reads a message.
   * @param webhookId - the webhook that posted it, if one did
   * @throws RefusedError, LostError; StoreError STORE_DENIED when it is hidden and the webhook's token not known
   */
  async read(ref: MessageRef, webhookId: string | undefined): Promise<Message> {
    const { finder, webhooks } = this.#parts;
    const webhook = webhookId === undefined ? undefined : webhooks.get(webhookId);
    if (webhook === undefined || !this.#hidesWebhooks) {
      const message = await finder.find(ref);
      if (!isHidden(message)) return message;
      if (webhook === undefined) throw new StoreError("STORE_DENIED", HIDDEN);
      this.#hidesWebhooks = true;
    }
    return this.#readByWebhook(webhook, ref.id);
  }

  /** A message that was listed, read again by its webhook if it is hidden; undefined when nobody here may read it. */
  async reveal(listed: Message): Promise<Message | undefined> {
    if (!isHidden(listed)) return listed;
    const webhook = this.#parts.webhooks.get(listed.webhookId ?? "");
    return webhook === undefined ? undefined : this.#readByWebhook(webhook, listed.id);
  }

  async #readByWebhook(webhook: Webhook, id: string): Promise<Message> {
    const { webhookApi, onMessage, closing } = this.#parts;
    const message = await webhookApi.get(webhook, id, { signal: closing });
    onMessage(message);
    return message;
  }
}

/** Whether a message is shown without what it holds. */
export function isHidden({ content, attachments }: Message): boolean {
  return content === "" && attachments.length === 0;
}
