/**
 * How many references the kernel holds to each inode (fuse.h, FORGET). An inode without a name lives
 * as long as one is left.
 *
 * @module
 */

export class LookupCounts {
  readonly #counts = new Map<number, number>();

  has(ino: number): boolean {
    return this.#counts.has(ino);
  }

  retain(ino: number, count: number): void {
    this.#counts.set(ino, (this.#counts.get(ino) ?? 0) + count);
  }

  /** @returns whether these were the last references */
  forget(ino: number, count: number): boolean {
    const left = (this.#counts.get(ino) ?? 0) - count;
    if (left > 0) {
      this.#counts.set(ino, left);
      return false;
    }
    this.#counts.delete(ino);
    return true;
  }
}
