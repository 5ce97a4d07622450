/**
 * Remembers which nonces made which messages, for `enforce_nonce`.
 *
 * @module
 */
import type { EmulatorClock } from "../base/clock.ts";
import type { Message } from "./message.ts";

interface Making {
  readonly message: Promise<Message>;
  readonly endsAt: number;
}

/** What came of a request to post. */
export interface Posted {
  readonly message: Message;
  /** Whether the nonce had made this message before. */
  readonly isRepeated: boolean;
}

/** Messages of the last minutes by author and nonce. */
export class NonceWindow {
  readonly #clock: EmulatorClock;
  readonly #windowMs: () => number;
  readonly #makings = new Map<string, Making>();

  constructor(clock: EmulatorClock, windowMs: () => number) {
    this.#clock = clock;
    this.#windowMs = windowMs;
  }

  /** Makes a message, unless the same author made one with the same nonce: also while that one is being made. */
  async post(
    authorId: string,
    nonce: string | number,
    make: () => Promise<Message>,
  ): Promise<Posted> {
    this.#forgetOld();
    const key = `${authorId} ${nonce}`;
    const earlier = this.#makings.get(key);
    if (earlier) return { message: await earlier.message, isRepeated: true };
    const making = { message: make(), endsAt: this.#clock.now() + this.#windowMs() };
    this.#makings.set(key, making);
    try {
      return { message: await making.message, isRepeated: false };
    } catch (error) {
      this.#makings.delete(key);
      throw error;
    }
  }

  #forgetOld(): void {
    const now = this.#clock.now();
    for (const [key, { endsAt }] of this.#makings) {
      if (endsAt <= now) this.#makings.delete(key);
    }
  }
}
