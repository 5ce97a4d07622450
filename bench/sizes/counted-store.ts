/**
 * A page store that counts what is read from it.
 *
 * @module
 */
import type { PageStore } from "../../src/core/pages/page-store.ts";

/** A store and its count. */
export interface CountedStore {
  readonly store: PageStore;
  /** Pages read since the last call. */
  readonly takeReads: () => number;
}

/** Counts the pages that are read from a store. */
export function countReads(store: PageStore): CountedStore {
  let reads = 0;
  const counted = new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      const method = value.bind(target);
      if (name !== "read") return method;
      return (addresses: readonly number[], ...rest: unknown[]) => {
        reads += addresses.length;
        return method(addresses, ...rest);
      };
    },
  });
  const takeReads = (): number => {
    const count = reads;
    reads = 0;
    return count;
  };
  return { store: counted, takeReads };
}
