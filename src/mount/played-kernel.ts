/**
 * A kernel that is played: what it asks of a session is told to it call by call, and it keeps of an answer what the next
 * request needs.
 *
 * A request begins as a reply does, with its length, a number (its opcode) and what names it; then come inode, user, group and
 * process. So it is written as a reply is.
 *
 * @module
 */
import { utf8 } from "../core/base/bytes.ts";
import type { MaybePromise } from "../core/base/maybe-promise.ts";
import type { RequestChannel } from "../native/fuse-channel.ts";
import { REPLY_HEADER, Reply } from "./protocol/reply.ts";

/** Bytes of the longest request, and of the longest answer without its pieces. */
const REQUEST_MAX = 2 ** 18;
const REPLY_MAX = 2 ** 18;

/** Bytes of user, group, process and extensions in a request: all are 0, so root asks. */
const CALLER = 16;

const TWO_32 = 2 ** 32;

/** The body of a request, to be written. */
export type Body = Pick<Reply, "u32" | "u64" | "bytes" | "zeros">;

const NOTHING = (): void => {};

/** See the head of this file. One request is under way at a time. */
export class PlayedKernel implements RequestChannel {
  readonly request: Uint8Array = new Uint8Array(REQUEST_MAX);
  readonly reply: Uint8Array = new Uint8Array(REPLY_MAX);
  readonly #written = new Reply(this.request);
  readonly #answer = new DataView(this.reply.buffer);
  #onRequest: (length: number) => void = NOTHING;
  #onAnswer: (() => void) | undefined;
  #isAnswered = false;
  #unique = 0n;

  start(onRequest: (length: number) => void): void {
    this.#onRequest = onRequest;
  }

  /**
   * Makes a request.
   * @param write - writes its body
   * @returns ends when it is answered
   */
  ask(opcode: number, ino: number, write: (body: Body) => void = NOTHING): MaybePromise<void> {
    this.tell(opcode, ino, write);
    if (this.#isAnswered) return;
    return new Promise((resolve) => {
      this.#onAnswer = resolve;
    });
  }

  /** Makes a request that is not answered, or whose answer nobody waits for. */
  tell(opcode: number, ino: number, write: (body: Body) => void = NOTHING): void {
    const written = this.#written;
    written.begin();
    written.u64(ino);
    written.zeros(CALLER);
    write(written);
    this.#unique += 1n;
    written.finish(this.#unique, opcode);
    this.#isAnswered = false;
    this.#onRequest(written.length);
  }

  send(): number {
    this.#isAnswered = true;
    this.#onAnswer?.();
    this.#onAnswer = undefined;
    return 0;
  }

  /** What the newest answer begins with: an inode, or the handle of an open directory. */
  get answered(): number {
    const high = this.#answer.getUint32(REPLY_HEADER + 4, true);
    return high * TWO_32 + this.#answer.getUint32(REPLY_HEADER, true);
  }

  close(): void {
    this.#onRequest = NOTHING;
  }
}

/** Writes a name with its NUL. */
export function writeName(body: Body, name: string): void {
  body.bytes(utf8(name));
  body.zeros(1);
}
