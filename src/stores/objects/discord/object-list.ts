/**
 * Walks through the channels with data, newest messages first, and tells which attachments are this vault's objects: those
 * of messages that the bot or one of its webhooks posted with the vault's label. Nothing else in a channel is ever taken
 * for an object, and so nothing else is ever deleted.
 *
 * @module
 */
import type { StoredObject } from "../object-store.ts";
import { type ChannelApi, HISTORY_MAX } from "./api/channel-api.ts";
import type { Message } from "./api/message.ts";
import { encodeObjectId } from "./object-id.ts";
import type { MessageReader } from "./read/message-reader.ts";
import { snowflakeTime } from "./snowflake.ts";

/** What a list works with. */
export interface ObjectListParts {
  readonly channels: ChannelApi;
  readonly reader: MessageReader;
  readonly channelIds: ReadonlySet<string>;
  /** Users whose messages count, and webhooks, by id. */
  readonly writers: ReadonlySet<string>;
  /** Content of the vault's messages with data. */
  readonly label: string;
}

/** An object, and when it was posted. */
export type ListedObject = StoredObject & { readonly timeMs: number };

/** Every object of a vault. */
export async function* listObjects(
  parts: ObjectListParts,
  signal: AbortSignal | undefined,
): AsyncIterable<ListedObject> {
  for (const channelId of parts.channelIds) {
    let before: string | undefined;
    for (;;) {
      const query = { limit: HISTORY_MAX, before };
      const messages = await parts.channels.list(channelId, query, { signal });
      for (const message of messages) yield* objectsOf(parts, message);
      if (messages.length < HISTORY_MAX) break;
      before = messages.at(-1)?.id;
    }
  }
}

async function* objectsOf(
  { reader, writers, label }: ObjectListParts,
  listed: Message,
): AsyncIterable<ListedObject> {
  if (!writers.has(listed.webhookId ?? listed.authorId)) return;
  const message = await reader.reveal(listed);
  if (message?.content !== label) return;
  const { id: messageId, channelId, webhookId } = message;
  for (const { id: attachmentId, size } of message.attachments) {
    const place = { channelId, messageId, attachmentId, webhookId };
    yield { id: encodeObjectId(place), length: size, timeMs: snowflakeTime(messageId) };
  }
}
