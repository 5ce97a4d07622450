/**
 * What a check remembers of every inode: 29 bytes each.
 *
 * @module
 */

/** Facts about one inode as its record has them. */
export interface InodeFacts {
  readonly ino: number;
  /** `S_IFMT` bits. */
  readonly type: number;
  readonly nlink: number;
  /** Directories only, else 0. */
  readonly parent: number;
  /** Whether an orphan record must name it: it has no link, or extents beyond its size. */
  readonly isLeft: boolean;
}

const FIRST_CAPACITY = 1024;

/** Inodes in rising order, with the links that were counted. */
export class InodeTable {
  #size = 0;
  #inos = new Float64Array(FIRST_CAPACITY);
  #parents = new Float64Array(FIRST_CAPACITY);
  #types = new Uint32Array(FIRST_CAPACITY);
  #nlinks = new Uint32Array(FIRST_CAPACITY);
  #counted = new Uint32Array(FIRST_CAPACITY);
  #marks = new Uint8Array(FIRST_CAPACITY);

  get size(): number {
    return this.#size;
  }

  /** @param facts - of an inode above all before it */
  add({ ino, type, nlink, parent, isLeft }: InodeFacts): void {
    if (this.#size === this.#inos.length) this.#grow();
    const at = this.#size++;
    this.#inos[at] = ino;
    this.#types[at] = type;
    this.#nlinks[at] = nlink;
    this.#parents[at] = parent;
    this.#marks[at] = isLeft ? 1 : 0;
  }

  #grow(): void {
    const capacity = this.#size * 2;
    const grown = <T extends Float64Array | Uint32Array | Uint8Array>(fresh: T, old: T): T => {
      fresh.set(old);
      return fresh;
    };
    this.#inos = grown(new Float64Array(capacity), this.#inos);
    this.#parents = grown(new Float64Array(capacity), this.#parents);
    this.#types = grown(new Uint32Array(capacity), this.#types);
    this.#nlinks = grown(new Uint32Array(capacity), this.#nlinks);
    this.#counted = grown(new Uint32Array(capacity), this.#counted);
    this.#marks = grown(new Uint8Array(capacity), this.#marks);
  }

  /** Position of an inode, or -1. */
  find(ino: number): number {
    let low = 0;
    let high = this.#size - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const found = this.#inos[middle] as number;
      if (found === ino) return middle;
      if (found < ino) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  factsAt(at: number): InodeFacts {
    return {
      ino: this.#inos[at] as number,
      type: this.#types[at] as number,
      nlink: this.#nlinks[at] as number,
      parent: this.#parents[at] as number,
      isLeft: ((this.#marks[at] as number) & 1) !== 0,
    };
  }

  /** Links that names make. */
  countedAt(at: number): number {
    return this.#counted[at] as number;
  }

  countLinks(at: number, links: number): void {
    this.#counted[at] = (this.#counted[at] as number) + links;
  }

  /** Notes that an orphan record names the inode. */
  markOrphan(at: number): void {
    this.#marks[at] = (this.#marks[at] as number) | 2;
  }

  isOrphanAt(at: number): boolean {
    return ((this.#marks[at] as number) & 2) !== 0;
  }
}
