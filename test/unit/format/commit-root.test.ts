import t from "tap";
import { concatBytes, putU16, putU32 } from "../../../src/core/base/bytes.ts";
import {
  type CommitRoot,
  decodeCommitRoot,
  encodeCommitRoot,
} from "../../../src/core/format/commit-root.ts";

const FIELDS_AT = 128;

const SMALLEST: CommitRoot = {
  generation: 1,
  time: { sec: 0, nsec: 0 },
  toc: { pointer: undefined, height: 0 },
  env: undefined,
  previous: undefined,
  nextIno: 2,
  inodes: 1,
  pagesInUse: 0,
  end: 0,
  epoch: 1,
  sealed: 0,
  spaceMap: [],
  snapshots: [],
  unknown: [],
};

const FULL: CommitRoot = {
  generation: 2 ** 48 - 1,
  time: { sec: -5, nsec: 999_999_999 },
  toc: { pointer: { address: 2 ** 48 - 2, generation: 2 ** 48 - 1 }, height: 65_535 },
  env: { address: 1, generation: 2 },
  previous: { address: 0, generation: 1 },
  nextIno: Number.MAX_SAFE_INTEGER,
  inodes: 2 ** 50,
  pagesInUse: 2 ** 47,
  end: 2 ** 48 - 1,
  epoch: 65_535,
  sealed: 2 ** 31,
  spaceMap: [
    { address: 7, generation: 3 },
    { address: 2 ** 40, generation: 4 },
  ],
  snapshots: [
    {
      id: 2 ** 32 - 1,
      name: new Uint8Array(255).fill(0xff),
      time: { sec: 1, nsec: 2 },
      generation: 8,
      toc: { pointer: { address: 3, generation: 8 }, height: 2 },
    },
    {
      id: 0,
      name: Uint8Array.of(0x61),
      time: { sec: 1, nsec: 2 },
      generation: 9,
      toc: { pointer: undefined, height: 0 },
    },
  ],
  unknown: [
    { tag: 3, value: Uint8Array.of(1, 2, 3) },
    { tag: 0x7fff, value: new Uint8Array(0) },
  ],
};

function field(tag: number, value: Uint8Array): Uint8Array {
  const head = new Uint8Array(6);
  putU16(head, 0, tag);
  putU32(head, 2, value.length);
  return concatBytes(head, value);
}

function withFields(...fields: readonly Uint8Array[]): Uint8Array {
  return concatBytes(encodeCommitRoot(SMALLEST), ...fields);
}

t.test("the smallest and a full commit root decode to what they were made of", async (t) => {
  t.equal(encodeCommitRoot(SMALLEST).length, FIELDS_AT);
  t.same(decodeCommitRoot(encodeCommitRoot(SMALLEST)), SMALLEST);
  t.same(decodeCommitRoot(encodeCommitRoot(FULL)), FULL);
});

t.test("what a later version added is kept and written back", async (t) => {
  const payload = withFields(field(9, Uint8Array.of(7, 7)));
  const root = decodeCommitRoot(payload);
  t.same(root.unknown, [{ tag: 9, value: Uint8Array.of(7, 7) }]);
  t.same(encodeCommitRoot(root), payload);
});

t.test("what must be known and is not makes the vault newer", async (t) => {
  const version = encodeCommitRoot(SMALLEST);
  putU16(version, 0, 2);
  t.throws(() => decodeCommitRoot(version), { code: "VERSION_UNKNOWN", message: /version 2/ });
  const mustKnow = withFields(field(0xfff0, new Uint8Array(0)));
  t.throws(() => decodeCommitRoot(mustKnow), { code: "VERSION_UNKNOWN" });
});

t.test("every truncation is refused, unless it ends between fields", async (t) => {
  const payload = encodeCommitRoot(FULL);
  const whole = new Set([FIELDS_AT]);
  for (let at = FIELDS_AT; at < payload.length; ) {
    at += 6 + new DataView(payload.buffer, at + 2).getUint32(0);
    whole.add(at);
  }
  for (let length = 0; length < payload.length; length++) {
    const decode = (): CommitRoot => decodeCommitRoot(payload.subarray(0, length));
    if (whole.has(length)) t.doesNotThrow(decode, `${length}`);
    else t.throws(decode, { code: "RECORD_MALFORMED" }, `${length}`);
  }
});

t.test("fields that cannot be are refused", async (t) => {
  const changed = (at: number, bytes: readonly number[]): Uint8Array => {
    const payload = encodeCommitRoot(FULL);
    payload.set(bytes, at);
    return payload;
  };
  const malformed = {
    "height without a root": changed(4, new Array(12).fill(0)),
    "a root without height": changed(2, [0, 0]),
    "a page that cannot be": changed(9, [0x7f]),
    "a generation of 0": changed(10, new Array(6).fill(0)),
    "a thousand million nanoseconds": changed(54, [0x3b, 0x9a, 0xca, 0x00]),
    "an inode number beyond 2^53": changed(58, [0x00, 0x20]),
    "epoch 0": changed(86, [0, 0]),
    "half a pointer in the space map": withFields(field(1, new Uint8Array(6))),
    "a snapshot without a name": withFields(field(2, new Uint8Array(36))),
    "a snapshot name of 256 bytes": withFields(field(2, new Uint8Array(36 + 256))),
    "a field longer than the record": withFields(field(5, new Uint8Array(9)).subarray(0, 14)),
    "a field head cut short": withFields(Uint8Array.of(0, 5, 0)),
  };
  for (const [what, payload] of Object.entries(malformed)) {
    t.throws(() => decodeCommitRoot(payload), { code: "RECORD_MALFORMED" }, what);
  }
});

t.test("a commit root that does not fit a page is a bug of the caller", async (t) => {
  const spaceMap = new Array(5500).fill({ address: 1, generation: 1 });
  t.throws(() => encodeCommitRoot({ ...SMALLEST, spaceMap }), /does not fit a page/);
});
