import fc from "fast-check";
import t from "tap";
import { compareBytes } from "../../src/core/base/bytes.ts";
import type { PageCache } from "../../src/core/pages/page-cache.ts";
import { compactNode, TREE_VALUE_MAX } from "../../src/core/tree/node.ts";
import { Tree } from "../../src/core/tree/tree.ts";
import { faultIn, newTestPages } from "../support/test-pages.ts";

const RUNS = Number(process.env.FC_RUNS ?? 10);

/** Without a size: the record goes. */
interface Change {
  readonly key: number;
  readonly size: number | undefined;
}

type Step =
  | { readonly do: "put"; readonly key: number; readonly size: number }
  | { readonly do: "delete"; readonly key: number }
  | { readonly do: "delete-run"; readonly key: number; readonly count: number }
  | { readonly do: "put-run"; readonly key: number; readonly count: number; readonly size: number }
  | { readonly do: "transaction"; readonly changes: readonly Change[] }
  | { readonly do: "commit" }
  | { readonly do: "evict" };

const key = fc.integer({ min: 0, max: 3000 });
/** Changes that lie so near that they split and join the leaves of each other, some of one record. */
const changes: fc.Arbitrary<readonly Change[]> = fc
  .tuple(
    key,
    fc.array(
      fc.record({
        key: fc.integer({ min: 0, max: 60 }),
        size: fc.option(fc.integer({ min: 0, max: TREE_VALUE_MAX }), { nil: undefined }),
      }),
      { maxLength: 60 },
    ),
  )
  .map(([from, near]) => near.map(({ key, size }) => ({ key: from + key, size })));

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant("put" as const),
    key,
    size: fc.integer({ min: 0, max: TREE_VALUE_MAX }),
  }),
  fc.record({ do: fc.constant("delete" as const), key }),
  fc.record({
    do: fc.constant("delete-run" as const),
    key,
    count: fc.integer({ min: 1, max: 200 }),
  }),
  fc.record({
    do: fc.constant("put-run" as const),
    key,
    count: fc.integer({ min: 1, max: 200 }),
    size: fc.integer({ min: 0, max: 7900 }),
  }),
  fc.record({ do: fc.constant("transaction" as const), changes }),
  fc.record({ do: fc.constant("commit" as const) }),
  fc.record({ do: fc.constant("evict" as const) }),
);

/** Makes a key of a number; numbers and keys sort alike as long as no key begins another one of a larger number. */
type KeyOf = (number: number) => Uint8Array;

/** Keys whose lengths differ, so that prefixes meet what they begin. */
const shortKeys: KeyOf = (number) => {
  const bytes = new Uint8Array(2 + (number % 3));
  bytes[0] = number >>> 8;
  bytes[1] = number;
  return bytes;
};

/**
 * Keys that differ in the octal digits at their end only: bounds are nearly as long as keys, so inner nodes hold few
 * children and trees grow deep, and shortening a bound makes a difference.
 */
const longKeys: KeyOf = (number) => {
  const bytes = new Uint8Array(256);
  for (let i = 0; i < 5; i++) bytes[255 - i] = Math.floor(number / 8 ** i) % 8;
  return bytes;
};

class Pair {
  readonly model = new Map<number, number>();
  readonly pages: PageCache;
  readonly tree: Tree;
  readonly keyOf: KeyOf;

  constructor(pages: PageCache, keyOf: KeyOf) {
    this.pages = pages;
    this.keyOf = keyOf;
    this.tree = new Tree(pages, { pointer: undefined, height: 0 });
  }

  async put(number: number, size: number): Promise<void> {
    await faultIn(this.pages, () => this.tree.prepare(this.keyOf(number)));
    this.tree.put(this.keyOf(number), new Uint8Array(size).fill(number));
    this.model.set(number, size);
  }

  async delete(number: number): Promise<void> {
    await faultIn(this.pages, () => this.tree.prepare(this.keyOf(number)));
    this.tree.delete(this.keyOf(number));
    this.model.delete(number);
  }

