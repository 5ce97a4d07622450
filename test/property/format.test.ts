import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { DvaultError, PageError } from "../../src/core/base/errors.ts";
import { PAGE_SIZE } from "../../src/core/base/limits.ts";
import { KEY_SIZE, VaultKeys } from "../../src/core/crypto/key-schedule.ts";
import type { KeySlot } from "../../src/core/crypto/key-slot.ts";
import { SecretBytes } from "../../src/core/crypto/secret-bytes.ts";
import { addressOf, isAddress, pageNumber } from "../../src/core/format/address.ts";
import { chooseHeader } from "../../src/core/format/choose-header.ts";
import { decodeCommitRoot, encodeCommitRoot } from "../../src/core/format/commit-root.ts";
import { decodeHeader, encodeHeader, HEADER_SIZE } from "../../src/core/format/header.ts";
import { decodeKeyDirectory, encodeKeyDirectory } from "../../src/core/format/key-directory.ts";
import { PageCodec, type PageKeys } from "../../src/core/format/page-codec.ts";
import { decodePageHeader, PAGE_CLASSES } from "../../src/core/format/page-header.ts";
import type { OpenedPage } from "../../src/core/format/stored-page.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { TEST_VAULT } from "../support/test-codec.ts";
import { FixedPageKeys, sumHeaderKey } from "../support/test-keys.ts";

const RUNS = Number(process.env.FC_RUNS ?? 200);

const codec = codecOf(new FixedPageKeys());

/** Of a vault without pages in parts. */
const wholeCodec = codecOf(new FixedPageKeys(), { ...TEST_VAULT, hasPageParts: false });

function codecOf(keys: PageKeys, vault = TEST_VAULT): PageCodec {
  return new PageCodec(vault, keys, nodePlatform.random);
}

/** The n-th vault key of a vault. */
function vaultKeyOf(n: number): SecretBytes {
  return new SecretBytes(new Uint8Array(KEY_SIZE).fill(n));
}

function keysOf(n: number): VaultKeys {
  return new VaultKeys(new Uint8Array(16), vaultKeyOf(n), nodePlatform.aead);
}

/** Records with the prototype that decoded ones have. */
function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>;
}

const u16 = fc.integer({ min: 0, max: 2 ** 16 - 1 });
const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const u48 = fc.maxSafeNat().map((number) => number % 2 ** 48);
const safe = fc.maxSafeNat();
const address = u48.map((number) => addressOf(number % (127 * 2 ** 41)));
const generation = u48.map((number) => Math.max(number, 1));
const pointer = record({ address, generation });
const time = record({
  sec: fc.maxSafeInteger(),
  nsec: fc.integer({ min: 0, max: 999_999_999 }),
});
const exactly = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });
const treeRoot = fc.oneof(
  fc.constant({ pointer: undefined, height: 0 }),
  record({ pointer, height: fc.integer({ min: 1, max: 2 ** 16 - 1 }) }),
);

const header = record({
  hasOlderKeys: fc.boolean(),
  hasPageParts: fc.boolean(),
  hasLog: fc.boolean(),
  compatibleFeatures: u32,
  vaultId: exactly(16),
  generation,
  argon2: record({ memoryKib: u32, passes: u16, lanes: u16 }),
  keyDirectory: address,
  commitRoot: address,
  age: fc.nat(),
  created: time,
}).map(({ age, keyDirectory, commitRoot, ...rest }) => ({
  ...rest,
  keyDirectory: { address: keyDirectory, generation: Math.max(rest.generation - age, 0) },
  commitRoot: { address: commitRoot, generation: rest.generation },
}));

const commitRoot = record({
  generation: u48,
  time,
  toc: treeRoot,
  env: fc.option(pointer, { nil: undefined }),
  previous: fc.option(pointer, { nil: undefined }),
  nextIno: safe,
  inodes: safe,
  pagesInUse: u48,
  end: u48,
  epoch: fc.integer({ min: 1, max: 2 ** 16 - 1 }),
  sealed: u48,
  spaceMap: fc.uniqueArray(pointer, { maxLength: 40, selector: ({ address }) => address }),
  snapshots: fc.array(
    record({
      id: u32,
      name: fc.uint8Array({ minLength: 1, maxLength: 255 }),
      time,
      generation: u48,
      toc: treeRoot,
    }),
    { maxLength: 20 },
  ),
  unknown: fc.array(record({ tag: fc.integer({ min: 3, max: 0x7fff }), value: fc.uint8Array() }), {
    maxLength: 5,
  }),
});

