/**
 * Codecs of the segment store: what is written is read back, and no bytes make a decoder crash.
 *
 * @module
 */
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import t from "tap";
import { DvaultError } from "../../src/core/base/errors.ts";
import { addressOf } from "../../src/core/format/address.ts";
import { STORED_PAGE_MAX } from "../../src/core/format/page-size.ts";
import type { ObjectId } from "../../src/stores/objects/object-store.ts";
import { remainder } from "../../src/stores/segments/clean/remainder.ts";
import {
  type CatalogChange,
  decodeCatalogChange,
  encodeCatalogChange,
  type PlacedExtent,
} from "../../src/stores/segments/format/catalog-change.ts";
import type { Claim } from "../../src/stores/segments/format/claim.ts";
import {
  decodeCommitRecord,
  encodeCommitRecord,
} from "../../src/stores/segments/format/commit-record.ts";
import {
  extentSize,
  frameAt,
  frameSize,
  isDead,
  livePages,
  withDead,
} from "../../src/stores/segments/format/extent.ts";
import { packObject, pageOfFrame } from "../../src/stores/segments/format/frame.ts";
import {
  decodeLeaseRecord,
  encodeLeaseRecord,
} from "../../src/stores/segments/format/lease-record.ts";
import { planReads } from "../../src/stores/segments/read/read-plan.ts";

/** Records with the prototype that objects in the code have. */
function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>;
}

const numRuns = Number(process.env.FC_RUNS ?? 100);

function holds(property: fc.IPropertyWithHooks<never[]> | fc.IRawProperty<never[]>): void {
  fc.assert(property as fc.IRawProperty<never[]>, { numRuns });
}

const ascii = (maxLength: number) =>
  fc.string({
    maxLength,
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((c) => String.fromCharCode(c)),
  });
const id = ascii(80).filter((text) => text.length > 0) as fc.Arbitrary<ObjectId>;
const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const length = fc.oneof(fc.constant(STORED_PAGE_MAX), fc.integer({ min: 1, max: STORED_PAGE_MAX }));

const extent: fc.Arbitrary<PlacedExtent> = fc
  .tuple(fc.nat(2 ** 40), fc.integer({ min: 1, max: 127 }), fc.nat(126))
  .chain(([segment, pages, index]) =>
    record({
      first: fc.constant(segment * 128 + Math.min(index, 127 - pages)),
      object: u32,
      offset: u32,
      lengths: fc.array(length, { minLength: pages, maxLength: pages }),
      dead: fc.option(fc.uint8Array({ minLength: 16, maxLength: 16 }), { nil: undefined }),
    }),
  );

const change: fc.Arbitrary<CatalogChange> = record({
  checkpoint: fc.array(record({ id, length: u32 }), { maxLength: 4 }),
  goneObjects: fc.array(u32, { maxLength: 5 }),
  goneExtents: fc.array(fc.nat(2 ** 47), { maxLength: 5 }),
  objects: fc.array(
    record({
      number: u32,
      id: fc.oneof(id, fc.constant("" as ObjectId)),
      length: u32,
      position: fc.option(ascii(80), { nil: undefined }),
    }),
    { maxLength: 5 },
  ),
  extents: fc.array(extent, { maxLength: 5 }),
});

const claim: fc.Arbitrary<Claim> = record({
  writer: fc
    .uint8Array({ minLength: 16, maxLength: 16 })
    .map((bytes) => Buffer.from(bytes).toString("hex")),
  token: ascii(80),
  leaseMs: u32,
  machine: fc
    .uint8Array({ minLength: 8, maxLength: 8 })
    .map((bytes) => Buffer.from(bytes).toString("hex")),
  pid: u32,
  sinceMs: fc.nat(Number.MAX_SAFE_INTEGER),
  host: ascii(64),
});

const commit = record({
  claim,
  publication: fc.nat(2 ** 48 - 1),
  sequence: fc.nat(2 ** 48 - 1),
  change: record({ attachment: fc.nat(255), offset: u32, length: u32 }),
  header: fc.uint8Array({ maxLength: 200 }),
});

/** Whether a decoder answers or refuses properly. */
function isOrderly(decode: () => unknown): boolean {
  try {
    decode();
    return true;
  } catch (error) {
    return error instanceof DvaultError;
  }
}

t.test("a change of the catalog is read as it was written", async (t) => {
  t.doesNotThrow(() =>
    holds(
      fc.property(change, (value) => {
        return isDeepStrictEqual(decodeCatalogChange(encodeCatalogChange(value)), value);
      }) as never,
    ),
  );
});

t.test("commit and lease records are read as they were written", async (t) => {
  t.doesNotThrow(() =>
    holds(
      fc.property(commit, claim, (made, holder) => {
        const leases = (["hold", "take over", "release"] as const).map((action) => ({
          action,
          claim: holder,
        }));
        return (
          isDeepStrictEqual(decodeCommitRecord(encodeCommitRecord(made)), made) &&
          leases.every((lease) =>
            isDeepStrictEqual(decodeLeaseRecord(encodeLeaseRecord(lease)), lease),
          )
        );
      }) as never,
    ),
  );
});

