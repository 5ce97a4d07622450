import fc from "fast-check";
import t from "tap";
import { compareBytes } from "../../src/core/base/bytes.ts";
import type { PageCache } from "../../src/core/pages/page-cache.ts";
import { compactNode, TREE_VALUE_MAX } from "../../src/core/tree/node.ts";
import { Tree } from "../../src/core/tree/tree.ts";
import { faultIn, newTestPages } from "../support/test-pages.ts";

const RUNS = Number(process.env["FC_RUNS"] ?? 40);

type Step =
  | { readonly do: "put"; readonly key: number; readonly size: number }
  | { readonly do: "delete"; readonly key: number }
  | { readonly do: "delete-run"; readonly key: number; readonly count: number }
  | { readonly do: "put-run"; readonly key: number; readonly count: number; readonly size: number }
  | { readonly do: "commit" }
  | { readonly do: "evict" };

const key = fc.integer({ min: 0, max: 3000 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant("put" as const), key, size: fc.integer({ min: 0, max: TREE_VALUE_MAX }) }),
  fc.record({ do: fc.constant("delete" as const), key }),
  fc.record({ do: fc.constant("delete-run" as const), key, count: fc.integer({ min: 1, max: 1500 }) }),
  fc.record({
    do: fc.constant("put-run" as const),
    key,
    count: fc.integer({ min: 1, max: 400 }),
    size: fc.integer({ min: 0, max: 3000 }),
  }),
  fc.record({ do: fc.constant("commit" as const) }),
  fc.record({ do: fc.constant("evict" as const) }),
);

/** Keys whose lengths differ, so that prefixes meet what they begin. */
function keyOf(number: number): Uint8Array {
  const bytes = new Uint8Array(2 + (number % 3));
  bytes[0] = number >>> 8;
  bytes[1] = number;
  return bytes;
}

class Pair {
  readonly model = new Map<number, number>();
  readonly pages: PageCache;
  readonly tree: Tree;

  constructor(pages: PageCache) {
    this.pages = pages;
    this.tree = new Tree(pages, { pointer: undefined, height: 0 });
  }

  async put(number: number, size: number): Promise<void> {
    await faultIn(this.pages, () => this.tree.prepare(keyOf(number)));
    this.tree.put(keyOf(number), new Uint8Array(size).fill(number));
    this.model.set(number, size);
  }

  async delete(number: number): Promise<void> {
    await faultIn(this.pages, () => this.tree.prepare(keyOf(number)));
    this.tree.delete(keyOf(number));
    this.model.delete(number);
  }

  async apply(step: Step): Promise<void> {
    if (step.do === "put") return this.put(step.key, step.size);
    if (step.do === "delete") return this.delete(step.key);
    if (step.do === "commit") {
      this.pages.freeze(compactNode);
      await this.pages.flush("frozen");
      return this.pages.published();
    }
    if (step.do === "evict") return this.pages.dropClean();
    for (let i = 0; i < step.count; i++) {
      if (step.do === "put-run") await this.put(step.key + i, step.size);
      else await this.delete(step.key + i);
    }
  }

  async check(): Promise<void> {
    const seen: [Uint8Array, Uint8Array][] = [];
    await faultIn(this.pages, () => {
      seen.length = 0;
      this.tree.scan(new Uint8Array(0), new Uint8Array(300).fill(255), (k, v) => {
        seen.push([k.slice(), v.slice()]);
        return true;
      });
    });
    const expected = [...this.model]
      .map(([number, size]) => [keyOf(number), new Uint8Array(size).fill(number)] as const)
      .sort((a, b) => compareBytes(a[0], b[0]));
    if (seen.length !== expected.length) throw new Error(`${seen.length} records, not ${expected.length}`);
    for (const [i, [k, v]] of expected.entries()) {
      const [seenKey, seenValue] = seen[i] ?? [];
      if (seenKey === undefined || compareBytes(seenKey, k) !== 0) throw new Error(`key ${i} differs`);
      if (seenValue === undefined || compareBytes(seenValue, v) !== 0) throw new Error(`value ${i} differs`);
    }
  }
}

t.test("the tree holds what a map holds, through splits, joins, commits and evictions", async (t) => {
  await t.resolves(
    fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.array(key, { maxLength: 5 }), async (steps, probes) => {
        const { pages, store } = await newTestPages();
        const pair = new Pair(pages);
        for (const next of steps) await pair.apply(next);
        await pair.check();
        for (const probe of probes) {
          const value = await faultIn(pages, () => pair.tree.get(keyOf(probe))?.slice());
          if (value?.length !== pair.model.get(probe)) throw new Error(`get ${probe} differs`);
          const before = await faultIn(pages, () => pair.tree.last(new Uint8Array(0), keyOf(probe)));
          const expected = [...pair.model.keys()]
            .map(keyOf)
            .filter((k) => compareBytes(k, keyOf(probe)) <= 0)
            .sort(compareBytes)
            .at(-1);
          if (before?.key.join() !== expected?.join()) throw new Error(`last ${probe} differs`);
        }
        for (const number of [...pair.model.keys()]) await pair.delete(number);
        if (pair.tree.root.pointer !== undefined) throw new Error("an emptied tree keeps a root");
        await pair.apply({ do: "commit" });
        await pair.apply({ do: "commit" });
        await pair.apply({ do: "commit" });
        const lost = store.end - (store.space().freePages - (store.space().totalPages - store.end));
        if (lost !== 0) throw new Error(`${lost} pages of an emptied tree are not given back`);
      }),
      { numRuns: RUNS },
    ),
  );
});