const slotId = exactly(8).map((bytes) => Buffer.from(bytes).toString("hex"));
const description = {
  id: slotId,
  label: fc
    .string({ unit: "grapheme", maxLength: 30 })
    .filter((text) => Buffer.byteLength(text) < 256),
  created: time,
};
const slot: fc.Arbitrary<KeySlot> = fc.oneof(
  record({
    ...description,
    kind: fc.constant("password" as const),
    argon2: record({ memoryKib: u32, passes: u16, lanes: u16 }),
    salt: exactly(16),
    wrapped: exactly(60),
  }),
  record({
    ...description,
    kind: fc.constantFrom("recipient" as const, "recovery" as const),
    recipient: fc.string({ unit: "grapheme-ascii" }),
    wrapped: fc.uint8Array({ maxLength: 500 }),
  }),
  record({
    ...description,
    kind: fc.constant("unknown" as const),
    code: fc.integer({ min: 5, max: 255 }),
    body: fc.uint8Array({ maxLength: 500 }),
  }),
);

const older = record({
  id: slotId,
  created: time,
  lastEpoch: u16,
  lastGeneration: u48,
  doneAt: u48,
  wrapped: exactly(60),
});
const directory = record({
  vaultId: exactly(16),
  slots: fc.array(slot, { maxLength: 20 }),
  older: fc.array(older, { maxLength: 3 }),
});

const page = record({
  pageClass: fc.constantFrom(...PAGE_CLASSES),
  pointer: record({ address, generation: u48 }),
  owner: record({ ino: safe, block: u48 }),
  payload: fc.uint8Array({ maxLength: 3000 }),
  length: fc.oneof(fc.integer({ min: 3000, max: PAGE_SIZE }), fc.constant(PAGE_SIZE)),
});

function check<T>(arbitrary: fc.Arbitrary<T>, property: (value: T) => void): void {
  t.doesNotThrow(() => fc.assert(fc.property(arbitrary, property), { numRuns: RUNS }));
}

/** Decodes; undefined when the bytes were refused with a proper error. Anything else thrown is a failure. */
function refusable<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof DvaultError) return undefined;
    throw error;
  }
}

function flip(bytes: Uint8Array, bit: number): Uint8Array {
  const flipped = bytes.slice();
  const at = Math.floor(bit / 8) % bytes.length;
  flipped[at] = (flipped[at] as number) ^ (1 << (bit % 8));
  return flipped;
}

/** Bytes beginning like the real thing, so that decoders get beyond their first checks. */
function noiseLike(sample: Uint8Array): fc.Arbitrary<Uint8Array> {
  const change = fc.tuple(fc.nat({ max: sample.length - 1 }), fc.nat({ max: 255 }));
  return fc.oneof(
    fc.uint8Array({ maxLength: 600 }),
    fc.tuple(fc.array(change, { minLength: 1, maxLength: 8 }), fc.nat()).map(([changes, cut]) => {
      const bytes = sample.slice(0, cut % 4 === 0 ? cut % sample.length : sample.length);
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      return bytes;
    }),
  );
}

t.test("page numbers and addresses are each other's inverse, and keep their order", async () => {
  check(fc.tuple(u48, u48), ([a, b]) => {
    const [first, second] = [addressOf(a % (127 * 2 ** 41)), addressOf(b % (127 * 2 ** 41))];
    assert.ok(isAddress(first) && pageNumber(first) === a % (127 * 2 ** 41));
    assert.equal(Math.sign(first - second), Math.sign(pageNumber(first) - pageNumber(second)));
  });
});

t.test("headers, commit roots and key directories decode to what was encoded", async () => {
  check(header, (value) =>
    assert.deepEqual(decodeHeader(encodeHeader(value, sumHeaderKey)), value),
  );
  check(commitRoot, (value) => assert.deepEqual(decodeCommitRoot(encodeCommitRoot(value)), value));
  check(directory, (value) =>
    assert.deepEqual(decodeKeyDirectory(encodeKeyDirectory(value)), value),
  );
});

t.test("pages open as they were sealed, and not with any bit flipped", async () => {
  const kinds = fc.tuple(page, fc.constantFrom(codec, wholeCodec), fc.nat());
  check(kinds, ([{ pageClass, pointer: at, owner, payload, length }, by, bit]) => {
    const plain = new Uint8Array(length);
    plain.set(payload);
    const stored = by.seal({ pageClass, ...at, owner, payload: plain }) as Uint8Array;
    const opened = by.open(pageClass, { ...at, stored: stored.slice() }) as OpenedPage;
    assert.ok(Buffer.from(plain).equals(opened.payload));
    assert.deepEqual(opened.owner, owner);
    assert.throws(() => by.open(pageClass, { ...at, stored: flip(stored, bit) }), PageError);
  });
});

