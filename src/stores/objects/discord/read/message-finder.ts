/**
 * Reads single messages of a channel a hundred at a time: whoever asks while a call is under way is served by the next
 * one, and the neighbours of a message come with it, since what was written together is read together.
 *
 * @module
 */
import { type ChannelApi, HISTORY_MAX, type MessageRef } from "../api/channel-api.ts";
import type { Message } from "../api/message.ts";

interface Wish {
  readonly promise: Promise<Message>;
  readonly resolve: (message: Message) => void;
  readonly reject: (error: unknown) => void;
}

/** Messages as the bot sees them. */
export class MessageFinder {
  readonly #channels: ChannelApi;
  readonly #onMessage: (message: Message) => void;
  readonly #closing: AbortSignal;
  /** What is wanted of each channel that is being read, by message id. */
  readonly #wishes = new Map<string, Map<string, Wish>>();

  /**
   * @param onMessage - told of every message that was read, wanted or not
   * @param closing - ends all reading
   */
  constructor(channels: ChannelApi, onMessage: (message: Message) => void, closing: AbortSignal) {
    this.#channels = channels;
    this.#onMessage = onMessage;
    this.#closing = closing;
  }

  /** @throws RefusedError, LostError, StoreError as the API's calls */
  find({ channelId, id }: MessageRef): Promise<Message> {
    let wishes = this.#wishes.get(channelId);
    if (wishes === undefined) {
      wishes = new Map();
      this.#wishes.set(channelId, wishes);
      queueMicrotask(() => this.#read(channelId));
    }
    let wish = wishes.get(id);
    if (wish === undefined) {
      wish = newWish();
      wishes.set(id, wish);
    }
    return wish.promise;
  }

  /** Reads a channel until nothing is wanted of it. */
  async #read(channelId: string): Promise<void> {
    const wishes = this.#wishes.get(channelId) as Map<string, Wish>;
    for (;;) {
      const [next] = wishes.keys();
      if (next === undefined) break;
      try {
        await this.#readAround(channelId, next, wishes);
      } catch (error) {
        for (const { reject } of wishes.values()) reject(error);
        wishes.clear();
      }
    }
    this.#wishes.delete(channelId);
  }

  async #readAround(channelId: string, id: string, wishes: Map<string, Wish>): Promise<void> {
    const options = { signal: this.#closing };
    const query = { around: id, limit: HISTORY_MAX };
    for (const message of await this.#channels.list(channelId, query, options)) {
      this.#onMessage(message);
      wishes.get(message.id)?.resolve(message);
      wishes.delete(message.id);
    }
    const missed = wishes.get(id);
    if (missed === undefined) return;
    wishes.delete(id);
    try {
      const message = await this.#channels.get({ channelId, id }, options);
      this.#onMessage(message);
      missed.resolve(message);
    } catch (error) {
      missed.reject(error);
    }
  }
}

function newWish(): Wish {
  let settle: Omit<Wish, "promise"> | undefined;
  const promise = new Promise<Message>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, ...(settle as Omit<Wish, "promise">) };
}
