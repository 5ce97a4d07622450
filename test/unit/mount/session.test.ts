import t from "tap";
import { FsError, PageError } from "../../../src/core/base/errors.ts";
import {
  CAP_SYS_ADMIN,
  hasCapability,
  isMember,
  showsCapability,
  showsGroup,
} from "../../../src/mount/credentials.ts";
import { hasPendingKill, isDying } from "../../../src/mount/dying.ts";
import { PlayedKernel, writeName } from "../../../src/mount/played-kernel.ts";
import { Opcode } from "../../../src/mount/protocol/opcode.ts";
import { Session } from "../../../src/mount/session.ts";
import { FakeChannel, type TakenReply } from "../../support/fake-channel.ts";
import { MemoryFileSystem } from "../../support/memory-file-system.ts";
import { settled, stage, WISHES } from "../../support/staged-session.ts";
import { initBody, name, u32, u64, wireRequest, zeros } from "../../support/wire.ts";

const EIO = 5;
const EACCES = 13;
const ENOSYS = 38;
const created = [u32(0), u32(0o100644), u32(0o022), u32(0)];
const made = [u32(0o100644), u32(0), u32(0o022), u32(0)];

function inoOf(reply: TakenReply): number {
  return Number(reply.body.readBigUInt64LE(0));
}

