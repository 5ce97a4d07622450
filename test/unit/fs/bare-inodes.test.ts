import t from "tap";
import { utf8 } from "../../../src/core/base/bytes.ts";
import type { BareHolder } from "../../../src/core/fs/bare-inodes.ts";
import { ROOT_INO, S_IFREG } from "../../../src/core/fs/file-system.ts";
import type { VaultFileSystem } from "../../../src/core/fs/vault-file-system.ts";
import { MemoryVault } from "../../support/memory-vault.ts";
import { creation, namesIn, newFile, newFileSystem } from "../../support/test-file-system.ts";

const USER = utf8("user.a");
const ACL_DEFAULT = utf8("system.posix_acl_default");
/** Version 2, then owner rwx, user 5 r--, group r-x, mask rwx, others ---: tag, permissions, id of each. */
const LIST = Buffer.from(
  "02000000 01000700ffffffff 0200040005000000 04000500ffffffff 10000700ffffffff 20000000ffffffff".replaceAll(
    " ",
    "",
  ),
  "hex",
);

/** Remembers what it was told. */
class Told implements BareHolder {
  readonly bare = new Set<number>();

  setBare(ino: number, isBare: boolean): void {
    if (isBare) this.bare.add(ino);
    else this.bare.delete(ino);
  }

  forgetBare(): void {
    this.bare.clear();
  }
}

async function staged(): Promise<{ fs: VaultFileSystem; told: Told }> {
  const fs = await newFileSystem(new MemoryVault());
  const told = new Told();
  fs.holdBare(told);
  return { fs, told };
}

t.test("a new file has no attributes until it gets one", async (t) => {
  const { fs, told } = await staged();
  const { ino } = await newFile(fs, "file");
  t.ok(told.bare.has(ino));
  await fs.setxattr(ino, USER, utf8("value"), "set");
  t.notOk(told.bare.has(ino));
  await fs.getxattr(ino, utf8("user.b"));
  t.notOk(told.bare.has(ino), "another one is there");
  await fs.removexattr(ino, USER);
  t.notOk(told.bare.has(ino));
  t.equal(await fs.getxattr(ino, USER), undefined);
  t.ok(told.bare.has(ino), "asked in vain");
});

t.test("a file that inherits an access control list has one", async (t) => {
  const { fs, told } = await staged();
  const { ino: directory } = await fs.mkdir(ROOT_INO, utf8("d"), creation(0o755));
  t.ok(told.bare.has(directory));
  await fs.setxattr(directory, ACL_DEFAULT, LIST, "set");
  t.notOk(told.bare.has(directory));
  const { ino } = await fs.mknod(directory, utf8("f"), creation(S_IFREG | 0o666), 0);
  t.notOk(told.bare.has(ino));
  const { ino: below } = await fs.mkdir(directory, utf8("e"), creation(0o755));
  t.notOk(told.bare.has(below));
});

t.test("listing a directory with attributes tells of what is in it", async (t) => {
  const { fs, told } = await staged();
  const { ino: bare } = await newFile(fs, "bare");
  const { ino: clothed } = await newFile(fs, "clothed");
  await fs.setxattr(clothed, USER, utf8("value"), "set");
  told.forgetBare();
  t.same(await namesIn(fs, ROOT_INO), ["bare", "clothed"]);
  t.equal(told.bare.size, 0, "names alone are quicker");
  await (await fs.opendir(ROOT_INO)).read(0, 100, "all");
  t.ok(told.bare.has(bare));
  t.notOk(told.bare.has(clothed));
});
