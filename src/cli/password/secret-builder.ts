/**
 * Gathers a secret byte by byte, so that no copy of it is left behind in buffers or strings.
 *
 * @module
 */
import { UsageError } from "../../core/base/errors.ts";
import { SecretBytes } from "../../core/crypto/secret-bytes.ts";

/** Longest password or identity that is taken, bytes. */
const SECRET_MAX = 1 << 20;

const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** A growing secret; wiped when it becomes a {@link SecretBytes} or is given up. */
export class SecretBuilder {
  #bytes: Uint8Array = new Uint8Array(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Takes one byte. @throws UsageError USAGE when the secret gets too long */
  append(byte: number): void {
    if (this.#length === this.#bytes.length) this.#grow();
    this.#bytes[this.#length++] = byte;
  }

  /** Takes all bytes out of a buffer and overwrites it. */
  drain(buffer: Uint8Array): void {
    for (const byte of buffer) this.append(byte);
    buffer.fill(0);
  }

  /** Takes back the last character of UTF-8. */
  eraseCharacter(): void {
    while (this.#length > 0) {
      const byte = this.#bytes[--this.#length] as number;
      this.#bytes[this.#length] = 0;
      if ((byte & 0xc0) !== 0x80) return;
    }
  }

  /** Takes back one line ending at the end, if there is one. */
  eraseLineEnd(): void {
    for (const byte of [NEWLINE, RETURN]) {
      if (this.#length > 0 && this.#bytes[this.#length - 1] === byte)
        this.#bytes[--this.#length] = 0;
      else return;
    }
  }

  /** Takes everything back behind the first line. */
  keepFirstLine(): void {
    const end = this.#bytes.subarray(0, this.#length).indexOf(NEWLINE);
    if (end < 0) return;
    this.#bytes.fill(0, end + 1);
    this.#length = end + 1;
    this.eraseLineEnd();
  }

  /** Takes the first byte out. */
  takeFirst(): number | undefined {
    const first = this.#length > 0 ? this.#bytes[0] : undefined;
    this.#bytes.copyWithin(0, 1, this.#length);
    this.#length = Math.max(0, this.#length - 1);
    this.#bytes[this.#length] = 0;
    return first;
  }

  /** Takes everything back. */
  wipe(): void {
    this.#bytes.fill(0);
    this.#length = 0;
  }

  /** Hands the secret over and forgets it. */
  finish(): SecretBytes {
    const secret = new SecretBytes(this.#bytes.slice(0, this.#length));
    this.wipe();
    return secret;
  }

  #grow(): void {
    if (this.#length >= SECRET_MAX)
      throw new UsageError("USAGE", "a password or identity over 1 MiB is not taken");
    const larger = new Uint8Array(this.#bytes.length * 2);
    larger.set(this.#bytes);
    this.#bytes.fill(0);
    this.#bytes = larger;
  }
}
