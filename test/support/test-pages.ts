/**
 * A page cache over a store in memory with a key of its own: what tests of the tree and of the vault stand on.
 *
 * @module
 */
import { isPending } from "../../src/core/base/maybe-promise.ts";
import type { AeadKey } from "../../src/core/base/platform.ts";
import { PageCodec, type PageKeys } from "../../src/core/format/page-codec.ts";
import { MemoryStore, type MemoryStoreOptions } from "../../src/core/pages/memory-store.ts";
import { pageBuffers } from "../../src/core/pages/page-buffers.ts";
import { PageCache } from "../../src/core/pages/page-cache.ts";
import { PageFault } from "../../src/core/pages/page-fault.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { TEST_VAULT } from "./test-codec.ts";

class TestKeys implements PageKeys {
  readonly epoch = 1;
  readonly #key: AeadKey;

  constructor(key: AeadKey) {
    this.#key = key;
  }

  key(): AeadKey {
    return this.#key;
  }

  lastGeneration(): number {
    return Number.POSITIVE_INFINITY;
  }
}

export interface TestPages {
  readonly store: MemoryStore;
  readonly pages: PageCache;
}

export async function newTestPages(options: MemoryStoreOptions = {}): Promise<TestPages> {
  const key = await nodePlatform.aead.importKey(new Uint8Array(32).fill(7));
  const codec = new PageCodec(TEST_VAULT, new TestKeys(key), nodePlatform.random);
  const store = new MemoryStore(options);
  const pages = new PageCache({
    store,
    codec,
    buffers: pageBuffers(nodePlatform),
    budgetBytes: 2 ** 22,
    openGeneration: 1,
  });
  return { store, pages };
}

/** Runs an operation until no page it needs is missing. */
export async function faultIn<T>(pages: PageCache, operation: () => T): Promise<T> {
  for (;;) {
    try {
      return operation();
    } catch (fault) {
      if (!(fault instanceof PageFault)) throw fault;
      const loaded = pages.load(fault.pageClass, [fault.pointer]);
      if (isPending(loaded)) await loaded;
    }
  }
}