  /** Looks all records up first, and makes all changes then, wherever the earlier ones have moved them. */
  async transact(changes: readonly Change[]): Promise<void> {
    const seats = await faultIn(this.pages, () => {
      const found = changes.map(({ key }) => this.tree.find(this.keyOf(key)));
      return changes.map(({ key }, i) => this.tree.prepare(this.keyOf(key), found[i]));
    });
    changes.forEach(({ key, size }, i) => {
      if (size === undefined) {
        this.tree.delete(this.keyOf(key), seats[i]);
        this.model.delete(key);
      } else {
        this.tree.put(this.keyOf(key), new Uint8Array(size).fill(key), seats[i]);
        this.model.set(key, size);
      }
    });
  }

  async apply(step: Step): Promise<void> {
    if (step.do === "transaction") return this.transact(step.changes);
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

  /** Some records from a key on: a scan of everything would need everything resident at once. */
  #some(from: Uint8Array): [Uint8Array, Uint8Array][] {
    const seen: [Uint8Array, Uint8Array][] = [];
    this.tree.scan(from, new Uint8Array(300).fill(255), (key, value) => {
      seen.push([key.slice(), value.slice()]);
      return seen.length < 50;
    });
    return seen;
  }

  /** Compares what is found under and before a key. */
  async probe(number: number): Promise<void> {
    const key = this.keyOf(number);
    const value = await faultIn(this.pages, () => this.tree.get(key)?.slice());
    if (value?.length !== this.model.get(number)) throw new Error(`get ${number} differs`);
    const last = await faultIn(this.pages, () => this.tree.last(new Uint8Array(0), key));
    const expected = [...this.model.keys()]
      .map(this.keyOf)
      .filter((other) => compareBytes(other, key) <= 0)
      .sort(compareBytes)
      .at(-1);
    if (last?.key.join() !== expected?.join()) throw new Error(`last ${number} differs`);
  }

  /** Deletes everything, and commits until no header needs what was there. */
  async empty(): Promise<void> {
    for (const number of [...this.model.keys()]) await this.delete(number);
    if (this.tree.root.pointer !== undefined) throw new Error("an emptied tree keeps a root");
    for (let i = 0; i < 3; i++) await this.apply({ do: "commit" });
  }

  async check(): Promise<void> {
    const seen: [Uint8Array, Uint8Array][] = [];
    let from = new Uint8Array(0);
    for (;;) {
      const part: [Uint8Array, Uint8Array][] = await faultIn(this.pages, () => this.#some(from));
      const last = part.at(-1);
      if (last === undefined) break;
      seen.push(...part);
      from = new Uint8Array(last[0].length + 1);
      from.set(last[0]);
    }
    const expected = [...this.model]
      .map(([number, size]) => [this.keyOf(number), new Uint8Array(size).fill(number)] as const)
      .sort((a, b) => compareBytes(a[0], b[0]));
    if (seen.length !== expected.length)
      throw new Error(`${seen.length} records, not ${expected.length}`);
    for (const [i, [k, v]] of expected.entries()) {
      const [seenKey, seenValue] = seen[i] ?? [];
      if (seenKey === undefined || compareBytes(seenKey, k) !== 0)
        throw new Error(`key ${i} differs`);
      if (seenValue === undefined || compareBytes(seenValue, v) !== 0)
        throw new Error(`value ${i} differs`);
    }
  }
}

const trees = [
  { name: "shallow", keyOf: shortKeys, filled: 0 },
  { name: "deep", keyOf: longKeys, filled: 1500 },
];
for (const { name, keyOf, filled } of trees) {
  t.test(
    `a ${name} tree holds what a map holds, through splits, joins, commits and evictions`,
    async (t) => {
      await t.resolves(
        fc.assert(
          fc.asyncProperty(
            fc.array(step, { maxLength: 25 }),
            fc.array(key, { maxLength: 5 }),
            async (steps, probes) => {
              const { pages, store } = await newTestPages();
              const pair = new Pair(pages, keyOf);
              for (let i = 0; i < filled; i++) await pair.put((i * 7919) % 3000, 7900);
              for (const next of steps) await pair.apply(next);
              await pair.check();
              for (const probe of probes) await pair.probe(probe);
              await pair.empty();
              const { totalPages, freePages } = store.space();
              if (freePages !== totalPages)
                throw new Error("pages of an emptied tree are not given back");
            },
          ),
          { numRuns: filled > 0 ? Math.ceil(RUNS / 3) : RUNS * 4 },
        ),
      );
    },
  );
}
