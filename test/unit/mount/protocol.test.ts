import t from "tap";
import { type ErrorCode, FsError, PageError, StoreError } from "../../../src/core/base/errors.ts";
import type { Attributes, DirectoryEntry } from "../../../src/core/fs/file-system.ts";
import { ABSENT, type Answer, DONE, refused } from "../../../src/mount/protocol/answer.ts";
import { encodeBody, piecesOf } from "../../../src/mount/protocol/encode-answer.ts";
import { errnoOf } from "../../../src/mount/protocol/errno.ts";
import { InitFlag } from "../../../src/mount/protocol/flags.ts";
import { decodeInit, isSpoken, negotiate } from "../../../src/mount/protocol/init.ts";
import { listingCapacity, packListing } from "../../../src/mount/protocol/listing.ts";
import {
  encodeEntryChanged,
  encodeEntryRemoved,
  encodeInodeChanged,
} from "../../../src/mount/protocol/notify.ts";
import { Reply } from "../../../src/mount/protocol/reply.ts";
import { Request } from "../../../src/mount/protocol/request.ts";
import { WISHES } from "../../support/staged-session.ts";
import { initBody, name, u16, u32, u64, wireRequest, zeros } from "../../support/wire.ts";

const YEAR = 31_536_000;

const attributes: Attributes = {
  ino: 0x1_0000_0002,
  mode: 0o100644,
  nlink: 3,
  uid: 1000,
  gid: 100,
  rdev: 0x0012_3456,
  size: 8 * 2 ** 40,
  blocks: 2 ** 34,
  atime: { sec: -1, nsec: 999_999_999 },
  mtime: { sec: 2 ** 33, nsec: 1 },
  ctime: { sec: 1_700_000_000, nsec: 0 },
  btime: { sec: -(2 ** 33), nsec: 5 },
};

/** `struct fuse_attr` of the above. */
const attr = [
  u64(0x1_0000_0002),
  u64(8 * 2 ** 40),
  u64(2 ** 34),
  u64(-1),
  u64(2 ** 33),
  u64(1_700_000_000),
  u32(999_999_999),
  u32(1),
  u32(0),
  u32(0o100644),
  u32(3),
  u32(1000),
  u32(100),
  u32(0x0012_3456),
  u32(65_536),
  u32(0),
];

const entryOut = [u64(0x1_0000_0002), u64(0), u64(YEAR), u64(YEAR), zeros(8), ...attr];

function requestOf(bytes: Uint8Array): Request {
  const request = new Request(bytes);
  t.ok(request.load(bytes.length), "the request loads");
  return request;
}

function bodyOf(answer: Answer): Buffer {
  const bytes = new Uint8Array(4096).fill(0xaa);
  const reply = new Reply(bytes);
  reply.begin();
  encodeBody(reply, answer);
  return Buffer.from(bytes.subarray(16, reply.length));
}

t.test("a request is read where it stands", async (t) => {
  const bytes = wireRequest({
    opcode: 1,
    unique: 0xffff_ffff_ffff_fffen,
    ino: 0x1f_ffff_ffff_ffff,
    body: [u32(7), u64(2 ** 40), u64(-5), name("näme")],
  });
  const request = requestOf(bytes);
  t.equal(request.opcode, 1);
  t.equal(request.unique, 0xffff_ffff_ffff_fffen);
  t.equal(request.ino, Number.MAX_SAFE_INTEGER);
  t.same([request.uid, request.gid, request.pid], [1000, 100, 77]);
  t.equal(request.bodyLength, 20 + 6);
  t.equal(request.u32(0), 7);
  t.equal(request.u64(4), 2 ** 40);
  t.equal(request.offset(4), 2 ** 40);
  t.equal(request.i64(12), -5);
  t.equal(request.bigU64(12), 0xffff_ffff_ffff_fffbn);
  t.same(Buffer.from(request.name(20)), Buffer.from("näme"));
  const kept = request.name(20);
  bytes.fill(0);
  t.same(Buffer.from(kept), Buffer.from("näme"), "a name outlives the buffer");
});

t.test("a request whose header is wrong does not load", async (t) => {
  const good = wireRequest({ opcode: 1, body: [name("a")] });
  const request = new Request(Buffer.concat([good, zeros(8)]));
  t.ok(request.load(good.length));
  for (const length of [0, 1, 39, good.length - 1, good.length + 1, good.length + 9]) {
    t.notOk(request.load(length), `length ${length}`);
  }
  const extended = Buffer.from(good);
  extended.writeUInt16LE(1, 36);
  t.notOk(new Request(extended).load(extended.length), "extensions longer than the request");
});