t.test("whoever kept a replaced vault key makes no page of a later generation", async () => {
  const sealed = fc.tuple(page, fc.integer({ min: 1, max: 4 }), fc.array(u48, { maxLength: 3 }));
  check(sealed, ([{ pageClass, pointer: at, owner, payload }, epoch, replacedAt]) => {
    const generations = replacedAt.sort((a, b) => a - b);
    const keys = keysOf(0);
    for (const [i, last] of generations.entries()) keys.replaceVaultKey(vaultKeyOf(i + 1), last);
    const kept = keysOf(Math.min(epoch - 1, generations.length));
    kept.enterEpoch(epoch);
    const stored = codecOf(kept).seal({ pageClass, ...at, owner, payload }) as Uint8Array;
    const opened = refusable(() => codecOf(keys).open(pageClass, { ...at, stored }));
    const last = generations[epoch - 1] ?? Number.POSITIVE_INFINITY;
    const mayOpen = pageClass === "key-directory" || at.generation <= last;
    assert.equal(opened !== undefined, mayOpen);
  });
});

t.test("a page sealed for one place does not open for another", async () => {
  check(fc.tuple(page, page), ([one, two]) => {
    const stored = codec.seal({ ...one, ...one.pointer }) as Uint8Array;
    const isSame =
      one.pageClass === two.pageClass &&
      one.pointer.address === two.pointer.address &&
      one.pointer.generation === two.pointer.generation;
    const opened = refusable(() => codec.open(two.pageClass, { ...two.pointer, stored }));
    assert.equal(opened !== undefined, isSame);
  });
});

t.test("any flipped bit and any truncation of a header is refused", async () => {
  check(fc.tuple(header, fc.nat(), fc.nat({ max: HEADER_SIZE - 1 })), ([value, bit, length]) => {
    const stored = encodeHeader(value, sumHeaderKey);
    assert.throws(() => decodeHeader(flip(stored, bit)), { code: "VAULT_DAMAGED" });
    assert.throws(() => decodeHeader(stored.subarray(0, length)), DvaultError);
  });
});

t.test("decoders answer random and hostile bytes with a value or a proper error", async () => {
  const [sampleHeader] = fc.sample(header, { numRuns: 1, seed: 1 });
  const [sampleRoot] = fc.sample(commitRoot, { numRuns: 1, seed: 2 });
  const sampleDirectory = {
    vaultId: new Uint8Array(16),
    slots: fc.sample(slot, { numRuns: 6, seed: 3 }),
    older: fc.sample(older, { numRuns: 1, seed: 3 }),
  };
  if (sampleHeader === undefined || sampleRoot === undefined) throw new Error("no sample");
  const headerBytes = encodeHeader(sampleHeader, sumHeaderKey);
  const at = { address: 3, generation: 4 };
  const stored = codec.seal({
    pageClass: "data",
    ...at,
    owner: { ino: 1, block: 2 },
    payload: new Uint8Array(99),
  }) as Uint8Array;
  check(noiseLike(headerBytes), (bytes) => void refusable(() => chooseHeader([bytes, undefined])));
  check(noiseLike(encodeCommitRoot(sampleRoot)), (bytes) => {
    refusable(() => decodeCommitRoot(bytes));
  });
  check(noiseLike(encodeKeyDirectory(sampleDirectory)), (bytes) => {
    refusable(() => decodeKeyDirectory(bytes));
  });
  check(noiseLike(stored), (bytes) => {
    decodePageHeader(bytes);
    refusable(() => codec.open("data", { ...at, stored: bytes.slice() }) as OpenedPage);
    refusable(() => codec.open("key-directory", { ...at, stored: bytes.slice() }) as OpenedPage);
  });
});

t.test("what a decoder accepts of hostile bytes, it writes back the same", async () => {
  const [sampleRoot] = fc.sample(commitRoot, { numRuns: 1, seed: 2 });
  if (sampleRoot === undefined) throw new Error("no sample");
  const sampleDirectory = {
    vaultId: new Uint8Array(16),
    slots: fc.sample(slot, { numRuns: 6, seed: 3 }),
    older: fc.sample(older, { numRuns: 1, seed: 3 }),
  };
  check(noiseLike(encodeKeyDirectory(sampleDirectory)), (bytes) => {
    const decoded = refusable(() => decodeKeyDirectory(bytes));
    if (decoded === undefined) return;
    assert.deepEqual(decodeKeyDirectory(encodeKeyDirectory(decoded)), decoded);
  });
  check(noiseLike(encodeCommitRoot(sampleRoot)), (bytes) => {
    const decoded = refusable(() => decodeCommitRoot(bytes));
    if (decoded === undefined) return;
    assert.deepEqual(decodeCommitRoot(encodeCommitRoot(decoded)), decoded);
  });
});
