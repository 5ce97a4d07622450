/**
 * Every message, by id and by channel.
 *
 * @module
 */
import type { Records } from "../storage/records.ts";
import type { Message } from "./message.ts";
import { type HistoryQuery, MessageHistory } from "./message-history.ts";
import { Table } from "./table.ts";

/** The messages of all channels. */
export class Messages {
  readonly #table: Table<Message>;
  readonly #histories = new Map<string, MessageHistory>();

  constructor(records: Records) {
    this.#table = new Table("messages", records);
    for (const { channelId, id } of this.#table.values()) this.#history(channelId).append(id);
  }

  /** @returns the message, if it stands in that channel */
  get(channelId: string, id: string): Message | undefined {
    const message = this.#table.get(id);
    return message?.channelId === channelId ? message : undefined;
  }

  /** Adds a message, or replaces the one of the same id. */
  put(message: Message): Message {
    if (!this.#table.get(message.id)) this.#history(message.channelId).append(message.id);
    return this.#table.put(message);
  }

  delete(message: Message): void {
    if (this.#table.delete(message.id)) this.#history(message.channelId).remove(message.id);
  }

  /** Messages of a channel, newest first. */
  list(channelId: string, query: HistoryQuery): Message[] {
    return this.#resolve(this.#history(channelId).list(query));
  }

  /** All messages of a channel, oldest first. */
  ofChannel(channelId: string): Message[] {
    return this.#resolve(this.#history(channelId).all());
  }

  values(): Message[] {
    return this.#table.values();
  }

  #resolve(ids: readonly string[]): Message[] {
    return ids.map((id) => this.#table.get(id) as Message);
  }

  #history(channelId: string): MessageHistory {
    let history = this.#histories.get(channelId);
    if (!history) {
      history = new MessageHistory();
      this.#histories.set(channelId, history);
    }
    return history;
  }
}
