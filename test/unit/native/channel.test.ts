import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import { resolve } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import t from "tap";
import { INODE_RECORD_SIZE, InodeRecord, TimeField } from "../../../src/core/fs/inode-record.ts";
import { AttributeTable } from "../../../src/mount/attribute-table.ts";
import { encodeAttrOut, encodeStatxOut } from "../../../src/mount/protocol/encode-attributes.ts";
import { Opcode } from "../../../src/mount/protocol/opcode.ts";
import { Reply } from "../../../src/mount/protocol/reply.ts";
import { Request } from "../../../src/mount/protocol/request.ts";
import { Session } from "../../../src/mount/session.ts";
import type { FuseChannel } from "../../../src/native/fuse-channel.ts";
import { shim } from "../../../src/native/load.ts";
import { loadCorpus } from "../../fuzz/engine/corpus-files.ts";
import { requestsOf } from "../../fuzz/targets/fuse-request.ts";
import { stillFileSystem } from "../../fuzz/targets/still-file-system.ts";
import { newChannel } from "../../support/new-channel.ts";
import { WISHES } from "../../support/staged-session.ts";
import { name, u32, u64, type WireRequest, wireRequest, zeros } from "../../support/wire.ts";

t.test("requests come in and replies go out", async (t) => {
  const { channel, kernel } = newChannel();
  const seen = await new Promise<string>((resolve) => {
    channel.start(
      (length) => resolve(Buffer.from(channel.request.subarray(0, length)).toString()),
      () => {},
    );
    writeSync(kernel, "request");
  });
  t.equal(seen, "request");
  channel.reply.set(Buffer.from("head"));
  t.equal(channel.send(4, [Buffer.from(" and"), new Uint8Array(0), Buffer.from(" pieces")]), 0);
  t.equal(channel.send(2), 0);
  const room = Buffer.alloc(100);
  t.equal(room.toString("latin1", 0, readSync(kernel, room)), "head and pieceshe");
  t.match(channel.counters(), { requests: 1, wakeups: 1 });
  channel.close();
  channel.close();
  t.equal(channel.send(4), -9, "EBADF after closing");
  t.equal(await channel.notify(Buffer.from("x")), -9);
  closeSync(kernel);
});

t.test("requests of any bytes go through a session over the shim", async (t) => {
  const { channel, kernel } = newChannel();
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  const session = new Session(stillFileSystem, channel, { ...WISHES, log });
  session.start().catch(() => undefined);
  const socket = new Socket({ fd: kernel });
  let answered = 0;
  socket.on("data", (replies) => {
    answered += replies.length;
  });
  for (const input of loadCorpus(resolve("."), "fuse-request")) {
    for (const request of requestsOf(input)) {
      await new Promise((written) => socket.write(request, written));
      await nextTurn();
    }
  }
  t.ok(answered > 0);
  t.same(
    lines.filter((line) => !line.startsWith("a request without")),
    [],
  );
  session.close();
  socket.destroy();
});

t.test("the end is told once", async (t) => {
  const { channel, kernel } = newChannel();
  const status = new Promise<number>((resolve) => channel.start(() => {}, resolve));
  closeSync(kernel);
  t.equal(await status, 0);
});

t.test("a channel that is closed while it serves delivers nothing more", async (t) => {
  const { channel, kernel } = newChannel();
  let count = 0;
  await new Promise<void>((resolve) => {
    channel.start(
      () => {
        count += 1;
        channel.close();
        setImmediate(resolve);
      },
      () => t.fail("the end is not told to the one who made it"),
    );
    writeSync(kernel, "first");
  });
  t.equal(count, 1);
  closeSync(kernel);
});

t.test("notifications are written on another thread", async (t) => {
  const { channel, kernel } = newChannel();
  t.equal(await channel.notify(Buffer.from("told")), 0);
  const room = Buffer.alloc(10);
  t.equal(room.toString("latin1", 0, readSync(kernel, room)), "told");
  channel.close();
  closeSync(kernel);
});

