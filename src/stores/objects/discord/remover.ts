/**
 * Deletes objects. A message goes when nothing in it is kept; else the attachments that go are taken out of it. What a
 * message holds is read anew each time: deleting by a memory that is wrong would lose data.
 *
 * @module
 */
import type { ObjectId } from "../object-store.ts";
import { type ChannelApi, HISTORY_MAX, type MessageRef } from "./api/channel-api.ts";
import type { Attachment, Message } from "./api/message.ts";
import { OLD_MESSAGE_MS } from "./api/message-limits.ts";
import type { WebhookApi } from "./api/webhook-api.ts";
import { Slots } from "./http/slots.ts";
import { decodeObjectId } from "./object-id.ts";
import type { MessageReader } from "./read/message-reader.ts";
import { RefusedError } from "./rest/refused-error.ts";
import type { ServerClock } from "./rest/server-clock.ts";
import { snowflakeTime } from "./snowflake.ts";
import type { Webhook } from "./webhook.ts";

/** What a remover works with. */
export interface RemoverParts {
  readonly channels: ChannelApi;
  readonly webhookApi: WebhookApi;
  readonly webhooks: ReadonlyMap<string, Webhook>;
  readonly reader: MessageReader;
  readonly clock: ServerClock;
  /** Told of every attachment that is gone. */
  readonly onRemoved: (attachmentId: string) => void;
}

/** Attachments of one message that are to go. */
interface Removal extends MessageRef {
  readonly webhookId: string | undefined;
  readonly attachmentIds: Set<string>;
}

/** Messages this close to two weeks are taken to be older, ms. */
const OLD_MARGIN_MS = 3_600_000;

/** Deletes objects, one call after the other. */
export class Remover {
  readonly #parts: RemoverParts;
  readonly #turn = new Slots(1);
  /** Channels in which messages cannot be deleted in bulk. */
  readonly #singly = new Set<string>();

  constructor(parts: RemoverParts) {
    this.#parts = parts;
  }

  /** Removes objects; ones that are gone already are fine. */
  async remove(ids: readonly ObjectId[], signal?: AbortSignal): Promise<void> {
    const leave = await this.#turn.enter(signal);
    try {
      const removals = removalsOf(ids);
      for (let at = 0; at < removals.length; at += HISTORY_MAX) {
        await this.#removeSome(removals.slice(at, at + HISTORY_MAX), signal);
      }
    } finally {
      leave();
    }
  }

  async #removeSome(removals: readonly Removal[], signal: AbortSignal | undefined): Promise<void> {
    const messages = await Promise.all(removals.map((removal) => this.#read(removal)));
    const whole = new Map<string, Removal[]>();
    for (const [index, removal] of removals.entries()) {
      const attachments = messages[index]?.attachments ?? [];
      const kept = attachments.filter(({ id }) => !removal.attachmentIds.has(id));
      if (messages[index] !== undefined && kept.length === 0) {
        const { channelId } = removal;
        whole.set(channelId, [...(whole.get(channelId) ?? []), removal]);
        continue;
      }
      if (kept.length < attachments.length) await this.#keep(removal, kept, signal);
      this.#tell(removal);
    }
    for (const [channelId, ofChannel] of whole) {
      await this.#removeMessages(channelId, ofChannel, signal);
    }
  }

  async #read(removal: Removal): Promise<Message | undefined> {
    try {
      return await this.#parts.reader.read(removal, removal.webhookId);
    } catch (error) {
      if (error instanceof RefusedError && error.isMessageGone) return undefined;
      throw error;
    }
  }

  async #keep(
    removal: Removal,
    kept: readonly Attachment[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { channels, webhookApi } = this.#parts;
    const ids = kept.map(({ id }) => id);
    const webhook = this.#webhookOf(removal);
    if (webhook) await webhookApi.keep(webhook, removal.id, ids, { signal });
    else await channels.keep(removal, ids, { signal });
  }

  /** Deletes at most a hundred messages of one channel: those that allow it all at once. */
  async #removeMessages(
    channelId: string,
    removals: readonly Removal[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const young = removals.filter((one) => this.#isYoung(one));
    const isBatch = young.length >= 2 && !this.#singly.has(channelId);
    const isDone = isBatch && (await this.#removeBatch(channelId, young, signal));
    for (const removal of removals) {
      if (!isDone || !young.includes(removal)) await this.#removeMessage(removal, signal);
    }
  }

  /** @returns false when that takes more rights than the bot has, or a message was too old after all */
  async #removeBatch(
    channelId: string,
    batch: readonly Removal[],
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const ids = batch.map(({ id }) => id);
    try {
      await this.#parts.channels.bulkDelete(channelId, ids, { signal });
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      this.#singly.add(channelId);
      return false;
    }
    for (const removal of batch) this.#tell(removal);
    return true;
  }

  async #removeMessage(removal: Removal, signal: AbortSignal | undefined): Promise<void> {
    const { channels, webhookApi } = this.#parts;
    const webhook = this.#webhookOf(removal);
    if (webhook) await webhookApi.delete(webhook, removal.id, { signal });
    else await channels.delete(removal, { signal });
    this.#tell(removal);
  }

  #isYoung({ id }: Removal): boolean {
    return this.#parts.clock.now() - snowflakeTime(id) < OLD_MESSAGE_MS - OLD_MARGIN_MS;
  }

  #webhookOf({ webhookId }: Removal): Webhook | undefined {
    return webhookId === undefined ? undefined : this.#parts.webhooks.get(webhookId);
  }

  #tell({ attachmentIds }: Removal): void {
    for (const id of attachmentIds) this.#parts.onRemoved(id);
  }
}

/** What is to go, by message. */
function removalsOf(ids: readonly ObjectId[]): readonly Removal[] {
  const removals = new Map<string, Removal>();
  for (const id of ids) {
    const { channelId, messageId, attachmentId, webhookId } = decodeObjectId(id);
    let removal = removals.get(messageId);
    if (removal === undefined) {
      removal = { channelId, id: messageId, webhookId, attachmentIds: new Set() };
      removals.set(messageId, removal);
    }
    removal.attachmentIds.add(attachmentId);
  }
  return [...removals.values()];
}
