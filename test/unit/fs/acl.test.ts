import t from "tap";
import { utf8 } from "../../../src/core/base/bytes.ts";
import {
  ACL_ACCESS,
  ACL_DEFAULT,
  type AclEntry,
  decodeAcl,
  encodeAcl,
} from "../../../src/core/fs/acl.ts";
import { type FileSystem, ROOT_INO, S_IFDIR, S_IFREG } from "../../../src/core/fs/file-system.ts";
import { MemoryVault } from "../../support/memory-vault.ts";
import { codeOf, creation, newFile, newFileSystem } from "../../support/test-file-system.ts";

const TAGS = { u: 1, user: 2, g: 4, group: 8, m: 16, o: 32 } as const;
const NOBODY = 0xffff_ffff;

/** Entries of a list written as in acl(5), `user:7:rw-` as `user7=6`. */
function acl(...entries: readonly string[]): AclEntry[] {
  return entries.map((entry) => {
    const [, tag, id, permissions] = /^([a-z]+)(\d*)=(\d)$/.exec(entry) ?? [];
    return {
      tag: TAGS[tag as keyof typeof TAGS],
      permissions: Number(permissions),
      id: id === "" ? NOBODY : Number(id),
    };
  });
}

const EXTENDED = acl("u=7", "user7=6", "g=5", "m=7", "o=0");

async function accessOf(fs: FileSystem, ino: number): Promise<readonly AclEntry[]> {
  return decodeAcl((await fs.getxattr(ino, ACL_ACCESS)) ?? new Uint8Array(0));
}

t.test("a list survives its encoding", (t) => {
  t.strictSame(decodeAcl(encodeAcl(EXTENDED)), EXTENDED);
  t.equal(encodeAcl(EXTENDED).length, 44);
  t.strictSame(decodeAcl(encodeAcl([])), []);
  t.end();
});

t.test("lists that say nothing sensible are refused", async (t) => {
  const broken = [
    acl("u=7", "g=5"),
    acl("u=7", "o=0", "g=5"),
    acl("u=7", "u=7", "g=5", "o=0"),
    acl("u=7", "user7=6", "g=5", "o=0"),
    acl("u=7", "user=6", "g=5", "m=7", "o=0"),
    acl("u=9", "g=5", "o=0"),
  ];
  for (const entries of broken) {
    t.equal(await codeOf(() => decodeAcl(encodeAcl(entries))), "EINVAL");
  }
  t.equal(await codeOf(() => decodeAcl(new Uint8Array(3))), "EINVAL");
  t.equal(await codeOf(() => decodeAcl(encodeAcl(EXTENDED).subarray(0, 10))), "EINVAL");
  t.equal(await codeOf(() => decodeAcl(new Uint8Array(4))), "EOPNOTSUPP");
});

t.test("an access list and the mode say the same", async (t) => {
  const fs = await newFileSystem(new MemoryVault());
  const { ino } = await newFile(fs, "f");
  await fs.setxattr(ino, ACL_ACCESS, encodeAcl(EXTENDED), "set");
  t.equal((await fs.getattr(ino)).mode, S_IFREG | 0o770, "the mask is the group's bits");
  await fs.setattr(ino, { mode: 0o640 });
  t.strictSame(await accessOf(fs, ino), acl("u=6", "user7=6", "g=5", "m=4", "o=0"));
  await fs.setxattr(ino, ACL_ACCESS, encodeAcl(acl("u=7", "g=5", "o=1")), "set");
  t.equal((await fs.getattr(ino)).mode, S_IFREG | 0o751);
  t.strictSame(await fs.listxattr(ino), [], "what the mode can say is not kept as a list");
  await fs.setxattr(ino, ACL_ACCESS, encodeAcl(EXTENDED), "set");
  await fs.removexattr(ino, ACL_ACCESS);
  await fs.removexattr(ino, ACL_ACCESS);
  t.equal((await fs.getattr(ino)).mode, S_IFREG | 0o770);
});

t.test("new entries inherit a default list in place of the umask", async (t) => {
  const fs = await newFileSystem(new MemoryVault({ faultRate: 0.1 }));
  await fs.setxattr(ROOT_INO, ACL_DEFAULT, encodeAcl(EXTENDED), "set");
  const file = await fs.mknod(ROOT_INO, utf8("f"), creation(S_IFREG | 0o666, 0o77), 0);
  t.equal(file.mode, S_IFREG | 0o660);
  t.strictSame(await accessOf(fs, file.ino), acl("u=6", "user7=6", "g=5", "m=6", "o=0"));
  t.equal(await fs.getxattr(file.ino, ACL_DEFAULT), undefined);
  const directory = await fs.mkdir(ROOT_INO, utf8("d"), creation(0o777, 0o77));
  t.equal(directory.mode, S_IFDIR | 0o770);
  t.strictSame(
    decodeAcl((await fs.getxattr(directory.ino, ACL_DEFAULT)) ?? new Uint8Array(0)),
    EXTENDED,
  );
  const temporary = await fs.tmpfile(ROOT_INO, creation(S_IFREG | 0o600, 0o77));
  t.equal(temporary.mode, S_IFREG | 0o600);
  const link = await fs.symlink(ROOT_INO, utf8("l"), utf8("t"), { uid: 0, gid: 0 });
  t.strictSame(await fs.listxattr(link.ino), []);
});

t.test("a default list without named entries leaves its children a mode alone", async (t) => {
  const fs = await newFileSystem(new MemoryVault());
  await fs.setxattr(ROOT_INO, ACL_DEFAULT, encodeAcl(acl("u=7", "g=1", "o=4")), "set");
  const file = await fs.mknod(ROOT_INO, utf8("f"), creation(S_IFREG | 0o666), 0);
  t.equal(file.mode, S_IFREG | 0o604);
  t.strictSame(await fs.listxattr(file.ino), []);
  await fs.setxattr(ROOT_INO, ACL_DEFAULT, encodeAcl([]), "set");
  t.strictSame(await fs.listxattr(ROOT_INO), [], "an empty list is none");
});

t.test("lists are refused where they cannot be", async (t) => {
  const fs = await newFileSystem(new MemoryVault());
  const { ino } = await newFile(fs, "f");
  const link = await fs.symlink(ROOT_INO, utf8("l"), utf8("t"), { uid: 0, gid: 0 });
  const list = encodeAcl(EXTENDED);
  t.equal(await codeOf(() => fs.setxattr(ino, ACL_DEFAULT, list, "set")), "EACCES");
  t.equal(await codeOf(() => fs.setxattr(link.ino, ACL_ACCESS, list, "set")), "EOPNOTSUPP");
  t.equal(await codeOf(() => fs.setxattr(ino, ACL_ACCESS, utf8("no list"), "set")), "EINVAL");
  const many = Array.from({ length: 600 }, (_, i) => `user${i}=7`);
  const long = encodeAcl(acl("u=7", ...many, "g=7", "m=7", "o=0"));
  t.equal(await codeOf(() => fs.setxattr(ino, ACL_ACCESS, long, "set")), "ENOSPC");
});
