import t from "tap";
import { FormatError } from "../../../src/core/base/errors.ts";
import { addressOf, pageNumber } from "../../../src/core/format/address.ts";
import { decodeDentry, encodeDentry } from "../../../src/core/fs/dentry.ts";
import {
  decodeExtent,
  type Extent,
  encodeExtent,
  joinExtents,
  pageOfRun,
  type RunExtent,
  sliceExtent,
} from "../../../src/core/fs/extent.ts";
import { S_IFDIR, S_IFREG } from "../../../src/core/fs/file-system.ts";
import {
  INODE_RECORD_SIZE,
  InodeFlag,
  InodeRecord,
  TimeField,
} from "../../../src/core/fs/inode-record.ts";
import { decodePackTable, encodePack, PACK_CAPACITY } from "../../../src/core/fs/pack.ts";
import { Packer } from "../../../src/core/fs/packer.ts";
import { toHex } from "../../support/hex.ts";

const GENERATION = 2 ** 47 + 3;

/** A run whose pages reach over the end of a segment. */
const RUN: RunExtent = {
  kind: "run",
  block: 2 ** 37,
  count: 10,
  address: addressOf(127 * 5 + 120),
  generation: GENERATION,
  shared: false,
};

const EXTENTS: readonly Extent[] = [
  { kind: "inline", block: 0, count: 1, content: new Uint8Array([1, 2, 3]) },
  RUN,
  { ...RUN, shared: true },
  {
    kind: "piece",
    block: 7,
    count: 1,
    address: 5,
    generation: GENERATION,
    codec: "deflate",
    offset: 65_535,
    storedLength: 49_152,
    plainLength: 65_536,
  },
  { kind: "reserved", block: 3, count: 2 ** 32 - 1 },
];

t.test("records have the bytes that FORMAT.md §7 gives", (t) => {
  const inode = new InodeRecord(1, new Uint8Array(INODE_RECORD_SIZE));
  inode.mode = S_IFREG | 0o644;
  inode.nlink = 2;
  inode.uid = 3;
  inode.gid = 4;
  inode.rdev = 5;
  inode.mark(InodeFlag.preallocated, true);
  inode.size = 0x1_0000_0001;
  inode.mappedBlocks = 6;
  inode.parent = 7;
  inode.setTime(TimeField.atime, -1, 1);
  inode.setTime(TimeField.btime, 1, 999_999_999);
  t.equal(
    toHex(inode.bytes),
    [
      "000081a4 00000002 00000003 00000004 00000005 00000004",
      "0000000100000001 000000000006 0000",
      "ffffffffffffffff 00000001",
      "0000000000000000 00000000",
      "0000000000000000 00000000",
      "0000000000000001 3b9ac9ff",
      "0000000000000007",
    ]
      .join("")
      .replaceAll(" ", ""),
  );
  t.equal(toHex(encodeDentry({ ino: 258, type: S_IFDIR })), "000000000000010204");
  t.strictSame(
    EXTENTS.map((extent) => toHex(encodeExtent(extent))),
    [
      "01010203",
      "0200 0000000002f8 800000000003 0000000a".replaceAll(" ", ""),
      "0201 0000000002f8 800000000003 0000000a".replaceAll(" ", ""),
      "0301 000000000005 800000000003 ffff c000 00010000".replaceAll(" ", ""),
      "0400ffffffff",
    ],
  );
  t.end();
});

t.test("records survive their encoding", (t) => {
  for (const extent of EXTENTS) {
    t.strictSame(decodeExtent(extent.block, encodeExtent(extent)), extent);
  }
  const dentry = { ino: 2 ** 52, type: S_IFREG };
  t.strictSame(decodeDentry(encodeDentry(dentry)), dentry);
  t.end();
});

t.test("malformed records are refused", (t) => {
  const broken: readonly (() => unknown)[] = [
    () => new InodeRecord(1, new Uint8Array(95)),
    () => decodeDentry(new Uint8Array(8)),
    () => decodeExtent(0, new Uint8Array(0)),
    () => decodeExtent(0, new Uint8Array([9])),
    () => decodeExtent(0, encodeExtent(RUN).subarray(0, 17)),
    () => decodeExtent(0, new Uint8Array([3, 7, ...new Uint8Array(20)])),
    () => decodeExtent(0, new Uint8Array([4, 0])),
    () => decodePackTable(new Uint8Array(1).subarray(1)),
    () => decodePackTable(new Uint8Array([0, 9])),
    () => decodePackTable(new Uint8Array([...new Uint8Array(22), 9, 0, 0, 1])),
    () =>
      decodePackTable(new Uint8Array([...new Uint8Array(14), 0, 1, ...new Uint8Array(8), 0, 1])),
  ];
  for (const decode of broken) t.throws(decode, FormatError);
  t.end();
});

t.test("a run is cut and joined by page numbers, over the ends of segments", (t) => {
  const left = sliceExtent(RUN, 0, RUN.block + 7);
  const right = sliceExtent(RUN, RUN.block + 7, Number.MAX_SAFE_INTEGER) as RunExtent;
  t.match(left, { block: RUN.block, count: 7, address: RUN.address });
  t.equal(pageNumber(right.address), 127 * 6, "its first page begins a segment");
  t.strictSame(joinExtents(left, right), RUN);
  t.strictSame(pageOfRun(RUN, RUN.block + 9), pageOfRun(right, RUN.block + 9));
  t.equal(joinExtents(right, left), undefined);
  t.equal(joinExtents(left, { ...right, generation: 1 }), undefined);
  t.equal(joinExtents(left, { ...right, shared: true }), undefined);
  t.equal(joinExtents(left, { ...right, address: right.address + 1 }), undefined);
  const [, , , , reserved] = EXTENTS;
  t.equal(
    joinExtents(reserved as Extent, { kind: "reserved", block: 2 ** 32 + 2, count: 1 }),
    undefined,
  );
  t.end();
});

t.test("a pack tells whose its pieces are", (t) => {
  const pieces = [
    { ino: 2 ** 40, block: 0, codec: "plain", plainLength: 3, stored: new Uint8Array([1, 2, 3]) },
    { ino: 9, block: 2 ** 36, codec: "deflate", plainLength: 65_536, stored: new Uint8Array([4]) },
  ] as const;
  const payload = encodePack(pieces);
  t.equal(payload.length, 4 + 2 * 24 + 2);
  t.match(decodePackTable(payload), [
    { ino: 2 ** 40, block: 0, codec: "plain", offset: 0, storedLength: 3, plainLength: 3 },
    { ino: 9, block: 2 ** 36, codec: "deflate", offset: 3, storedLength: 1, plainLength: 65_536 },
  ]);
  t.end();
});

t.test("a piece goes where the least room is left that suffices", (t) => {
  const packer = new Packer();
  const add = (length: number) =>
    packer.add({
      ino: 1,
      block: 0,
      codec: "plain",
      plainLength: length,
      stored: new Uint8Array(length),
    });
  t.strictSame(add(40_000), { pack: 0, offset: 0 });
  t.strictSame(add(49_000), { pack: 1, offset: 0 });
  t.strictSame(add(16_000), { pack: 1, offset: 49_000 });
  t.strictSame(add(16_000), { pack: 0, offset: 40_000 });
  t.strictSame(add(PACK_CAPACITY - 40_000 - 16_000 - 3 * 24), { pack: 0, offset: 56_000 });
  t.strictSame(add(1000), { pack: 2, offset: 0 });
  t.equal(encodePack(packer.packs[0] ?? []).length, 65_536, "a full pack is a full page");
  t.end();
});
