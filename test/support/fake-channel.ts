/**
 * A kernel that says what a test tells it to, and remembers what it was told.
 *
 * @module
 */
import type { RequestChannel } from "../../src/native/fuse-channel.ts";

/** A reply as it came, taken apart. */
export interface TakenReply {
  readonly length: number;
  readonly error: number;
  readonly unique: bigint;
  readonly body: Buffer;
}

/** See the head of this file. */
export class FakeChannel implements RequestChannel {
  readonly request: Uint8Array = new Uint8Array(65_536 + 4096);
  readonly reply: Uint8Array = new Uint8Array(65_536);
  readonly replies: TakenReply[] = [];
  /** What `send` answers. */
  status = 0;
  isClosed = false;
  #onRequest: (length: number) => void = () => {};
  #onEnd: (status: number) => void = () => {};

  start(onRequest: (length: number) => void, onEnd: (status: number) => void): void {
    this.#onRequest = onRequest;
    this.#onEnd = onEnd;
  }

  /** The kernel sends a request. @returns the reply to it, when it came at once */
  deliver(bytes: Uint8Array): TakenReply | undefined {
    const before = this.replies.length;
    this.request.fill(0xee);
    this.request.set(bytes);
    this.#onRequest(bytes.length);
    this.request.fill(0xdd);
    return this.replies[before];
  }

  /** The kernel goes away. */
  end(status: number): void {
    this.#onEnd(status);
  }

  send(length: number, pieces: readonly Uint8Array[] = []): number {
    const whole = Buffer.concat([this.reply.subarray(0, length), ...pieces]);
    this.replies.push({
      length: whole.readUInt32LE(0),
      error: whole.readInt32LE(4),
      unique: whole.readBigUInt64LE(8),
      body: whole.subarray(16),
    });
    return this.status;
  }

  close(): void {
    this.isClosed = true;
  }
}
