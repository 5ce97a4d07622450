import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { BufferPool } from "../../../src/core/base/buffer-pool.ts";
import type { CachedPage } from "../../../src/core/pages/cached-page.ts";
import { CleanPages } from "../../../src/core/pages/clean-pages.ts";

const RUNS = Number(process.env.FC_RUNS ?? 200);
const SIZE = 64;
/** What a page is charged with. */
const WEIGHT = SIZE + 256;

interface Stage {
  readonly pages: CleanPages;
  /** Makes a page in a buffer of the pool. */
  readonly page: (address: number) => CachedPage;
  /** Buffers the pool has made so far: 16, then 32 more where those are all held. */
  readonly made: () => number;
}

function newStage(): Stage {
  let made = 0;
  const memory = (bytes: number): Uint8Array => {
    made += bytes / SIZE;
    return new Uint8Array(bytes);
  };
  const buffers = new BufferPool(SIZE, { afterTurn: (body) => body(), memory });
  const owner = { ino: 1, block: 0 };
  return {
    pages: new CleanPages(buffers),
    page: (address) => {
      const payload = buffers.take();
      return { pageClass: "data", address, generation: 1, owner, payload };
    },
    made: () => made,
  };
}

function residents(pages: CleanPages, count: number): number[] {
  const all = Array.from({ length: count }, (_, address) => address);
  return all.filter((address) => pages.peek(address) !== undefined);
}

t.test("pages go in the order they came, but what was used meanwhile stays", async (t) => {
  const { pages, page } = newStage();
  for (let address = 0; address < 4; address++) pages.set(page(address));
  t.equal(pages.bytes, 4 * WEIGHT);
  pages.shrink(4 * WEIGHT);
  t.same(residents(pages, 6), [0, 1, 2, 3], "these fit");
  pages.shrink(3 * WEIGHT);
  t.same(residents(pages, 6), [1, 2, 3]);
  t.equal(pages.get(1)?.address, 1);
  pages.set(page(4));
  pages.shrink(3 * WEIGHT);
  t.same(residents(pages, 6), [1, 3, 4], "2 was not used");
  pages.set(page(5));
  pages.shrink(3 * WEIGHT);
  t.same(residents(pages, 6), [1, 4, 5], "1 was used since the hand came by, 3 was not");
});

t.test("looking at a page is no use of it", async (t) => {
  const { pages, page } = newStage();
  for (let address = 0; address < 3; address++) pages.set(page(address));
  pages.shrink(2 * WEIGHT);
  t.equal(pages.peek(1)?.address, 1);
  pages.shrink(WEIGHT);
  t.same(residents(pages, 3), [2]);
});

t.test("a page takes the place of another one of its address", async (t) => {
  const { pages, page, made } = newStage();
  for (let i = 0; i < 100; i++) {
    const newer = page(1);
    pages.set(newer);
    t.equal(pages.get(1), newer);
  }
  t.equal(pages.bytes, WEIGHT);
  t.equal(made(), 16, "the buffers of the older ones were used again");
});

/** What can be done with the page of an address, or up to so many pages. */
const DOINGS: Record<string, (stage: Stage, number: number) => void> = {
  set: ({ pages, page }, number) => {
    pages.set(page(number));
    assert.equal(pages.peek(number)?.address, number);
  },
  get: ({ pages }, number) => assert.equal(pages.get(number), pages.peek(number)),
  delete: ({ pages }, number) => {
    pages.delete(number);
    assert.equal(pages.peek(number), undefined);
  },
  shrink: ({ pages }, number) => {
    pages.shrink(number * WEIGHT);
    assert.ok(pages.bytes <= number * WEIGHT);
  },
  clear: ({ pages }) => {
    pages.clear();
    assert.equal(pages.bytes, 0);
  },
};

t.test("nothing that is done leaves more than is allowed, or loses a buffer", async (t) => {
  const step = fc.record({
    kind: fc.constantFrom("set", "set", "set", "get", "delete", "shrink", "clear"),
    number: fc.nat({ max: 20 }),
  });
  const holds = fc.property(fc.array(step, { maxLength: 300, size: "max" }), (steps) => {
    const stage = newStage();
    for (const { kind, number } of steps) {
      DOINGS[kind]?.(stage, number);
      assert.equal(stage.pages.bytes, residents(stage.pages, 21).length * WEIGHT);
    }
    assert.ok(stage.made() <= 48, `${stage.made()} buffers for 21 pages`);
  });
  t.doesNotThrow(() => fc.assert(holds, { numRuns: RUNS }));
});