t.test("nothing is read outside a request's body", async (t) => {
  const bytes = Buffer.concat([
    wireRequest({ opcode: 1, body: [Buffer.from("abcdefgh")] }),
    zeros(64),
  ]);
  const request = new Request(bytes);
  t.ok(request.load(48));
  const einval = { code: "EINVAL" };
  t.throws(() => request.u32(5), einval);
  t.throws(() => request.u64(1), einval);
  t.throws(() => request.i64(1), einval);
  t.throws(() => request.bigU64(8), einval);
  t.throws(() => request.offset(1), einval);
  t.throws(() => request.bytes(0, 9), einval);
  t.throws(() => request.bytes(0, 0xffff_ffff), einval);
  t.throws(() => request.name(0), einval, "a name without a NUL of its own");
  t.throws(() => request.name(9), einval, "a name behind the end");
  t.same(Buffer.from(request.bytes(0, 8)), Buffer.from("abcdefgh"));
});

t.test("extensions behind a request are no part of its body", async (t) => {
  const bytes = wireRequest({ opcode: 9, body: [name("abc"), zeros(4), zeros(8)] });
  bytes.writeUInt16LE(1, 36);
  t.equal(requestOf(bytes).bodyLength, 8);
});

t.test("an offset beyond 2^53 is refused", async (t) => {
  const request = requestOf(wireRequest({ opcode: 15, body: [u64(2n ** 53n)] }));
  t.throws(() => request.offset(0), { code: "EFBIG" });
});

t.test("answers have the layout of fuse.h", async (t) => {
  const statistics = { blockSize: 65_536, blocks: 1000, freeBlocks: 900, inodes: 5, nameMax: 255 };
  const vectors: readonly [Answer, readonly Uint8Array[]][] = [
    [{ kind: "entry", attributes }, entryOut],
    [ABSENT, [u64(0), u64(0), u64(YEAR), zeros(104)]],
    [{ kind: "created", attributes }, [...entryOut, u64(0), u32(2), u32(0)]],
    [{ kind: "attributes", attributes }, [u64(YEAR), zeros(8), ...attr]],
    [{ kind: "opened", handle: 9, flags: 2 }, [u64(9), u32(2), u32(0)]],
    [{ kind: "taken", count: 4096 }, [u32(4096), u32(0)]],
    [{ kind: "copied", count: 2 ** 33 }, [u64(2 ** 33)]],
    [{ kind: "room", size: 12 }, [u32(12), u32(0)]],
    [{ kind: "offset", offset: 2 ** 40 }, [u64(2 ** 40)]],
    [
      { kind: "statistics", statistics },
      [u64(1000), u64(900), u64(900), u64(2 ** 32), u64(2 ** 32 - 5)].concat([
        u32(65_536),
        u32(255),
        u32(65_536),
        zeros(28),
      ]),
    ],
    [DONE, []],
    [refused(5), []],
    [{ kind: "silence" }, []],
    [{ kind: "contents", pieces: [] }, []],
  ];
  for (const [answer, parts] of vectors) t.same(bodyOf(answer), Buffer.concat(parts), answer.kind);
});

t.test("statx answers carry the time of birth", async (t) => {
  const stat = [u64(0x1_0000_0002), u64(8 * 2 ** 40), u64(2 ** 34), u64(0)];
  const times = [u64(-1), u32(999_999_999), u32(0), u64(-(2 ** 33)), u32(5), u32(0)];
  const more = [u64(1_700_000_000), u32(0), u32(0), u64(2 ** 33), u32(1), u32(0)];
  const expected = Buffer.concat([
    ...[u64(YEAR), zeros(24), u32(0xfff), u32(65_536), u64(0)],
    ...[u32(3), u32(1000), u32(100), u16(0o100644), u16(0)],
    ...[...stat, ...times, ...more, u32(0x234), u32(0x156), zeros(120)],
  ]);
  t.equal(expected.length, 288);
  t.same(bodyOf({ kind: "statx", attributes }), expected);
});

t.test("a reply's header counts the pieces that follow", async (t) => {
  const bytes = new Uint8Array(64);
  const reply = new Reply(bytes);
  reply.u32(1);
  reply.finish(0xabcdn, -2, 1000);
  const expected = Buffer.concat([
    u32(1020),
    Buffer.from(Int32Array.of(-2).buffer),
    u64(0xabcd),
    u32(1),
  ]);
  t.same(Buffer.from(bytes.subarray(0, 20)), expected);
  const pieces = [Buffer.from("a"), Buffer.from("b")];
  t.equal(piecesOf({ kind: "contents", pieces }), pieces);
  t.equal(piecesOf(DONE), undefined);
});

