/**
 * Bytes that must not leak: passwords, identities and keys.
 *
 * @module
 */
import { KeyError } from "../base/errors.ts";

const REDACTED = "[secret]";

/** A secret that is lent out, never handed out, prints as `[secret]`, and is overwritten when no longer needed. */
export class SecretBytes {
  #bytes: Uint8Array | undefined;

  /** @param bytes - taken over: overwritten by {@link SecretBytes.wipe} */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Bytes; 0 once wiped. */
  get length(): number {
    return this.#bytes?.length ?? 0;
  }

  /**
   * Lends the bytes to `body`, which must not keep them; a copy it needs is its own to wipe. When `body` is
   * asynchronous, the secret must not be wiped before its promise ends.
   *
   * @throws KeyError KEY_CLOSED once wiped
   */
  use<T>(body: (bytes: Uint8Array) => T): T {
    if (this.#bytes === undefined) throw new KeyError("KEY_CLOSED", "the secret was wiped");
    return body(this.#bytes);
  }

  /** Overwrites the bytes; a second call does nothing. */
  wipe(): void {
    this.#bytes?.fill(0);
    this.#bytes = undefined;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  /** What Node prints: the symbol is registered, so that no import of Node is needed. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return REDACTED;
  }
}
