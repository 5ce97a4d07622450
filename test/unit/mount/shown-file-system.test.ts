import t from "tap";
import { ROOT_INO } from "../../../src/core/fs/file-system.ts";
import { ShownFileSystem } from "../../../src/mount/shown-file-system.ts";
import { MemoryFileSystem } from "../../support/memory-file-system.ts";

const NAME = new TextEncoder().encode("a");
const ACL = new TextEncoder().encode("system.posix_acl_access");
const FILE = { mode: 0o100640, umask: 0, caller: { uid: 7, gid: 8 } };

t.test("every file seems to have one owner, and is stored as it is", async (t) => {
  const stored = new MemoryFileSystem();
  const shown = new ShownFileSystem(stored, { uid: 1000 });
  const made = await shown.mknod(ROOT_INO, NAME, FILE, 0);
  t.match(made, { uid: 1000, gid: 8, mode: 0o100640 });
  t.match(await shown.lookup(ROOT_INO, NAME), { uid: 1000, gid: 8 });
  t.match(await stored.getattr(made.ino), { uid: 7, gid: 8 });
  const directory = await shown.opendir(ROOT_INO);
  for (const { attributes } of await directory.read(0, 10, "all")) t.equal(attributes?.uid, 1000);
});

t.test("the owner that is shown cannot be changed, others can", async (t) => {
  const stored = new MemoryFileSystem();
  const shown = new ShownFileSystem(stored, { uid: 1000 });
  const { ino } = await shown.mknod(ROOT_INO, NAME, FILE, 0);
  await shown.setattr(ino, { uid: 1000, gid: 9 });
  t.match(await stored.getattr(ino), { uid: 7, gid: 9 });
  t.throws(() => shown.setattr(ino, { uid: 1001 }), { code: "EPERM" });
});

t.test("a umask stands for all modes, and for ACLs too", async (t) => {
  const stored = new MemoryFileSystem();
  const shown = new ShownFileSystem(stored, { umask: 0o27 });
  const { ino, mode } = await shown.mknod(ROOT_INO, NAME, FILE, 0);
  t.equal(mode, 0o100750);
  t.equal((await shown.getattr(ROOT_INO)).mode, 0o040750);
  await shown.setxattr(ino, ACL, new Uint8Array(4), "set");
  t.equal(shown.getxattr(ino, ACL), undefined);
});
