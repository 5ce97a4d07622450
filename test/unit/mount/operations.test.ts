import fc from "fast-check";
import t from "tap";
import type { PermissionChecks } from "../../../src/mount/permission-checks.ts";
import { OPCODE_END, Opcode } from "../../../src/mount/protocol/opcode.ts";
import type { TakenReply } from "../../support/fake-channel.ts";
import { settled, stage } from "../../support/staged-session.ts";
import { name, u32, u64, wireRequest, zeros } from "../../support/wire.ts";

const EINVAL = 22;
const ENOSYS = 38;
const u8 = Buffer.from("x");
const made = [u32(0o100644), u32(0), u32(0o022), u32(0)];

function inoOf(reply: TakenReply): number {
  return Number(reply.body.readBigUInt64LE(0));
}

t.test("a file is made, written, read and removed", async (t) => {
  const { ask, fs } = await stage(t);
  const ino = inoOf(ask({ opcode: Opcode.MKNOD, body: [...made, name("file")] }));
  const data = Buffer.from("contents");
  const write = ask({ opcode: Opcode.WRITE, ino, body: [u64(0), u64(4), u32(8), zeros(20), data] });
  t.same([write.error, write.body.readUInt32LE(0)], [0, 8]);
  const read = ask({
    opcode: Opcode.READ,
    ino,
    unique: 99n,
    body: [u64(0), u64(0), u32(100), zeros(20)],
  });
  t.same(read, { length: 28, error: 0, unique: 99n, body: Buffer.concat([zeros(4), data]) });
  t.equal(ask({ opcode: Opcode.LOOKUP, body: [name("file")] }).error, 0);
  t.same(fs.references(), new Map([[ino, 2]]), "the kernel knows it twice");
  t.equal(ask({ opcode: Opcode.UNLINK, body: [name("file")] }).error, 0);
  t.equal(fs.inodeCount, 2, "it lives on while it is referenced");
  ask({ opcode: Opcode.GETATTR, ino, body: [zeros(16)] });
  fs.forget(ino, 2);
  t.equal(fs.inodeCount, 1);
});

t.test("a missing name is an answer the kernel may remember", async (t) => {
  const { ask, log } = await stage(t);
  const reply = ask({ opcode: Opcode.LOOKUP, body: [name("none")] });
  t.equal(reply.error, 0);
  t.equal(inoOf(reply), 0);
  t.equal(reply.body.readBigUInt64LE(16), 31_536_000n);
  t.same(log, []);
});

t.test("an inode is reached by number through `.` and its parent through `..`", async (t) => {
  const { ask } = await stage(t);
  const ino = inoOf(ask({ opcode: Opcode.MKDIR, body: [u32(0o755), u32(0), name("dir")] }));
  t.equal(inoOf(ask({ opcode: Opcode.LOOKUP, ino, body: [name(".")] })), ino);
  t.equal(inoOf(ask({ opcode: Opcode.LOOKUP, ino, body: [name("..")] })), 1);
  const file = inoOf(ask({ opcode: Opcode.MKNOD, body: [...made, name("file")] }));
  ask({ opcode: Opcode.UNLINK, body: [name("file")] });
  const gone = ask({ opcode: Opcode.LOOKUP, ino: file, body: [name(".")] });
  t.equal(gone.error, -116, "ESTALE, since nobody has it open who asks so");
});

t.test("listing a directory references what READDIRPLUS shows", async (t) => {
  const { ask, fs, channel } = await stage(t);
  const ino = inoOf(ask({ opcode: Opcode.MKNOD, body: [...made, name("file")] }));
  const handle = ask({ opcode: Opcode.OPENDIR, body: [zeros(8)] }).body.readBigUInt64LE(0);
  const at = [u64(handle), u64(0), u32(4096), zeros(20)];
  ask({ opcode: Opcode.READDIR, body: at });
  t.same(fs.references(), new Map([[ino, 1]]));
  const reply = ask({ opcode: Opcode.READDIRPLUS, body: at });
  t.same(fs.references(), new Map([[ino, 2]]));
  t.match(reply.body.toString("latin1"), /file/);
  channel.status = -2;
  ask({ opcode: Opcode.READDIRPLUS, body: at });
  t.same(fs.references(), new Map([[ino, 2]]), "nor what was not taken");
  channel.status = 0;
  t.equal(ask({ opcode: Opcode.RELEASEDIR, body: [u64(handle), zeros(16)] }).error, 0);
  t.equal(ask({ opcode: Opcode.READDIR, body: at }).error, -9, "EBADF after the release");
});