t.test("a flipped bit of a change is noticed; no bytes crash a decoder", async (t) => {
  t.doesNotThrow(() =>
    holds(
      fc.property(change, fc.nat(), fc.nat(7), (value, place, bit) => {
        const bytes = encodeCatalogChange(value);
        const at = place % bytes.length;
        bytes[at] = (bytes[at] as number) ^ (1 << bit);
        try {
          decodeCatalogChange(bytes);
          return false;
        } catch (error) {
          return error instanceof DvaultError;
        }
      }) as never,
    ),
  );
  const decoders = [decodeCatalogChange, decodeCommitRecord, decodeLeaseRecord];
  t.doesNotThrow(() =>
    holds(
      fc.property(fc.uint8Array({ maxLength: 400 }), commit, fc.nat(400), (bytes, made, cut) => {
        const begin = encodeCommitRecord(made).slice(0, cut);
        return decoders.every(
          (decode) => isOrderly(() => decode(bytes)) && isOrderly(() => decode(begin)),
        );
      }) as never,
    ),
  );
});

t.test("pages stand in an object where its extents say, each with its checksum", async (t) => {
  const pages = fc.uniqueArray(fc.nat(600), { minLength: 1, maxLength: 40 }).chain((numbers) =>
    fc.tuple(
      ...numbers
        .sort((a, b) => a - b)
        .map((number) =>
          record({
            address: fc.constant(addressOf(number)),
            bytes: fc.uint8Array({ minLength: 1, maxLength: 50 }),
          }),
        ),
    ),
  );
  t.doesNotThrow(() =>
    holds(
      fc.property(pages, fc.uint8Array({ maxLength: 20 }), (stored, trailer) => {
        const { bytes, extents } = packObject(stored, trailer);
        const found = extents.flatMap((run) =>
          run.lengths.map((_, n) => {
            const { offset, length: size } = frameAt(run, n);
            const frame = bytes.subarray(offset, offset + frameSize(size));
            const address = run.first + n;
            const isAnothers = pageOfFrame(frame, address + 1) !== undefined;
            return { address, bytes: isAnothers ? undefined : pageOfFrame(frame, address) };
          }),
        );
        const isWhole = isDeepStrictEqual(
          found.map((page) => [page.address, [...(page.bytes ?? [])]]),
          stored.map((page) => [page.address, [...page.bytes]]),
        );
        const size = extents.reduce((sum, run) => sum + extentSize(run), 0);
        const isFitting = extents.every((run) => (run.first % 128) + run.lengths.length <= 127);
        const [first] = stored;
        const damaged = bytes.slice(0, frameSize(first?.bytes.length ?? 0));
        damaged[0] = (damaged[0] as number) ^ 1;
        const isNoticed = pageOfFrame(damaged, first?.address ?? 0) === undefined;
        return isWhole && isFitting && isNoticed && bytes.length === size + trailer.length;
      }) as never,
    ),
  );
});

t.test(
  "what is left of an extent is its live pages that were not moved, where they were",
  async (t) => {
    t.doesNotThrow(() =>
      holds(
        fc.property(extent, fc.array(fc.nat(126)), (whole, moved) => {
          const gone = new Set(moved.map((n) => whole.first + n));
          const rest = remainder(whole, gone).flatMap((run) =>
            run.lengths.map((_, n) => [run.first + n, frameAt(run, n).offset]),
          );
          const expected = livePages(whole)
            .filter((n) => !gone.has(whole.first + n))
            .map((n) => [whole.first + n, frameAt(whole, n).offset]);
          return isDeepStrictEqual(rest, expected);
        }) as never,
      ),
    );
  },
);

t.test("a page that was marked dead is dead, the others are as before", async (t) => {
  t.doesNotThrow(() =>
    holds(
      fc.property(extent, fc.nat(), (before, place) => {
        const n = place % before.lengths.length;
        const after = { ...before, dead: withDead(before, n) };
        return before.lengths.every((_, i) => isDead(after, i) === (i === n || isDead(before, i)));
      }) as never,
    ),
  );
});

t.test("a plan brings every page once, within one object and the longest request", async (t) => {
  const wanted = fc.array(
    record({
      address: fc.nat(10_000),
      id: fc.constantFrom("a", "b", "c") as fc.Arbitrary<ObjectId>,
      offset: fc.nat(8_000_000),
      length: fc.integer({ min: 1, max: STORED_PAGE_MAX }),
    }),
    { maxLength: 60 },
  );
  t.doesNotThrow(() =>
    holds(
      fc.property(wanted, (pages) => {
        const plan = planReads(pages, 2 ** 20);
        const fits = plan.every(({ id: object, range, pages: brought }) =>
          brought.every(
            (page) =>
              page.id === object &&
              page.offset >= range.offset &&
              page.offset + frameSize(page.length) <= range.offset + range.length &&
              (brought.length === 1 || range.length <= 2 ** 20),
          ),
        );
        return fits && plan.flatMap((request) => request.pages).length === pages.length;
      }) as never,
    ),
  );
});
