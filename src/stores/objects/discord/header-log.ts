/**
 * The header log: records as messages of the bot in the vault's header channel. Message order is the order of records.
 *
 * Whatever else stands in the channel (other members' messages, notices, garbage) is passed over; a record that somebody
 * else forged is no message of this bot's, and one by the bot of another vault fails by the header's tag.
 *
 * What was appended here is in every list from then on: Discord may need a moment to list it, which is waited for.
 *
 * @module
 */
import { StoreError } from "../../../core/base/errors.ts";
import { pause } from "../../timing.ts";
import type { CallOptions, LogRecord, NewRecord } from "../object-store.ts";
import { type ChannelApi, HISTORY_MAX } from "./api/channel-api.ts";
import type { Message } from "./api/message.ts";
import { decodeRecord, encodeRecord } from "./content-codec.ts";
import { encodeObjectId } from "./object-id.ts";
import { ChannelMailbox } from "./post/mailbox.ts";
import type { Poster } from "./post/poster.ts";
import { RefusedError } from "./rest/refused-error.ts";
import { isSnowflake, padSnowflake, snowflakeTime, unpadSnowflake } from "./snowflake.ts";
import type { SteadyTiming } from "./steady-timing.ts";
import { UnseenMessages } from "./unseen-messages.ts";

/** What the log works with. */
export interface HeaderLogParts {
  readonly channels: ChannelApi;
  readonly poster: Poster;
  readonly channelId: string;
  /** Users whose records count: the bot, and bots it took the place of. */
  readonly writers: ReadonlySet<string>;
  /** Told of every message that was read. */
  readonly onMessage: (message: Message) => void;
  readonly timing: SteadyTiming;
  /** A message younger than this may not be listed yet, ms. */
  readonly readLagMs: number;
}

/** Pause before a list that lacks what was appended is asked for again, ms. */
const LAG_PAUSE_MS = 250;

/** Type of messages that somebody wrote. */
const WRITTEN = 0;

/** Records of one vault. */
export class HeaderLog {
  readonly #parts: HeaderLogParts;
  readonly #mailbox: ChannelMailbox;
  readonly #unseen: UnseenMessages;

  constructor(parts: HeaderLogParts) {
    this.#parts = parts;
    this.#unseen = new UnseenMessages(parts.timing, parts.readLagMs);
    this.#mailbox = new ChannelMailbox(parts.channels, parts.channelId);
  }

  /** Posts a record; the same nonce within minutes is posted once. */
  async append(record: NewRecord, { signal }: CallOptions = {}): Promise<LogRecord> {
    const parcel = {
      content: encodeRecord(record),
      files: record.attachments,
      nonce: record.nonce,
    };
    const message = await this.#parts.poster.post(this.#mailbox, parcel, { signal });
    this.#unseen.note(message.id);
    return recordOf(message, record);
  }

  /** Records, newest first. */
  async list(
    limit: number,
    before: string | undefined,
    { signal }: CallOptions = {},
  ): Promise<readonly LogRecord[]> {
    if (before !== undefined) return this.#list(limit, messageIdOf(before), signal);
    for (;;) {
      const records = await this.#list(limit, undefined, signal);
      const listed = new Set(records.map(({ position }) => messageIdOf(position)));
      if (!this.#unseen.isLacking(listed)) return records;
      await pause(this.#parts.timing, LAG_PAUSE_MS, signal);
    }
  }

  async #list(
    limit: number,
    before: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<readonly LogRecord[]> {
    const { channels, channelId } = this.#parts;
    const records: LogRecord[] = [];
    let end = before;
    while (records.length < limit) {
      const query = { limit: HISTORY_MAX, before: end };
      const messages = await channels.list(channelId, query, { signal });
      if (messages.length === 0 && end === undefined) await this.#proveEmpty(signal);
      for (const message of messages) this.#take(message, records);
      if (messages.length < HISTORY_MAX) break;
      end = messages.at(-1)?.id;
    }
    return records.slice(0, limit);
  }

  /** Deletes records with their attachments. */
  async delete(positions: readonly string[], { signal }: CallOptions = {}): Promise<void> {
    for (const position of positions) {
      const id = messageIdOf(position);
      await this.#mailbox.remove(id, { signal });
      this.#unseen.forget(id);
    }
  }

  #take(message: Message, records: LogRecord[]): void {
    const { writers, onMessage } = this.#parts;
    const isOwn = message.webhookId === undefined && writers.has(message.authorId);
    if (!isOwn || message.type !== WRITTEN) return;
    const text = decodeRecord(message.content);
    if (text === undefined) return;
    onMessage(message);
    records.push(recordOf(message, text));
  }

  /**
   * Whoever may not read a channel's history is shown an empty one. A message that cannot exist tells the two apart: it is
   * unknown to who may read, and refused to who may not.
   */
  async #proveEmpty(signal: AbortSignal | undefined): Promise<void> {
    const { channels, channelId } = this.#parts;
    try {
      await channels.get({ channelId, id: channelId }, { signal });
    } catch (error) {
      if (error instanceof RefusedError && error.isMessageGone) return;
      if (!(error instanceof RefusedError && error.status === 403)) throw error;
      throw unreadable(channelId, error);
    }
  }
}

function recordOf(message: Message, { kind, body }: Pick<LogRecord, "kind" | "body">): LogRecord {
  const { id, channelId, attachments } = message;
  return {
    position: padSnowflake(id),
    kind,
    body: new Uint8Array(body),
    attachments: attachments.map(({ id: attachmentId, size }) => ({
      id: encodeObjectId({
        channelId,
        messageId: id,
        attachmentId,
        webhookId: undefined,
      }),
      length: size,
    })),
    timeMs: snowflakeTime(id),
  };
}

function unreadable(channelId: string, cause: unknown): StoreError {
  return new StoreError(
    "STORE_DENIED",
    `the bot may not read what was posted in channel ${channelId}: give it Read Message History there`,
    { cause },
  );
}

function messageIdOf(position: string): string {
  const id = unpadSnowflake(position);
  if (isSnowflake(id)) return id;
  throw new StoreError("STORE_FAILED", `${position} is no position in a log at discord`);
}
