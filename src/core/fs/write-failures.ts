/**
 * Why something that was written cannot be stored: told to the next `fsync` of its file (fsync(2)), and to whoever watches
 * the file system.
 *
 * @module
 */
import type { DvaultError } from "../base/errors.ts";

/** Told of the first failure of a file, and of the first one after each `fsync` that was told. */
export type OnWriteFailure = (failure: DvaultError) => void;

export class WriteFailures {
  readonly #byInode = new Map<number, DvaultError>();
  readonly #onFailure: OnWriteFailure;

  constructor(onFailure: OnWriteFailure) {
    this.#onFailure = onFailure;
  }

  note(ino: number, failure: DvaultError): void {
    const isKnown = this.#byInode.has(ino);
    this.#byInode.set(ino, failure);
    if (!isKnown) this.#onFailure(failure);
  }

  /** @throws DvaultError why something written to a file could not be stored; told once */
  check(ino: number): void {
    const failure = this.#byInode.get(ino);
    if (failure === undefined) return;
    this.#byInode.delete(ino);
    throw failure;
  }

  /** As {@link check}, for all files. */
  checkAll(): void {
    for (const ino of this.#byInode.keys()) this.check(ino);
  }
}