t.test("all members of a SETATTR are understood", async (t) => {
  const { ask, fs } = await stage(t);
  const ino = inoOf(ask({ opcode: Opcode.MKNOD, body: [...made, name("file")] }));
  const set = (valid: number): number => {
    const times = [u64(-7), u64(8), u64(9), u32(1), u32(2), u32(3)];
    const body = [u32(valid), zeros(4), u64(0), u64(12_345), u64(0), ...times];
    const owner = [u32(0o106_711), u32(0), u32(5), u32(6), u32(0)];
    return ask({ opcode: Opcode.SETATTR, ino, body: [...body, ...owner] }).error;
  };
  t.equal(set(0b100_0011_1001), 0, "mode, size, both times, ctime");
  t.match(fs.getattr(ino), {
    mode: 0o106_711,
    size: 12_345,
    atime: { sec: -7, nsec: 1 },
    mtime: { sec: 8, nsec: 2 },
    ctime: { sec: 9, nsec: 3 },
  });
  t.equal(set(0b110), 0, "owner and group");
  t.match(fs.getattr(ino), { mode: 0o102_711 & ~0o2000, uid: 5, gid: 6 }, "set-ID bits go");
  t.equal(set(0b1_1011_0000), 0, "both times are now");
  t.ok(fs.getattr(ino).atime.sec > 1_700_000_000);
  t.ok(fs.getattr(ino).mtime.sec > 1_700_000_000);
});

t.test("names, links and special files", async (t) => {
  const { ask, fs } = await stage(t);
  const file = inoOf(ask({ opcode: Opcode.MKNOD, body: [...made, name("file")] }));
  t.equal(inoOf(ask({ opcode: Opcode.LINK, body: [u64(file), name("hard")] })), file);
  const soft = inoOf(ask({ opcode: Opcode.SYMLINK, body: [name("soft"), name("target")] }));
  t.same(ask({ opcode: Opcode.READLINK, ino: soft }).body, Buffer.from("target"));
  const device = [u32(0o020_600), u32(0x0105), u32(0), u32(0), name("tty")];
  t.match(fs.getattr(inoOf(ask({ opcode: Opcode.MKNOD, body: device }))), {
    mode: 0o020_600,
    rdev: 0x0105,
  });
  t.equal(ask({ opcode: Opcode.RENAME, body: [u64(1), name("hard"), name("new")] }).error, 0);
  const rename2 = (flags: number): number => {
    return ask({
      opcode: Opcode.RENAME2,
      body: [u64(1), u32(flags), u32(0), name("new"), name("soft")],
    }).error;
  };
  t.equal(rename2(1), -17, "EEXIST");
  t.equal(rename2(8), -EINVAL, "a flag of later days");
  t.equal(rename2(2), 0, "exchanged");
  t.equal(fs.lookup(1, Buffer.from("soft"))?.ino, file);
  t.equal(ask({ opcode: Opcode.RMDIR, body: [name("soft")] }).error, -20);
  t.equal(rename2(4), 0, "with a whiteout");
  t.match(fs.lookup(1, Buffer.from("new")), { mode: 0o020_000, rdev: 0, uid: 1000, gid: 100 });
});

