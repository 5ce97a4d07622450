/**
 * Inodes whose attributes a listing left out since they are far away. Whoever looks one of them up is likely to look up the
 * others too (`ls -l`).
 *
 * @module
 */

/** Directories remembered, those listed last. */
const DIRECTORIES_MAX = 16;

export class LeftOut {
  readonly #inos = new Map<number, readonly number[]>();

  /** Takes note of what the newest listing of a directory left out. */
  note(directory: number, inos: readonly number[]): void {
    this.#inos.delete(directory);
    if (inos.length === 0) return;
    this.#inos.set(directory, inos);
    const [oldest] = this.#inos.keys();
    if (this.#inos.size > DIRECTORIES_MAX && oldest !== undefined) this.#inos.delete(oldest);
  }

  /** An inode, and behind it the others that were left out with it. */
  with(directory: number, ino: number): readonly number[] {
    const inos = this.#inos.get(directory);
    return inos?.includes(ino) === true ? [ino, ...inos] : [ino];
  }
}