/** A promise to be settled by the test. */
function pending<T>(): {
  promise: Promise<T>;
  resolve(value: T): void;
  reject(error: Error): void;
} {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

t.test("forgetting drops references and is not replied to", async (t) => {
  const { ask, tell, fs } = await stage(t);
  const inos = ["a", "b", "c"].map((text) => {
    return inoOf(ask({ opcode: Opcode.MKNOD, body: [u32(0o100644), zeros(12), name(text)] }));
  });
  t.equal(fs.references().size, 3);
  tell({ opcode: Opcode.FORGET, ino: inos[0] ?? 0, body: [u64(1)] });
  t.equal(fs.references().size, 2);
  const rest = inos.slice(1).flatMap((ino) => [u64(ino), u64(1)]);
  tell({ opcode: Opcode.BATCH_FORGET, body: [u32(2), u32(0), ...rest] });
  t.equal(fs.references().size, 0);
  tell({ opcode: Opcode.FORGET, body: [zeros(4)] });
  tell({ opcode: Opcode.BATCH_FORGET, body: [u32(1000), u32(0), u64(1), u64(1)] });
});

t.test("an entry the kernel did not take is not referenced", async (t) => {
  const { ask, fs, channel } = await stage(t);
  channel.status = -2;
  ask({ opcode: Opcode.MKNOD, body: [...made, name("file")] });
  t.equal(fs.references().size, 0);
  t.equal(fs.inodeCount, 2, "it has a name");
  ask({ opcode: Opcode.TMPFILE, body: [...created, name("/")] });
  await settled();
  t.equal(fs.inodeCount, 2, "a file without a name went again");
});

t.test("who acts for somebody else gets nothing by name where nobody checks", async (t) => {
  const { ask, log } = await stage(t, {}, { permissionChecks: "needless" });
  const creation = [...made, name("file")];
  t.equal(ask({ opcode: Opcode.MKNOD, uid: 1000, body: creation }).error, -EACCES);
  const ino = inoOf(ask({ opcode: Opcode.MKNOD, uid: 0, body: creation }));
  const of = (opcode: number, valid = 0): number =>
    ask({ opcode, ino, uid: 1000, body: [u32(valid), zeros(84), name("x")] }).error;
  const { LOOKUP, UNLINK, RENAME, GETXATTR, READLINK, OPEN, OPENDIR, ACCESS, SETATTR } = Opcode;
  for (const opcode of [LOOKUP, UNLINK, RENAME, GETXATTR, READLINK, OPEN, OPENDIR, ACCESS]) {
    t.equal(of(opcode), -EACCES, `opcode ${opcode}`);
  }
  t.equal(of(SETATTR, 1 << 3), -EACCES, "truncate(2)");
  t.equal(of(SETATTR, (1 << 3) | (1 << 6)), 0, "ftruncate(2)");
  const { READ, WRITE, GETATTR, FSYNC, FLUSH, POLL } = Opcode;
  for (const opcode of [READ, WRITE, GETATTR, FSYNC]) t.equal(of(opcode), 0, `opcode ${opcode}`);
  for (const opcode of [FLUSH, POLL]) t.equal(of(opcode), -ENOSYS, "for all, from then on");
  t.match(log, [/^user 1000, .* was refused: .* -o default_permissions /]);
  t.equal(log.length, 1, "told once");
  const other = await stage(t);
  t.equal(other.ask({ opcode: Opcode.MKNOD, uid: 1000, body: creation }).error, 0, "elsewhere");
});

t.test("an answer that must be fetched comes later, and others meanwhile", async (t) => {
  const contents = pending<readonly Uint8Array[]>();
  const { ask, tell, channel } = await stage(t, { read: () => contents.promise });
  tell({ opcode: Opcode.READ, unique: 10n, body: [zeros(40)] });
  t.equal(ask({ opcode: Opcode.GETATTR, unique: 12n, body: [zeros(16)] }).unique, 12n);
  contents.resolve([Buffer.from("late")]);
  await settled();
  t.match(channel.replies.at(-1), { unique: 10n, error: 0, body: Buffer.from("late") });
});

t.test("names outlive the request they came in", async (t) => {
  const found = pending<void>();
  let seen = "";
  const { tell, channel } = await stage(t, {
    unlink: async (_, text) => {
      await found.promise;
      seen = Buffer.from(text).toString();
      return 2;
    },
  });
  tell({ opcode: Opcode.UNLINK, body: [name("a name")] });
  found.resolve();
  await settled();
  t.equal(seen, "a name");
  t.equal(channel.replies.at(-1)?.error, 0);
});

t.test("errors cost their own request only, and the log tells codes, not names", async (t) => {
  const { ask, tell, log, channel } = await stage(t, {
    lookup: () => {
      throw new TypeError("secret name");
    },
    getattr: () => Promise.reject(new PageError("PAGE_CORRUPT", 7, "tag mismatch")),
    statfs: () => {
      throw new FsError("ENOSPC");
    },
  });
  t.equal(ask({ opcode: Opcode.LOOKUP, body: [name("x")] }).error, -EIO);
  tell({ opcode: Opcode.GETATTR, body: [zeros(16)] });
  await settled();
  t.equal(channel.replies.at(-1)?.error, -EIO);
  t.equal(ask({ opcode: Opcode.STATFS }).error, -28);
  t.equal(log.length, 2, "an errno a program can expect is not logged");
  t.match(log[0], /^LOOKUP failed: TypeError at .*session\.test\.ts/);
  t.notMatch(log[0], /secret/);
  t.equal(log[1], "GETATTR failed: PAGE_CORRUPT");
});

t.test("an answer that cannot be put into words is an error too", async (t) => {
  const { ask, log } = await stage(t, { getattr: () => undefined as never });
  t.equal(ask({ opcode: Opcode.GETATTR, body: [zeros(16)] }).error, -EIO);
  t.match(log, [/^GETATTR failed: TypeError/]);
});

t.test("a reply of more pieces than the channel takes is joined", async (t) => {
  const pieces = Array.from({ length: 2000 }, () => Buffer.from("x"));
  const { ask } = await stage(t, { read: () => pieces });
  t.equal(ask({ opcode: Opcode.READ, body: [zeros(40)] }).body.toString(), "x".repeat(2000));
});

t.test("an interrupted read is given up when its caller is being killed", async (t) => {
  const contents = pending<readonly Uint8Array[]>();
  const looks: number[] = [];
  const isDying = (pid: number): Promise<boolean> => Promise.resolve(looks.push(pid) > 1);
  const { tell, channel } = await stage(t, { read: () => contents.promise }, { isDying });
  tell({ opcode: Opcode.READ, unique: 10n, pid: 4711, body: [zeros(40)] });
  tell({ opcode: Opcode.INTERRUPT, unique: 11n, body: [u64(10)] });
  await settled();
  t.same(looks, [4711]);
  t.equal(channel.replies.length, 1, "a caller that lives on gets its data");
  while (channel.replies.length === 1) await settled();
  t.match(channel.replies.at(-1), { unique: 10n, error: -4 });
  contents.resolve([Buffer.from("too late")]);
  await settled();
  t.equal(channel.replies.length, 2, "one request, one reply");
});

t.test("what changes something is never given up", async (t) => {
  const removed = pending<number>();
  const looks: number[] = [];
  const isDying = (pid: number): Promise<boolean> => Promise.resolve(looks.push(pid) > 0);
  const { tell, channel } = await stage(t, { unlink: () => removed.promise }, { isDying });
  tell({ opcode: Opcode.UNLINK, unique: 10n, body: [name("x")] });
  tell({ opcode: Opcode.INTERRUPT, unique: 11n, body: [u64(10)] });
  tell({ opcode: Opcode.INTERRUPT, unique: 13n, body: [u64(12)] });
  await settled();
  t.same(looks, []);
  removed.resolve(2);
  await settled();
  t.match(channel.replies.at(-1), { unique: 10n, error: 0 });
});

t.test("a directory opened for a caller that died is closed again", async (t) => {
  const opened = pending<{ read: () => [] }>();
  const { tell, ask, channel } = await stage(t, { opendir: () => opened.promise });
  tell({ opcode: Opcode.OPENDIR, unique: 10n, body: [zeros(8)] });
  channel.status = -2;
  opened.resolve({ read: () => [] });
  await settled();
  channel.status = 0;
  t.equal(ask({ opcode: Opcode.READDIR, body: [u64(1), u64(0), u32(4096), zeros(20)] }).error, -9);
});

t.test("a kernel that is too old is refused in words", async (t) => {
  const channel = new FakeChannel();
  const session = new Session(new MemoryFileSystem(), channel, {
    ...WISHES,
    log: () => {},
  });
  const ready = session.start();
  const reply = channel.deliver(wireRequest({ opcode: Opcode.INIT, body: initBody(7, 30) }));
  t.equal(reply?.error, -71, "EPROTO");
  await t.rejects(ready, { code: "MOUNT_FAILED", message: /FUSE 7\.30; 7\.31/ });
});

t.test("a kernel of a newer major version is asked to speak ours", async (t) => {
  const channel = new FakeChannel();
  const session = new Session(new MemoryFileSystem(), channel, {
    ...WISHES,
    log: () => {},
  });
  const ready = session.start();
  const first = channel.deliver(wireRequest({ opcode: Opcode.INIT, body: initBody(8, 1) }));
  t.equal(first?.body.readUInt32LE(0), 7);
  t.equal(
    channel.deliver(wireRequest({ opcode: Opcode.STATFS }))?.error,
    -ENOSYS,
    "nothing is served yet",
  );
  channel.deliver(wireRequest({ opcode: Opcode.INIT, body: initBody(7, 40) }));
  t.match(await ready, { minor: 40 });
});

t.test("the end of the connection ends the session", async (t) => {
  const { session, channel } = await stage(t);
  t.notOk(session.isOver);
  channel.end(0);
  t.equal(await session.ended, 0);
  t.ok(session.isOver);
  const early = new FakeChannel();
  const other = new Session(new MemoryFileSystem(), early, {
    ...WISHES,
    log: () => {},
  });
  const ready = other.start();
  early.end(-5);
  await t.rejects(ready, { code: "MOUNT_FAILED" });
  t.equal(await other.ended, -5);
});

t.test("a thread is dying when SIGKILL is pending", async (t) => {
  const status = (thread: string, shared: string): string => {
    return `Name:\tcat\nSigQ:\t0/1\nSigPnd:\t${thread}\nShdPnd:\t${shared}\nSigBlk:\t0000000000000100\n`;
  };
  const none = "0000000000000000";
  t.notOk(hasPendingKill(status(none, none)));
  t.notOk(hasPendingKill(status("0000000000000002", none)), "SIGINT alone");
  t.ok(hasPendingKill(status("0000000000000100", none)));
  t.ok(hasPendingKill(status(none, "0000000000000102")));
  t.notOk(await isDying(process.pid));
  t.ok(await isDying(2 ** 30), "gone");
});

t.test("a thread shows its groups and capabilities", async (t) => {
  const status = (gid: number, groups: string, effective: string): string => {
    return `Gid:\t1\t1\t1\t${gid}\nGroups:\t${groups} \nCapEff:\t${effective}\n`;
  };
  const none = "0000000000000000";
  t.ok(showsGroup(status(7, "", none), 7), "the group for files");
  t.notOk(showsGroup(status(7, "70 17", none), 1), "the real group says nothing");
  t.ok(showsGroup(status(1, "5 7 9", none), 7));
  t.notOk(showsGroup("", 7));
  t.ok(showsCapability(status(1, "", "0000000000200000"), CAP_SYS_ADMIN));
  t.notOk(showsCapability(status(1, "", "000001ffffdfffff"), CAP_SYS_ADMIN));
  t.ok(await isMember(process.pid, process.getgid?.() ?? 0));
  t.notOk(await isMember(2 ** 30, 7), "gone");
  t.notOk(await hasCapability(2 ** 30, CAP_SYS_ADMIN));
});

t.test(
  "a played kernel asks as the kernel does, and waits where an answer takes its time",
  async (t) => {
    const { promise, resolve } = pending<void>();
    const fs = new MemoryFileSystem();
    const fsync = t.capture(fs, "fsync", () => promise);
    const kernel = new PlayedKernel();
    const session = new Session(fs, kernel, { ...WISHES, log: (line) => t.fail(line) });
    const ready = session.start();
    kernel.tell(Opcode.INIT, 0, (body) => body.bytes(Buffer.concat(initBody())));
    await ready;
    const made = kernel.ask(Opcode.MKNOD, 1, (body) => {
      body.bytes(Buffer.concat([u32(0o100644), zeros(12)]));
      writeName(body, "file");
    });
    t.equal(made, undefined, "an answer is there at once");
    const ino = kernel.answered;
    t.same(await fs.lookup(1, Buffer.from("file")), await fs.getattr(ino));
    const synced = kernel.ask(Opcode.FSYNC, ino, (body) => body.zeros(16));
    t.ok(synced instanceof Promise);
    resolve();
    await synced;
    t.same(fsync.args(), [[ino]]);
    session.close();
    kernel.tell(Opcode.FSYNC, ino);
    t.same(fsync.args(), [], "a session that is closed is asked no more");
  },
);