t.test("attributes have names of the namespaces there are", async (t) => {
  const { ask, fs } = await stage(t);
  const set = (attribute: string): number => {
    const head = [u32(1), u32(0), u32(0), u32(0)];
    return ask({ opcode: Opcode.SETXATTR, body: [...head, name(attribute), u8] }).error;
  };
  for (const space of ["user", "trusted", "security"]) t.equal(set(`${space}.`), -EINVAL);
  for (const other of ["user", "foo.x", "system.x", "x"]) t.equal(set(other), -95, other);
  t.equal(ask({ opcode: Opcode.GETXATTR, body: [u32(0), u32(0), name("foo.x")] }).error, -95);
  t.equal(ask({ opcode: Opcode.REMOVEXATTR, body: [name("user.")] }).error, -EINVAL);
  t.same(fs.listxattr(1), []);
});

t.test("who asks for an SELinux label hears that there are none, until one is set", async (t) => {
  const { ask, fs } = await stage(t);
  const label = name("security.selinux");
  const get = (): number => ask({ opcode: Opcode.GETXATTR, body: [u32(9), u32(0), label] }).error;
  t.equal(get(), -95, "so that `ls -l` asks once");
  fs.setxattr(1, label.subarray(0, -1), u8, "set");
  t.equal(get(), 0);
  t.equal(ask({ opcode: Opcode.GETXATTR, body: [u32(9), u32(0), name("security.x")] }).error, -61);
});

/** An entry of an access control list for nobody by name. */
function acl(tag: number, permissions: number): readonly number[] {
  return [tag, 0, permissions, 0, 0xff, 0xff, 0xff, 0xff];
}

t.test("extended attributes, with and without room", async (t) => {
  const { ask, fs } = await stage(t);
  const value = Buffer.from("value");
  const set = (flags: number, ext: number): number => {
    const head = [u32(value.length), u32(flags), u32(ext), u32(0)];
    return ask({ opcode: Opcode.SETXATTR, body: [...head, name("user.x"), value] }).error;
  };
  t.equal(set(2, 0), -61, "nothing to replace");
  t.equal(set(1, 0), 0);
  t.equal(set(1, 0), -17, "there already");
  fs.setattr(1, { mode: 0o2775 });
  const list = Buffer.from([2, 0, 0, 0, ...acl(1, 7), ...acl(4, 7), ...acl(32, 5)]);
  const setList = (kind: string): number => {
    const head = [u32(list.length), u32(0), u32(1), u32(0)];
    const body = [...head, name(`system.posix_acl_${kind}`), list];
    return ask({ opcode: Opcode.SETXATTR, body }).error;
  };
  t.equal(setList("default"), 0);
  t.equal(fs.getattr(1).mode, 0o042_775, "a default list has no say in the mode");
  t.equal(setList("access"), 0);
  t.equal(fs.getattr(1).mode, 0o040_775, "set-group-ID goes where the kernel says so");
  ask({ opcode: Opcode.REMOVEXATTR, body: [name("system.posix_acl_access")] });
  ask({ opcode: Opcode.REMOVEXATTR, body: [name("system.posix_acl_default")] });
  const get = (room: number): TakenReply => {
    return ask({ opcode: Opcode.GETXATTR, body: [u32(room), u32(0), name("user.x")] });
  };
  t.same(get(0).body, Buffer.concat([u32(5), u32(0)]));
  t.same(get(5).body, value);
  t.equal(get(4).error, -34, "ERANGE");
  t.same(ask({ opcode: Opcode.LISTXATTR, body: [u32(99), u32(0)] }).body, name("user.x"));
  t.equal(ask({ opcode: Opcode.REMOVEXATTR, body: [name("user.x")] }).error, 0);
  t.equal(get(0).error, -61);
});