t.test("misuse is refused with an exception", async (t) => {
  const { channel, kernel } = newChannel();
  t.throws(() => channel.send(-1));
  t.throws(() => channel.send(channel.reply.length + 1));
  t.throws(() => channel.send(0, ["x"] as unknown as Uint8Array[]));
  t.throws(() => channel.send(0, [new Uint32Array(1)] as unknown as Uint8Array[]));
  t.throws(() =>
    channel.send(
      0,
      Array.from({ length: 1024 }, () => new Uint8Array(1)),
    ),
  );
  t.throws(() => channel.start(undefined as unknown as () => void, () => {}));
  t.throws(() => {
    (channel as { request: Uint8Array }).request = new Uint8Array(1);
  }, "its buffers are fixed");
  channel.close();
  t.throws(
    () =>
      channel.start(
        () => {},
        () => {},
      ),
    "closed before",
  );
  // The tests may run from a FUSE mount, whose files can be polled.
  const file = openSync("/etc/passwd", "r");
  const unpollable = new (shim().FuseChannel)(file);
  t.throws(
    () =>
      unpollable.start(
        () => {},
        () => {},
      ),
    { message: /cannot be polled/ },
  );
  unpollable.close();
  closeSync(kernel);
});

t.test("inodes without extended attributes are answered for without script", async (t) => {
  const { channel, kernel } = newChannel();
  const socket = new Socket({ fd: kernel });
  let settle: (answer: number | undefined) => void = () => {};
  socket.on("data", (reply) => settle(reply.readInt32LE(4)));
  channel.start(
    () => settle(undefined),
    () => {},
  );
  const ask = (ino: number, attribute: string, uid = 0): Promise<number | undefined> =>
    new Promise((resolve) => {
      settle = resolve;
      const body = [u32(0), u32(0), name(attribute)];
      socket.write(wireRequest({ opcode: Opcode.GETXATTR, ino, uid, body }));
    });
  const capability = "security.capability";
  t.equal(await ask(5, capability), undefined, "nothing is known");
  channel.setBare(5, true);
  for (const common of [capability, "system.posix_acl_access", "system.posix_acl_default"]) {
    t.equal(await ask(5, common), -61, common);
  }
  t.equal(await ask(5, "user.x"), undefined, "another attribute");
  t.equal(await ask(5, `${capability}s`), undefined, "a longer name");
  t.equal(await ask(5, ""), undefined, "no name");
  t.equal(await ask(6, capability), undefined, "another inode");
  t.equal(await ask(5 + 2 ** 20, capability), undefined, "one at the same place");
  t.equal(await ask(5, capability, 1000), -61, "anybody");
  channel.serveRoot();
  t.equal(await ask(5, capability, 1000), undefined, "somebody else than root");
  t.equal(await ask(5, capability), -61);
  channel.setBare(5 + 2 ** 20, true);
  t.equal(await ask(5, capability), undefined, "its place was taken");
  t.equal(await ask(5 + 2 ** 20, capability), -61);
  channel.setBare(5 + 2 ** 20, false);
  t.equal(await ask(5 + 2 ** 20, capability), undefined);
  channel.setBare(7, true);
  channel.forgetBare();
  t.equal(await ask(7, capability), undefined);
  t.equal(channel.counters().direct, 6);
  channel.close();
  socket.destroy();
});

/** Asks a channel, whose answers come back undefined where it hands the request on. */
function asking(channel: FuseChannel, kernel: number) {
  const socket = new Socket({ fd: kernel });
  let settle: (answer: Buffer | undefined) => void = () => {};
  socket.on("data", (reply) => settle(reply));
  channel.start(
    () => settle(undefined),
    () => {},
  );
  const ask = (request: WireRequest): Promise<Buffer | undefined> =>
    new Promise((resolve) => {
      settle = resolve;
      socket.write(wireRequest(request));
    });
  return { socket, ask };
}

/** What the codec answers. */
function encoded(unique: bigint, encode: (reply: Reply) => void): Buffer {
  const bytes = Buffer.alloc(512);
  const reply = new Reply(bytes);
  reply.begin();
  encode(reply);
  reply.finish(unique, 0);
  return bytes.subarray(0, reply.length);
}

