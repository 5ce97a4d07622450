/**
 * How large attachments and messages may be, as far as refusals have taught. Discord's limits have changed in both
 * directions; whoever opens a store begins with what has always worked.
 *
 * @module
 */

/** Nothing is taken to be too large that is no larger than this, bytes. */
const SMALLEST_LIMIT = 256 * 1024;

/** Limits that go down when something proves too large. */
export class SizeLimits {
  readonly #messageBytesAtFirst: number;
  #objectBytes: number;
  #messageBytes: number;

  constructor(objectBytes: number, messageBytes: number) {
    this.#objectBytes = objectBytes;
    this.#messageBytes = messageBytes;
    this.#messageBytesAtFirst = messageBytes;
  }

  /** Largest attachment, bytes. */
  get objectBytes(): number {
    return this.#objectBytes;
  }

  /** Largest sum of a message's attachments, bytes; no less than one attachment. */
  get messageBytes(): number {
    return Math.max(this.#messageBytes, this.#objectBytes);
  }

  /** A message of several attachments was too large: perhaps their sum was, perhaps one of them. */
  refuseMessage(bytes: number): void {
    this.#messageBytes = Math.min(this.#messageBytes, halfOf(bytes));
  }

  /** An attachment was too large, alone in its message. */
  refuseObject(bytes: number): void {
    this.#objectBytes = Math.min(this.#objectBytes, halfOf(bytes));
    this.#messageBytes = this.#messageBytesAtFirst;
  }
}

function halfOf(bytes: number): number {
  return Math.max(SMALLEST_LIMIT, bytes >> 1);
}
