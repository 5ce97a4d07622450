import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { concatBytes } from "../../src/core/base/bytes.ts";
import type { Aead, AeadFraming, AeadKey } from "../../src/core/base/platform.ts";
import { cryptoAead, nodeAead } from "../../src/platform/node-aead.ts";
import { webAead } from "../support/web-aead.ts";

const RUNS = Number(process.env.FC_RUNS ?? 200);
const NONCE_AND_TAG = 28;

const raw = new Uint8Array(32).fill(9);
const bytes = (maxLength: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength });

/** A frame with some bytes behind it, of which a bit may be flipped; the plaintext is long enough to be told from noise. */
const message = fc.record({
  prefix: bytes(40),
  head: bytes(40),
  nonce: fc.uint8Array({ minLength: 12, maxLength: 12 }),
  plain: fc.uint8Array({ minLength: 8, maxLength: 300 }),
  slack: bytes(20),
  flipped: fc.option(fc.nat()),
});

type Message = typeof message extends fc.Arbitrary<infer M> ? M : never;

interface Sealed {
  readonly framing: AeadFraming;
  readonly frame: Uint8Array;
  readonly length: number;
  readonly isWhole: boolean;
}

async function keyOf(aead: Aead): Promise<AeadKey> {
  return aead.importKey(raw);
}

async function sealedOf({ prefix, head, nonce, plain, slack, flipped }: Message): Promise<Sealed> {
  const sealed = new Uint8Array(plain.length + 16);
  await (await keyOf(cryptoAead)).seal(nonce, concatBytes(prefix, head), plain, sealed);
  const frame = concatBytes(head, nonce, sealed, slack);
  const end = frame.length - slack.length;
  const at = flipped === null ? 0 : (flipped >>> 3) % end;
  if (flipped !== null) frame[at] = (frame[at] as number) ^ (1 << (flipped & 7));
  const framing = { prefix, headLength: head.length };
  return { framing, frame, length: plain.length, isWhole: flipped === null };
}

/** What is around the plaintext of a frame. */
function around(frame: Uint8Array, at: number, length: number): Uint8Array {
  return concatBytes(frame.subarray(0, at), frame.subarray(at + length));
}

t.test(
  "every AEAD opens the same frames where they stand, and leaves nothing of others",
  async (t) => {
    const keys = await Promise.all([nodeAead, cryptoAead, webAead].map(keyOf));
    const opensAlike = fc.asyncProperty(message, async (from) => {
      const { framing, frame, length, isWhole } = await sealedOf(from);
      const at = framing.headLength + 12;
      for (const key of keys) {
        const own = frame.slice();
        assert.equal(await key.openFrame(framing, own, length), isWhole);
        assert.deepEqual(around(own, at, length), around(frame, at, length));
        assert.equal(Buffer.from(from.plain).equals(own.subarray(at, at + length)), isWhole);
      }
    });
    await t.resolves(fc.assert(opensAlike, { numRuns: RUNS }));
  },
);

t.test("frames opened together open as one by one", async (t) => {
  const { batch } = await keyOf(nodeAead);
  if (batch === undefined) throw new Error("the shim is missing");
  const frames = fc.array(message, { maxLength: batch.limit });
  const opensAlike = fc.asyncProperty(frames, bytes(40), async (from, prefix) => {
    const sealed = await Promise.all(
      from.map((each) => sealedOf({ ...each, prefix, head: each.nonce })),
    );
    const framing = { prefix, headLength: 12 };
    const stored = sealed.map(({ frame }) => frame);
    const lengths = sealed.map(({ length }) => length);
    const isRight = await batch.openFrames(framing, stored, lengths);
    assert.deepEqual(
      isRight,
      sealed.map(({ isWhole }) => isWhole),
    );
    for (const [i, { length, isWhole }] of sealed.entries()) {
      const opened = stored[i]?.subarray(24, 24 + length);
      assert.equal(Buffer.from(from[i]?.plain ?? []).equals(opened ?? raw), isWhole);
    }
  });
  await t.resolves(fc.assert(opensAlike, { numRuns: RUNS }));
});

t.test("no length reaches beyond its frame", async (t) => {
  const framing = { prefix: raw, headLength: 8 };
  const size = 100;
  const room = size - framing.headLength - NONCE_AND_TAG;
  for (const aead of [nodeAead, cryptoAead]) {
    const key = await keyOf(aead);
    t.notOk(await key.openFrame(framing, new Uint8Array(size), room), "all of it");
    for (const length of [room + 1, size, -1, -size, 2 ** 31, 2 ** 32, 2 ** 53]) {
      t.throws(() => key.openFrame(framing, new Uint8Array(size), length), `${length} bytes`);
    }
    t.throws(() => key.openFrame(framing, new Uint8Array(35), 0), "no room for nonce and tag");
    t.notOk(await key.openFrame(framing, new Uint8Array(36), 0), "just room for these");
  }
  const { batch } = await keyOf(nodeAead);
  const frame = new Uint8Array(size);
  await t.rejects(async () => batch?.openFrames(framing, [frame, frame], [room, room + 1]));
  await t.rejects(async () => batch?.openFrames(framing, [frame, frame], [room]));
  const many = new Array<Uint8Array>(33).fill(frame);
  await t.rejects(async () => batch?.openFrames(framing, many, new Array(33).fill(1)));
  for (const headLength of [-1, 4097, 2 ** 31]) {
    const key = await keyOf(nodeAead);
    t.throws(() => key.openFrame({ prefix: raw, headLength }, frame, 1), `head of ${headLength}`);
  }
});