/** Any inode, as it is stored. */
const u = fc.nat(0xffff_ffff);
const time = fc.tuple(fc.integer({ min: -(2 ** 53) + 1, max: 2 ** 53 - 1 }), fc.nat(999_999_999));
const inodes = fc
  .record({
    ...{
      ino: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      fields: fc.tuple(u, u, u, u, u),
    },
    size: fc.maxSafeNat(),
    mapped: fc.nat(),
    times: fc.tuple(time, time, time, time),
  })
  .map(({ ino, fields, size, mapped, times }) => {
    const inode = new InodeRecord(ino, new Uint8Array(INODE_RECORD_SIZE));
    [inode.mode, inode.nlink, inode.uid, inode.gid, inode.rdev] = fields;
    inode.size = size;
    inode.mappedBlocks = mapped;
    for (const [i, field] of Object.values(TimeField).entries()) {
      const [sec, nsec] = times[i] ?? [0, 0];
      inode.setTime(field, sec, nsec);
    }
    return inode;
  });

const GETATTR_BODY = [zeros(16)];
const STATX_BODY = [zeros(24)];

t.test("attributes that are known are answered as the codec answers", async (t) => {
  const { channel, kernel } = newChannel();
  const table = new AttributeTable(channel.attributes);
  const { socket, ask } = asking(channel, kernel);
  const property = fc.asyncProperty(
    inodes,
    fc.nat(),
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    async (inode, n, unique) => {
      const { ino } = inode;
      table.tell(inode, n);
      const attributes = inode.attributes(n);
      const plain = await ask({ opcode: Opcode.GETATTR, unique, ino, body: GETATTR_BODY });
      t.same(
        plain,
        encoded(unique, (reply) => encodeAttrOut(reply, attributes)),
      );
      const extended = await ask({ opcode: Opcode.STATX, unique, ino, body: STATX_BODY });
      t.same(
        extended,
        encoded(unique, (reply) => encodeStatxOut(reply, attributes)),
      );
    },
  );
  await fc.assert(property, { numRuns: 50 });
  channel.close();
  socket.destroy();
});

t.test("attributes that are not known, or not for the caller, are not answered", async (t) => {
  const { channel, kernel } = newChannel();
  const table = new AttributeTable(channel.attributes);
  const { socket, ask } = asking(channel, kernel);
  const inode = new InodeRecord(5, new Uint8Array(INODE_RECORD_SIZE));
  const getattr = { opcode: Opcode.GETATTR, ino: 5, uid: 0, body: GETATTR_BODY };
  t.equal(await ask(getattr), undefined, "nothing is known");
  t.equal(await ask({ ...getattr, ino: 0 }), undefined, "no inode");
  table.tell(inode, 0);
  t.ok(table.holds(5));
  t.ok(await ask(getattr));
  t.equal(await ask({ ...getattr, body: [] }), undefined, "a mangled request");
  t.equal(await ask({ ...getattr, opcode: Opcode.STATX }), undefined, "another mangled one");
  t.equal(await ask({ ...getattr, opcode: Opcode.READLINK }), undefined, "another question");
  const other = 5 + channel.attributes.length / 128;
  t.equal(await ask({ ...getattr, ino: other }), undefined, "one at the same place");
  table.recall(other);
  t.ok(await ask({ ...getattr, uid: 1000 }), "anybody");
  channel.serveRoot();
  t.equal(await ask({ ...getattr, uid: 1000 }), undefined, "somebody else than root");
  t.ok(await ask(getattr));
  table.recall(5);
  t.equal(await ask(getattr), undefined, "recalled");
  table.tell(inode, 0);
  table.recallAll();
  t.equal(await ask(getattr), undefined, "all are recalled");
  t.equal(channel.counters().direct, 3);
  channel.close();
  socket.destroy();
});

t.test("what the kernel forgets is handed on before anything is waited for", async (t) => {
  const { channel, kernel } = newChannel();
  const request = new Request(channel.request);
  let settle: (told: readonly number[]) => void = () => {};
  channel.start(
    (length) => {
      request.load(length);
      settle([request.opcode, request.u32(0), request.u64(8), request.u64(16)]);
    },
    () => {},
  );
  const told = (ino: number, count: number): Promise<readonly number[]> =>
    new Promise((resolve) => {
      settle = resolve;
      writeSync(kernel, wireRequest({ opcode: Opcode.FORGET, ino, body: [u64(count)] }));
    });
  t.same(await told(7, 3), [Opcode.BATCH_FORGET, 1, 7, 3]);
  t.same(await told(2 ** 40, 1), [Opcode.BATCH_FORGET, 1, 2 ** 40, 1]);
  channel.close();
  closeSync(kernel);
});
