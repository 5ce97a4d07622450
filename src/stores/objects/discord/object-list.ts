/**
 * Walks through the channels with data, newest messages first, and tells which attachments are this vault's objects: those
 * of messages that the bot or one of its webhooks posted with the vault's label. Nothing else in a channel is ever taken
 * for an object, and so nothing else is ever deleted. In the header channel, every attachment of a writer's is one.
 *
 * @module
 */
import type { ListedObject, ListOptions } from "../object-store.ts";
import { type ChannelApi, HISTORY_MAX } from "./api/channel-api.ts";
import type { Message } from "./api/message.ts";
import { encodeObjectId } from "./object-id.ts";
import type { MessageReader } from "./read/message-reader.ts";
import { snowflakeTime } from "./snowflake.ts";

/** What a list works with. */
export interface ObjectListParts {
  readonly channels: ChannelApi;
  readonly reader: MessageReader;
  /** Channels with data. */
  readonly channelIds: ReadonlySet<string>;
  readonly headerChannel: string;
  /** Users whose messages count, and webhooks, by id. */
  readonly writers: ReadonlySet<string>;
  /** Content of the vault's messages with data. */
  readonly label: string;
}

/** Every object of a vault; with attachments of records, those of the header channel too. */
export async function* listObjects(
  parts: ObjectListParts,
  { signal, withAttachments = false }: ListOptions,
): AsyncIterable<ListedObject> {
  for (const channelId of parts.channelIds) {
    for await (const message of messagesIn(parts, channelId, signal)) {
      if (message.content === parts.label) yield* objectsOf(message);
    }
  }
  if (!withAttachments) return;
  for await (const message of messagesIn(parts, parts.headerChannel, signal)) {
    yield* objectsOf(message);
  }
}

/** What the vault's writers posted in a channel, as far as it is shown. */
async function* messagesIn(
  { channels, reader, writers }: ObjectListParts,
  channelId: string,
  signal: AbortSignal | undefined,
): AsyncIterable<Message> {
  let before: string | undefined;
  for (;;) {
    const messages = await channels.list(channelId, { limit: HISTORY_MAX, before }, { signal });
    for (const listed of messages) {
      if (!writers.has(listed.webhookId ?? listed.authorId)) continue;
      const message = await reader.reveal(listed);
      if (message !== undefined) yield message;
    }
    if (messages.length < HISTORY_MAX) return;
    before = messages.at(-1)?.id;
  }
}

function* objectsOf({ id, channelId, webhookId, attachments }: Message): Iterable<ListedObject> {
  for (const { id: attachmentId, size } of attachments) {
    const place = { channelId, messageId: id, attachmentId, webhookId };
    yield { id: encodeObjectId(place), length: size, timeMs: snowflakeTime(id) };
  }
}