t.test("holes, allocation and copies", async (t) => {
  const { ask, fs } = await stage(t);
  const ino = inoOf(ask({ opcode: Opcode.MKNOD, body: [...made, name("file")] }));
  const fallocate = (mode: number, length: number): number => {
    const body = [u64(0), u64(65_536), u64(length), u32(mode), u32(0)];
    return ask({ opcode: Opcode.FALLOCATE, ino, body }).error;
  };
  t.equal(fallocate(0, 65_536), 0);
  t.equal(fs.getattr(ino).size, 131_072);
  const seek = (whence: number): TakenReply => {
    return ask({ opcode: Opcode.LSEEK, ino, body: [u64(0), u64(0), u32(whence), u32(0)] });
  };
  t.equal(inoOf(seek(3)), 65_536, "data");
  t.equal(inoOf(seek(4)), 0, "hole");
  t.equal(seek(0).error, -EINVAL);
  t.equal(fallocate(3, 65_536), 0, "a hole again");
  t.equal(seek(3).error, -6, "ENXIO");
  t.equal(fallocate(0x40, 1), -95, "EOPNOTSUPP");
  const copy = [u64(0), u64(0), u64(ino), u64(0), u64(200_000), u64(100), u64(0)];
  t.same(
    ask({ opcode: Opcode.COPY_FILE_RANGE, ino, body: copy }).body,
    Buffer.concat([u32(100), u32(0)]),
  );
  t.same(ask({ opcode: Opcode.COPY_FILE_RANGE_64, ino, body: copy }).body, u64(100));
  t.equal(fs.getattr(ino).size, 200_100);
  const flagged = [...copy.slice(0, 6), u64(1)];
  t.equal(ask({ opcode: Opcode.COPY_FILE_RANGE, ino, body: flagged }).error, -EINVAL);
});

t.test(
  "a write that takes set-ID bits away makes the kernel look again, before its reply",
  async (t) => {
    const { tell, ask, channel, fs } = await stage(t);
    const ino = inoOf(ask({ opcode: Opcode.MKNOD, body: [...made, name("file")] }));
    const write = { opcode: Opcode.WRITE, ino, body: [zeros(16), u32(1), u32(4), zeros(16), u8] };
    t.match(ask(write), { error: 0, unique: 2n }, "there is nothing to take away");
    fs.setattr(ino, { mode: 0o4755 });
    t.match(ask(write), { error: 2, unique: 0n, body: Buffer.concat([u64(ino), u64(-1), u64(0)]) });
    t.match(channel.replies.at(-1), { error: 0, unique: 2n });
    t.equal(fs.getattr(ino).mode, 0o100_755);
    const now = fs.getattr.bind(fs);
    Object.assign(fs, { getattr: async (number: number) => now(number) });
    tell(write);
    await settled();
    t.equal(channel.replies.at(-1)?.error, 0);
    t.same(
      Buffer.concat(fs.read(ino, 0, 9)),
      u8,
      "the data was kept while the attributes were fetched",
    );
  },
);

t.test("a change of owner takes set-ID bits along, also one that changes nothing", async (t) => {
  const { ask, fs } = await stage(t);
  const ino = inoOf(ask({ opcode: Opcode.MKNOD, body: [...made, name("file")] }));
  for (const valid of [0, 2, 4, 1 << 11]) {
    fs.setattr(ino, { mode: 0o6755 });
    t.equal(ask({ opcode: Opcode.SETATTR, ino, body: [u32(valid), zeros(84)] }).error, 0);
    t.equal(fs.getattr(ino).mode, 0o100_755, `valid ${valid}`);
  }
  fs.setattr(ino, { mode: 0o6755 });
  t.equal(ask({ opcode: Opcode.SETATTR, ino, body: [u32(1 << 4), zeros(84)] }).error, 0);
  t.equal(fs.getattr(ino).mode, 0o106_755, "another change does not");
});

t.test("root may do everything but run what nobody may", async (t) => {
  const { ask, fs } = await stage(t);
  const file = inoOf(ask({ opcode: Opcode.MKNOD, body: [...made, name("file")] }));
  const access = (ino: number, mask: number): number =>
    ask({ opcode: Opcode.ACCESS, ino, body: [u32(mask), zeros(4)] }).error;
  fs.setattr(file, { mode: 0 });
  t.same(
    [0, 2, 4, 6].map((mask) => access(file, mask)),
    [0, 0, 0, 0],
  );
  t.same(
    [1, 3, 5, 7].map((mask) => access(file, mask)),
    [-13, -13, -13, -13],
  );
  for (const mode of [0o100, 0o010, 0o001]) {
    fs.setattr(file, { mode });
    t.equal(access(file, 1), 0);
  }
  const directory = inoOf(ask({ opcode: Opcode.MKDIR, body: [u32(0), u32(0), name("dir")] }));
  t.equal(access(directory, 7), 0);
  t.equal(access(99, 1), -116, "nothing is there: ESTALE");
});

