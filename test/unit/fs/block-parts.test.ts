import t from "tap";
import { BufferPool } from "../../../src/core/base/buffer-pool.ts";
import { PAGE_SIZE } from "../../../src/core/base/limits.ts";
import { BlockParts } from "../../../src/core/fs/block-parts.ts";
import { seededRandom } from "../../support/seeded-random.ts";

const ROOM = 4096;

function newPool(): BufferPool {
  const memory = (bytes: number): Uint8Array => new Uint8Array(bytes);
  return new BufferPool(ROOM, { afterTurn: (body) => body(), memory });
}

t.test("parts take memory for the stretches they stand in, and give it back", async (t) => {
  const pool = newPool();
  const parts = new BlockParts(pool);
  t.equal(parts.bytes, 0);
  parts.write(ROOM, new Uint8Array(ROOM).fill(1));
  t.equal(parts.bytes, ROOM);
  parts.write(5 * ROOM - 1, Uint8Array.of(2, 3));
  t.equal(parts.bytes, 3 * ROOM);
  t.same([parts.count, parts.end], [2, 5 * ROOM + 1]);
  t.same(parts.read(5 * ROOM - 1, 5 * ROOM + 1), Uint8Array.of(2, 3), "across two of them");
  const room = parts.read(ROOM, 2 * ROOM);
  parts.free();
  t.equal(parts.bytes, 0);
  const taken = [pool.take(), pool.take(), pool.take()];
  t.ok(taken.some(({ byteOffset }) => byteOffset === room.byteOffset));
});

t.test("whatever is written in any order reads back, and goes over a block", async (t) => {
  const random = seededRandom(7);
  for (let run = 0; run < 50; run++) {
    const parts = new BlockParts(newPool());
    const block = new Uint8Array(PAGE_SIZE).fill(0xff);
    const written = new Uint8Array(PAGE_SIZE);
    for (let n = 0; n < 40 && !parts.isWhole; n++) {
      const at = Math.floor(random() * PAGE_SIZE);
      const length = Math.min(PAGE_SIZE - at, 1 + Math.floor(random() * 3 * ROOM));
      const part = new Uint8Array(length).fill(n);
      parts.write(at, part);
      block.set(part, at);
      written.fill(1, at, at + length);
      if (!Buffer.from(parts.read(at, at + length)).equals(part)) t.fail(`run ${run}, part ${n}`);
    }
    const told = new Uint8Array(PAGE_SIZE).fill(0xff);
    for (const { at, bytes } of parts.pieces()) told.set(bytes, at);
    if (!Buffer.from(told).equals(block)) t.fail(`pieces of run ${run}`);
    const some = [...parts.pieces(1000, 30_000)].flatMap(({ at, bytes }) =>
      [...bytes.keys()].map((i) => at + i),
    );
    t.equal(some.length, written.subarray(1000, 30_000).filter((byte) => byte === 1).length);
    t.ok(some.every((at) => at >= 1000 && at < 30_000));
    const beneath = new Uint8Array(PAGE_SIZE).fill(0xff);
    parts.putOver(beneath);
    if (!Buffer.from(beneath).equals(block)) t.fail(`run ${run}`);
    t.equal(parts.isWhole, !written.includes(0));
    t.equal(parts.has(100, 9000), !written.subarray(100, 9000).includes(0));
  }
});
