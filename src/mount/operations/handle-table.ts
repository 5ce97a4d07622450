/**
 * Objects the kernel names by a number it got from us.
 *
 * @module
 */
import { FsError } from "../../core/base/errors.ts";

/** Hands out numbers from 1 on, each once. */
export class HandleTable<T> {
  readonly #objects = new Map<number, T>();
  #last = 0;

  add(object: T): number {
    this.#last += 1;
    this.#objects.set(this.#last, object);
    return this.#last;
  }

  /** @throws FsError EBADF */
  get(handle: number): T {
    const object = this.#objects.get(handle);
    if (object === undefined) throw new FsError("EBADF");
    return object;
  }

  remove(handle: number): void {
    this.#objects.delete(handle);
  }
}