t.test("INIT takes what both sides know", async (t) => {
  const offer = decodeInit(requestOf(wireRequest({ opcode: 26, body: initBody() })));
  t.same(offer, { major: 7, minor: 45, maxReadahead: 131_072, flags: 0xffff_ffff });
  const agreement = negotiate(offer, WISHES);
  t.ok(agreement.flags & InitFlag.MAX_PAGES);
  t.ok(agreement.flags & InitFlag.HANDLE_KILLPRIV_V2);
  t.notOk(agreement.flags & InitFlag.WRITEBACK_CACHE, "the kernel does not gather writes");
  t.ok(
    negotiate(offer, { ...WISHES, writebackCache: true }).flags & InitFlag.WRITEBACK_CACHE,
    "unless asked to",
  );
  t.notOk(agreement.flags & (1 << 1), "locks are left to the kernel");
  t.notOk(agreement.flags & (1 << 10), "flock too");
  t.ok(agreement.flags & InitFlag.POSIX_ACL);
  const needless = negotiate(offer, { ...WISHES, permissionChecks: "needless" });
  t.notOk(needless.flags & InitFlag.POSIX_ACL, "nobody checks where nobody needs to");
  const few = { ...offer, flags: InitFlag.BIG_WRITES };
  t.equal(negotiate(few, WISHES).flags, InitFlag.BIG_WRITES);
  t.equal(negotiate({ ...offer, minor: 99 }, WISHES).minor, 45);
  t.equal(negotiate({ ...offer, minor: 33 }, WISHES).minor, 33);
  const body = bodyOf({ kind: "init", agreement });
  t.equal(body.length, 64);
  t.same(
    body,
    Buffer.concat([
      ...[u32(7), u32(45), u32(131_072), u32(agreement.flags)],
      ...[u16(64), u16(48), u32(1 << 20), u32(1), u16(256), zeros(34)],
    ]),
  );
});

t.test("the oldest kernel that is spoken with is 7.31", async (t) => {
  const offer = { major: 7, minor: 31, maxReadahead: 0, flags: 0 };
  t.ok(isSpoken(offer));
  t.notOk(isSpoken({ ...offer, minor: 30 }));
  t.notOk(isSpoken({ ...offer, major: 6 }));
  t.notOk(isSpoken({ ...offer, major: 8 }));
});

t.test("listings are packed entry by entry, as many as fit", async (t) => {
  const entries: DirectoryEntry[] = [
    { name: Buffer.from("."), ino: 1, type: 0o040000, cookie: 1, attributes },
    { name: Buffer.from("..."), ino: 2, type: 0o100000, cookie: 2, attributes },
    { name: Buffer.from("exactly8"), ino: 2 ** 40, type: 0o120000, cookie: 2 ** 50 },
  ];
  const dirents = [
    [u64(1), u64(1), u32(1), u32(4), Buffer.from("."), zeros(7)],
    [u64(2), u64(2), u32(3), u32(8), Buffer.from("..."), zeros(5)],
    [u64(2 ** 40), u64(2 ** 50), u32(8), u32(10), Buffer.from("exactly8")],
  ];
  const plain = packListing(entries, 96, false);
  t.match(plain, { kind: "listing", entered: [] });
  t.same(Buffer.from(bytesOf(plain)), Buffer.concat(dirents.flat()), "exactly full");
  t.equal(bytesOf(packListing(entries, 95, false)).length, 64, "one byte too small for the third");
  t.equal(bytesOf(packListing(entries, 31, false)).length, 0);

  const plus = packListing(entries, 4096, true);
  t.same(plus.kind === "listing" && plus.entered, [2], "`.` and damaged inodes are not entered");
  const expected = [zeros(128), ...(dirents[0] ?? []), ...entryOut, ...(dirents[1] ?? [])];
  t.same(
    Buffer.from(bytesOf(plus)),
    Buffer.concat([...expected, zeros(128), ...(dirents[2] ?? [])]),
  );
});

t.test("a listing's capacity is never zero", async (t) => {
  t.equal(listingCapacity(0, false), 1);
  t.equal(listingCapacity(4096, false), 128);
  t.equal(listingCapacity(4096, true), 25);
});

t.test("notifications have the layout of fuse.h", async (t) => {
  t.same(
    Buffer.from(encodeInodeChanged(5, -1, 0)),
    Buffer.concat([u32(40), u32(2), u64(0), u64(5), u64(-1), u64(0)]),
  );
  t.same(
    Buffer.from(encodeEntryChanged(5, Buffer.from("abc"))),
    Buffer.concat([u32(36), u32(3), u64(0), u64(5), u32(3), u32(0), name("abc")]),
  );
  t.same(
    Buffer.from(encodeEntryRemoved(5, 6, Buffer.from("abc"))),
    Buffer.concat([u32(44), u32(6), u64(0), u64(5), u64(6), u32(3), u32(0), name("abc")]),
  );
});

t.test("errors become errnos", async (t) => {
  const expected: Partial<Record<ErrorCode, number>> = {
    ENOENT: 2,
    ENOTEMPTY: 39,
    ENODATA: 61,
    EINTR: 4,
  };
  for (const [code, errno] of Object.entries(expected)) {
    t.equal(errnoOf(new FsError(code as "ENOENT")), errno, code);
  }
  t.equal(errnoOf(new PageError("PAGE_CORRUPT", 7, "tag mismatch")), 5);
  t.equal(errnoOf(new StoreError("STORE_FULL", "full")), 28);
  t.equal(errnoOf(new TypeError("a bug")), 5, "a bug");
  t.equal(errnoOf(undefined), 5);
});

function bytesOf(answer: Answer): Uint8Array {
  return piecesOf(answer)?.[0] ?? new Uint8Array(0);
}