t.test("a list that decides about access makes the kernel look at the mode again", async (t) => {
  const notified = async (permissionChecks: PermissionChecks, list: string): Promise<boolean> => {
    const { ask, channel } = await stage(t, {}, { permissionChecks });
    const ino = inoOf(ask({ opcode: Opcode.MKNOD, uid: 0, body: [...made, name("file")] }));
    const value = Buffer.from("value");
    const body = [u32(value.length), zeros(12), name(`system.posix_acl_${list}`), value];
    ask({ opcode: Opcode.SETXATTR, ino, uid: 0, body });
    t.equal(channel.replies.at(-1)?.error, 0);
    return channel.replies.some(({ unique }) => unique === 0n);
  };
  t.equal(await notified("needless", "access"), true);
  t.equal(await notified("needless", "default"), false);
  t.equal(await notified("kernel", "access"), false, "it does so by itself");
});

t.test("what is not served is refused so that the kernel does not ask again", async (t) => {
  const { ask, session } = await stage(t);
  for (const opcode of [
    Opcode.OPEN,
    Opcode.FLUSH,
    Opcode.CREATE,
    Opcode.GETLK,
    Opcode.POLL,
    4096,
  ]) {
    t.equal(ask({ opcode, body: [zeros(40)] }).error, -ENOSYS, `opcode ${opcode}`);
  }
  t.equal(ask({ opcode: Opcode.IOCTL, body: [zeros(32)] }).error, -25, "ENOTTY");
  t.equal(ask({ opcode: Opcode.STATFS }).error, 0);
  t.equal(ask({ opcode: Opcode.SYNCFS, body: [zeros(8)] }).error, 0);
  t.equal(ask({ opcode: Opcode.FSYNC, body: [zeros(16)] }).error, 0);
  t.equal(ask({ opcode: Opcode.DESTROY }).error, 0);
  t.match(session.counts(), { INIT: 1, OPEN: 1, IOCTL: 1, STATFS: 1 });
});

t.test("no bytes can end a session", async (t) => {
  const { channel, log } = await stage(t, { read: () => [], fallocate: () => {} });
  const opcodes = fc.oneof(fc.integer({ min: 0, max: OPCODE_END }), fc.nat());
  const bodies = fc.uint8Array({ maxLength: 300 });
  const request = fc.record({ opcode: opcodes, ino: fc.integer({ min: 0, max: 3 }), body: bodies });
  const property = fc.asyncProperty(fc.array(request, { maxLength: 20 }), async (requests) => {
    for (const { opcode, ino, body } of requests) {
      channel.deliver(wireRequest({ opcode, ino, body: [body] }));
    }
    await settled();
  });
  await t.resolves(fc.assert(property));
  for (const bytes of [zeros(0), zeros(39), zeros(40), Buffer.alloc(100, 0xff)]) {
    t.equal(channel.deliver(bytes), undefined, "a request that cannot be read is dropped");
  }
  t.notMatch(log.join("\n"), /Error/, "and none was a bug");
});

t.test("what lies beyond any file is the end, not an error of its own", async (t) => {
  const { ask } = await stage(t);
  const ino = inoOf(ask({ opcode: Opcode.MKNOD, body: [...made, name("file")] }));
  const far = u64(-1);
  t.match(ask({ opcode: Opcode.READ, ino, body: [u64(0), far, u32(10), zeros(20)] }), {
    error: 0,
    body: { length: 0 },
  });
  const seek = [u64(0), far, u32(3), u32(0)];
  t.equal(ask({ opcode: Opcode.LSEEK, ino, body: seek }).error, -6);
});
