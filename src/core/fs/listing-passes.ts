/**
 * Which names came into directories while somebody was listing them. Whether a listing shows such names is left open
 * (readdir(3)); here it does not, since in the order of names they may lie ahead of it: a program that renames or copies
 * each entry it is shown would meet what it made, and never come to an end.
 *
 * @module
 */

/** So many names are remembered a pass; further ones may show. */
const NAMES_MAX = 65_536;

/** A pass through a directory that has not ended. */
export interface ListingPass {
  /** Whether a name came into the directory after the pass had begun. */
  isNew(name: Uint8Array): boolean;
}

/** The passes under way in one file system. One that nobody holds any more is forgotten. */
export class ListingPasses {
  readonly #passes = new Map<number, Set<WeakRef<Pass>>>();

  /** Begins a pass through a directory. */
  begin(directory: number): ListingPass {
    const pass = new Pass();
    const others = this.#passes.get(directory);
    if (others === undefined) this.#passes.set(directory, new Set([new WeakRef(pass)]));
    else others.add(new WeakRef(pass));
    return pass;
  }

  /** Ends a pass: it is not told of names any more. */
  end(directory: number, ended: ListingPass): void {
    this.#sweep(directory, (pass) => pass !== ended);
  }

  /** A name that was not there came into a directory. */
  added(directory: number, name: Uint8Array): void {
    if (this.#passes.size === 0) return;
    const key = keyOf(name);
    this.#sweep(directory, (pass) => {
      pass.add(key);
      return true;
    });
  }

  #sweep(directory: number, visit: (pass: Pass) => boolean): void {
    const passes = this.#passes.get(directory);
    if (passes === undefined) return;
    for (const reference of passes) {
      const pass = reference.deref();
      if (pass === undefined || !visit(pass)) passes.delete(reference);
    }
    if (passes.size === 0) this.#passes.delete(directory);
  }
}

class Pass implements ListingPass {
  readonly #names = new Set<string>();

  add(key: string): void {
    if (this.#names.size < NAMES_MAX) this.#names.add(key);
  }

  isNew(name: Uint8Array): boolean {
    return this.#names.size > 0 && this.#names.has(keyOf(name));
  }
}

function keyOf(name: Uint8Array): string {
  return String.fromCharCode(...name);
}
