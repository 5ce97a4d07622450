import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { concatBytes } from "../../src/core/base/bytes.ts";
import type { Aead, AeadFrame, AeadFraming, AeadKey } from "../../src/core/base/platform.ts";
import { cryptoAead, nodeAead } from "../../src/platform/node-aead.ts";
import { webAead } from "../support/web-aead.ts";

const RUNS = Number(process.env.FC_RUNS ?? 200);
const NONCE = 12;
const TAG = 16;

const raw = new Uint8Array(32).fill(9);
const bytes = (maxLength: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength });

/**
 * A frame with some bytes behind it, of which a bit may be flipped. The plaintext is long enough to be told from noise, and what of
 * it is sealed from elsewhere ends anywhere.
 */
const message = fc.record({
  prefix: bytes(40),
  head: bytes(40),
  nonce: fc.uint8Array({ minLength: NONCE, maxLength: NONCE }),
  plain: fc.uint8Array({ minLength: 8, maxLength: 300 }),
  partLength: fc.option(fc.integer({ min: 2, max: 320 }), { nil: undefined }),
  elsewhere: fc.nat(300),
  slack: bytes(20),
  flipped: fc.option(fc.nat()),
});

type Message = typeof message extends fc.Arbitrary<infer M> ? M : never;

interface Sealed {
  readonly framing: AeadFraming;
  readonly frame: AeadFrame;
  readonly isWhole: boolean;
}

async function keyOf(aead: Aead): Promise<AeadKey> {
  return aead.importKey(raw);
}

/** Where the plaintext of each part begins; the last ends with all of it. */
function cuts({ plain, partLength }: Message): readonly number[] {
  const parts = Math.max(1, Math.floor(plain.length / (partLength ?? plain.length)));
  return Array.from({ length: parts }, (_, i) => i * (partLength ?? 0));
}

/** What stands behind the nonce of a frame, by the definition: part for part, each under a nonce of its own. */
async function partsOf(from: Message): Promise<Uint8Array> {
  const { prefix, head, nonce, plain } = from;
  const key = await keyOf(cryptoAead);
  const begins = cuts(from);
  const parts = begins.map(async (begin, i) => {
    const part = plain.subarray(begin, begins[i + 1] ?? plain.length);
    const out = new Uint8Array(part.length + TAG);
    const own = nonce.with(NONCE - 1, (nonce[NONCE - 1] as number) ^ i);
    await key.seal(own, concatBytes(prefix, head), part, out);
    return out;
  });
  return concatBytes(...(await Promise.all(parts)));
}

async function sealedOf(from: Message): Promise<Sealed> {
  const { prefix, head, nonce, plain, partLength, slack, flipped } = from;
  const stored = concatBytes(head, nonce, await partsOf(from), slack);
  const end = stored.length - slack.length;
  const at = flipped === null ? 0 : (flipped >>> 3) % end;
  if (flipped !== null) stored[at] = (stored[at] as number) ^ (1 << (flipped & 7));
  const framing = { prefix, headLength: head.length };
  const frame = { bytes: stored, length: plain.length, partLength };
  return { framing, frame, isWhole: flipped === null };
}

/** A frame that is to be sealed: the end of its plaintext stands there. */
function unsealedOf(from: Message): AeadFrame & { readonly plain: Uint8Array } {
  const { head, nonce, plain, partLength, slack } = from;
  const begins = cuts(from);
  const stored = new Uint8Array(
    head.length + NONCE + plain.length + begins.length * TAG + slack.length,
  );
  stored.set(concatBytes(head, nonce));
  stored.set(slack, stored.length - slack.length);
  const last = begins.at(-1) ?? 0;
  const given = Math.max(last, Math.min(from.elsewhere, plain.length));
  const at = head.length + NONCE + given + (begins.length - 1) * TAG;
  stored.set(plain.subarray(given), at);
  return { bytes: stored, length: plain.length, partLength, plain: plain.subarray(0, given) };
}

/** What is around a frame's messages. */
function around({ bytes: stored }: AeadFrame, from: Message): Uint8Array {
  const { head, slack } = from;
  const behind = stored.subarray(stored.length - slack.length);
  return concatBytes(stored.subarray(0, head.length + NONCE), behind);
}

function copyOf(frame: AeadFrame): AeadFrame {
  return { ...frame, bytes: frame.bytes.slice() };
}

function plainIn({ bytes: stored, length }: AeadFrame, at: number): Buffer {
  return Buffer.from(stored.subarray(at, at + length));
}

