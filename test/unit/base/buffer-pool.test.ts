import t from "tap";
import { BufferPool } from "../../../src/core/base/buffer-pool.ts";

/** A pool whose turn ends when the test says so. */
function newPool(): { readonly pool: BufferPool; readonly endTurn: () => void } {
  const bodies: (() => void)[] = [];
  const pool = new BufferPool(64, (body) => bodies.push(body));
  const endTurn = (): void => {
    for (const body of bodies.splice(0)) body();
  };
  return { pool, endTurn };
}

t.test(
  "a buffer is taken again only when the turn has ended in which it was given back",
  async (t) => {
    const { pool, endTurn } = newPool();
    const first = pool.take();
    t.equal(first.length, 64);
    pool.giveBack(first.subarray(3, 9));
    t.not(pool.take().buffer, first.buffer, "whoever borrowed it may still read");
    endTurn();
    t.equal(pool.take().buffer, first.buffer);
    t.not(pool.take().buffer, first.buffer, "once");
  },
);

t.test("a buffer is free when its last holder has given it back", async (t) => {
  const { pool, endTurn } = newPool();
  const shared = pool.take();
  pool.hold(shared.subarray(0, 5));
  pool.giveBack(shared);
  endTurn();
  t.not(pool.take().buffer, shared.buffer);
  pool.giveBack(shared);
  pool.giveBack(shared);
  endTurn();
  t.equal(pool.take().buffer, shared.buffer);
  t.not(pool.take().buffer, shared.buffer, "giving back once too often does not make two of it");
});

t.test("bytes from elsewhere are left alone, and a pool does not grow without end", async (t) => {
  const { pool, endTurn } = newPool();
  const foreign = new Uint8Array(64);
  pool.hold(foreign);
  pool.giveBack(foreign);
  endTurn();
  t.not(pool.take().buffer, foreign.buffer);
  const many = Array.from({ length: 1000 }, () => pool.take());
  for (const bytes of many) pool.giveBack(bytes);
  endTurn();
  const known = new Set(many.map((bytes) => bytes.buffer));
  const again = many.filter(() => known.has(pool.take().buffer));
  t.ok(again.length > 0 && again.length < many.length, `${again.length} were kept`);
});
