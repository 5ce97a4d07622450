import t from "tap";
import { BufferPool } from "../../../src/core/base/buffer-pool.ts";

/** A pool whose turn ends when the test says so. */
function newPool(): {
  readonly pool: BufferPool;
  readonly endTurn: () => void;
  /** Bytes of each array that was made for it. */
  readonly made: readonly number[];
} {
  const bodies: (() => void)[] = [];
  const made: number[] = [];
  const pool = new BufferPool(64, {
    afterTurn: (body) => bodies.push(body),
    memory: (bytes) => {
      made.push(bytes);
      return new Uint8Array(bytes + 8).subarray(8);
    },
  });
  const endTurn = (): void => {
    for (const body of bodies.splice(0)) body();
  };
  return { pool, endTurn, made };
}

/** Whether two arrays are the same buffer. */
function areSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.buffer === b.buffer && a.byteOffset === b.byteOffset;
}

t.test(
  "a buffer is taken again only when the turn has ended in which it was given back",
  async (t) => {
    const { pool, endTurn } = newPool();
    const first = pool.take();
    t.equal(first.length, 64);
    pool.giveBack(first.subarray(3, 9));
    t.notOk(areSame(pool.take(), first), "whoever borrowed it may still read");
    endTurn();
    t.ok(areSame(pool.take(), first));
    t.notOk(areSame(pool.take(), first), "once");
  },
);

t.test("a buffer is free when its last holder has given it back", async (t) => {
  const { pool, endTurn } = newPool();
  const shared = pool.take();
  pool.hold(shared.subarray(0, 5));
  pool.giveBack(shared);
  endTurn();
  t.notOk(areSame(pool.take(), shared));
  pool.giveBack(shared);
  pool.giveBack(shared);
  endTurn();
  t.ok(areSame(pool.take(), shared));
  t.notOk(areSame(pool.take(), shared), "giving back once too often does not make two of it");
});

t.test("a buffer that rests cannot be held again", async (t) => {
  const { pool, endTurn } = newPool();
  const first = pool.take();
  pool.giveBack(first);
  pool.hold(first);
  endTurn();
  t.ok(areSame(pool.take(), first));
  pool.giveBack(first);
  endTurn();
  t.ok(areSame(pool.take(), first), "it has one holder only");
});

t.test("buffers are cut from few arrays, side by side and apart from each other", async (t) => {
  const { pool, made } = newPool();
  const taken = Array.from({ length: 100 }, (_, i) => pool.take().fill(i));
  t.ok(made.length < 5, `${made.length} arrays for 100 buffers`);
  t.ok(taken.every((bytes, i) => bytes.length === 64 && bytes.every((byte) => byte === i)));
  t.equal(pool.weightOf((taken[50] as Uint8Array).subarray(0, 3)), 64);
  t.equal(pool.weightOf(new Uint8Array(10).subarray(3)), 10);
});

t.test("bytes from elsewhere are left alone, and a pool does not grow without end", async (t) => {
  const { pool, endTurn, made } = newPool();
  const foreign = new Uint8Array(64);
  pool.hold(foreign);
  pool.giveBack(foreign);
  endTurn();
  t.notOk(areSame(pool.take(), foreign));
  const many = Array.from({ length: 4000 }, () => pool.take());
  const inSlabs = made.reduce((sum, bytes) => sum + bytes / 64, 0);
  t.ok(inSlabs < 3000, `${inSlabs} buffers are in slabs`);
  for (const bytes of many) pool.giveBack(bytes);
  endTurn();
  const known = new Set(many.map(({ buffer }) => buffer));
  const again = many.filter(() => known.has(pool.take().buffer));
  t.ok(again.length > inSlabs / 2 && again.length < many.length, `${again.length} were kept`);
});