t.test(
  "every AEAD opens the same frames where they stand, and leaves nothing of others",
  async (t) => {
    const keys = await Promise.all([nodeAead, cryptoAead, webAead].map(keyOf));
    const opensAlike = fc.asyncProperty(message, async (from) => {
      const { framing, frame, isWhole } = await sealedOf(from);
      const at = framing.headLength + NONCE;
      for (const key of keys) {
        const own = copyOf(frame);
        assert.equal(await key.openFrame(framing, own), isWhole);
        assert.deepEqual(around(own, from), around(frame, from));
        assert.equal(plainIn(own, at).equals(from.plain), isWhole);
        for (const begin of isWhole ? [] : cuts(from)) {
          const some = from.plain.subarray(begin, begin + 8);
          const left = own.bytes.subarray(at, own.bytes.length - from.slack.length);
          assert.ok(some.length < 8 || Buffer.from(left).indexOf(some) < 0, "a part is left");
        }
      }
    });
    await t.resolves(fc.assert(opensAlike, { numRuns: RUNS }));
  },
);

t.test("every AEAD seals frames as they are defined, wherever the plaintext ends", async (t) => {
  const keys = await Promise.all([nodeAead, cryptoAead, webAead].map(keyOf));
  const sealsAlike = fc.asyncProperty(message, async (any) => {
    const from = { ...any, flipped: null };
    const { framing, frame } = await sealedOf(from);
    for (const key of keys) {
      const { plain, ...own } = unsealedOf(from);
      await key.sealFrame(framing, own, plain);
      assert.deepEqual(own.bytes, frame.bytes);
    }
  });
  await t.resolves(fc.assert(sealsAlike, { numRuns: RUNS }));
});

t.test("frames sealed and opened together are the same as one by one", async (t) => {
  const { batch } = await keyOf(nodeAead);
  if (batch === undefined) throw new Error("the shim is missing");
  const frames = fc.array(message, { minLength: 1, maxLength: batch.limit });
  const areAlike = fc.asyncProperty(frames, bytes(40), async (all, prefix) => {
    const from = all.map((each) => ({ ...each, prefix, head: each.nonce }));
    const framing = { prefix, headLength: NONCE };
    const whole = await Promise.all(from.map((each) => sealedOf({ ...each, flipped: null })));
    const made = from.map(unsealedOf);
    await batch.sealFrames(
      framing,
      made,
      made.map(({ plain }) => plain),
    );
    for (const [i, { frame }] of whole.entries()) assert.deepEqual(made[i]?.bytes, frame.bytes);
    const sealed = await Promise.all(from.map(sealedOf));
    const stored = sealed.map(({ frame }) => frame);
    assert.deepEqual(
      await batch.openFrames(framing, stored),
      sealed.map(({ isWhole }) => isWhole),
    );
    for (const [i, { frame, isWhole }] of sealed.entries()) {
      assert.equal(plainIn(frame, 2 * NONCE).equals(from[i]?.plain ?? raw), isWhole);
    }
  });
  await t.resolves(fc.assert(areAlike, { numRuns: RUNS }));
});

t.test("no length reaches beyond its frame", async (t) => {
  const framing = { prefix: raw, headLength: 8 };
  const stored = new Uint8Array(100);
  const room = stored.length - framing.headLength - NONCE - TAG;
  const lengths = [room + 1, stored.length, -1, -stored.length, 2 ** 31, 2 ** 32, 2 ** 53];
  for (const aead of [nodeAead, cryptoAead]) {
    const key = await keyOf(aead);
    t.notOk(await key.openFrame(framing, { bytes: stored, length: room }), "all of it");
    for (const length of lengths) {
      const frame = { bytes: stored, length };
      t.throws(() => key.openFrame(framing, frame), `${length} bytes`);
      t.throws(() => key.sealFrame(framing, frame, raw), `${length} bytes`);
    }
    const inParts = { bytes: stored, length: room - TAG, partLength: (room - TAG) / 2 };
    t.notOk(await key.openFrame(framing, inParts), "all of it in two parts");
    t.throws(() => key.openFrame(framing, { ...inParts, length: room }), "no room for two tags");
    const noRoom = { bytes: new Uint8Array(35), length: 0 };
    t.throws(() => key.openFrame(framing, noRoom), "no room for nonce and tag");
    t.notOk(await key.openFrame(framing, { bytes: new Uint8Array(36), length: 0 }), "just room");
    const many = { bytes: new Uint8Array(10_000), length: 257, partLength: 1 };
    t.throws(() => key.openFrame(framing, many), "more parts than a nonce tells apart");
    t.notOk(await key.openFrame(framing, { ...many, length: 256 }), "as many as it does");
    t.throws(() => key.sealFrame(framing, { bytes: stored, length: 10 }, raw), "too long");
  }
  const { batch } = await keyOf(nodeAead);
  const frame = { bytes: stored, length: room };
  const open = async (frames: readonly AeadFrame[]): Promise<unknown> =>
    batch?.openFrames(framing, frames);
  await t.rejects(open([frame, { ...frame, length: room + 1 }]));
  await t.rejects(open(new Array<AeadFrame>(33).fill(frame)));
  await t.rejects(async () => batch?.sealFrames(framing, [frame, frame], [raw]));
  for (const headLength of [-1, 4097, 2 ** 31]) {
    const key = await keyOf(nodeAead);
    const one = { bytes: stored, length: 1 };
    t.throws(() => key.openFrame({ prefix: raw, headLength }, one), `head of ${headLength}`);
  }
});
