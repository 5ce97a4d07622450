import t from "tap";
import { utf8 } from "../../../src/core/base/bytes.ts";
import { PageError } from "../../../src/core/base/errors.ts";
import { PAGE_SIZE } from "../../../src/core/base/limits.ts";
import type { MaybePromise } from "../../../src/core/base/maybe-promise.ts";
import type { PagePointer } from "../../../src/core/format/address.ts";
import { entryOf } from "../../../src/core/fs/entry-of.ts";
import { encodeExtent } from "../../../src/core/fs/extent.ts";
import {
  type Attributes,
  type FileSystem,
  ROOT_INO,
  S_IFREG,
} from "../../../src/core/fs/file-system.ts";
import { editInode, saveInode } from "../../../src/core/fs/inodes.ts";
import { extentKey } from "../../../src/core/tree/key.ts";
import type { NewPage } from "../../../src/core/vault/transaction.ts";
import { audit } from "../../support/audit.ts";
import { MemoryTransaction } from "../../support/memory-transaction.ts";
import { MemoryVault } from "../../support/memory-vault.ts";
import {
  codeOf,
  creation,
  newFile,
  newFileSystem,
  readBytes,
} from "../../support/test-file-system.ts";

t.test("an unlinked file lives until its last reference is forgotten", async (t) => {
  const vault = new MemoryVault({ faultRate: 0.1 });
  const fs = await newFileSystem(vault);
  const { ino } = await newFile(fs, "f");
  await fs.write(ino, 0, utf8("before"));
  fs.retain(ino);
  fs.retain(ino, 2);
  t.equal(await fs.unlink(ROOT_INO, utf8("f")), ino);
  t.equal((await fs.getattr(ino)).nlink, 0);
  await fs.write(ino, 6, utf8(" and after"));
  await fs.forget(ino, 2);
  t.equal(`${await readBytes(fs, ino)}`, "before and after");
  await fs.forget(ino, 1);
  t.equal(await codeOf(() => fs.getattr(ino)), "ENOENT");
  t.equal(fs.draftBytes, 0);
  await fs.syncfs();
  t.strictSame(audit(vault), []);
  t.equal(vault.inodes, 1);
});

/** Runs the function of the next transaction once for nothing, as when it misses a page, and lets others go first. */
class MissingVault extends MemoryVault {
  /** Called between the two runs. */
  meanwhile: (() => void) | undefined;

  override transact<T>(body: (transaction: MemoryTransaction) => T): MaybePromise<T> {
    const { meanwhile } = this;
    if (meanwhile === undefined) return super.transact(body);
    this.meanwhile = undefined;
    body(new MemoryTransaction(this, { fault: () => undefined, isNear: () => false }, FIRST_FILE));
    meanwhile();
    return super.transact(body);
  }
}

/** Number of the first file that is made. */
const FIRST_FILE = 2;

t.test("a file keeps its content that has a number a file without a name nearly had", async (t) => {
  const vault = new MissingVault();
  const fs = await newFileSystem(vault);
  let named: MaybePromise<Attributes> | undefined;
  vault.meanwhile = () => {
    named = fs.mknod(ROOT_INO, utf8("named"), creation(S_IFREG | 0o600), 0);
  };
  const nameless = await fs.tmpfile(ROOT_INO, creation(S_IFREG | 0o600));
  t.equal((await named)?.ino, FIRST_FILE);
  t.not(nameless.ino, FIRST_FILE);
  await fs.write(FIRST_FILE, 0, utf8("content"));
  fs.retain(FIRST_FILE);
  await fs.forget(FIRST_FILE, 1);
  t.equal(`${await readBytes(fs, FIRST_FILE)}`, "content");
  await fs.syncfs();
  t.strictSame(audit(vault), []);
});

/** Files that are deleted, each while it has a reference. */
async function deletedFiles(fs: FileSystem, count: number): Promise<number[]> {
  const inos: number[] = [];
  for (let i = 0; i < count; i++) {
    const { ino } = await newFile(fs, `${i}`);
    await fs.write(ino, 0, new Uint8Array(100).fill(i));
    fs.retain(ino);
    inos.push(ino);
  }
  await fs.syncfs();
  for (let i = 0; i < count; i++) await fs.unlink(ROOT_INO, utf8(`${i}`));
  await fs.syncfs();
  return inos;
}

t.test(
  "what nobody refers to any more waits for the next commit, and goes many at a time",
  async (t) => {
    const vault = new MemoryVault();
    const fs = await newFileSystem(vault);
    const inos = await deletedFiles(fs, 100);
    let transactions = 0;
    vault.onTransaction = () => {
      transactions += 1;
    };
    for (const ino of inos) await fs.forget(ino, 1);
    t.equal(transactions, 0);
    t.equal(vault.inodes, 101);
    t.equal((await fs.statfs()).inodes, 1, "nobody counts them");
    const { commits } = vault;
    await fs.syncfs();
    t.equal(vault.commits, commits + 1, "a commit was due");
    t.ok(transactions < 10, `${transactions} transactions`);
    t.equal(vault.inodes, 1);
    t.strictSame(audit(vault), []);
  },
);

t.test("what waits to be reclaimed is bounded", async (t) => {
  const vault = new MemoryVault();
  const fs = await newFileSystem(vault);
  const inos = await deletedFiles(fs, 1100);
  for (const ino of inos) await fs.forget(ino, 1);
  t.ok(vault.inodes < 200, `${vault.inodes} are left`);
});

t.test(
  "damage beneath one that is reclaimed costs neither the others nor the commit",
  async (t) => {
    const vault = new MemoryVault();
    const fs = await newFileSystem(vault);
    for (const ino of await deletedFiles(fs, 40)) await fs.forget(ino, 1);
    let transactions = 0;
    vault.onTransaction = () => {
      transactions += 1;
      if (transactions > 2) return;
      throw new PageError("PAGE_CORRUPT", 1, "it was damaged on purpose");
    };
    await fs.syncfs();
    t.equal(vault.inodes, 2, "an orphan is left");
  },
);

t.test("forgetting a file that has a name changes nothing", async (t) => {
  const fs = await newFileSystem(new MemoryVault());
  const { ino } = await newFile(fs, "f");
  fs.retain(ino);
  await fs.forget(ino, 1);
  await fs.forget(ino, 1);
  t.equal((await fs.getattr(ino)).nlink, 1);
});

t.test("what an unlinked file holds is not stored by a commit", async (t) => {
  const vault = new MemoryVault();
  const fs = await newFileSystem(vault);
  const { ino } = await newFile(fs, "f");
  fs.retain(ino);
  await fs.unlink(ROOT_INO, utf8("f"));
  await fs.write(ino, 0, new Uint8Array(PAGE_SIZE).fill(1));
  await fs.syncfs();
  t.equal(vault.pages.size, 0);
  t.equal((await readBytes(fs, ino)).length, PAGE_SIZE);
});

t.test("tmpfile makes a file without a name, and link gives it its first", async (t) => {
  const vault = new MemoryVault({ faultRate: 0.1 });
  const fs = await newFileSystem(vault);
  const kept = await fs.tmpfile(ROOT_INO, creation(S_IFREG | 0o600));
  t.match(kept, { nlink: 0, mode: S_IFREG | 0o600 });
  fs.retain(kept.ino);
  await fs.write(kept.ino, 0, utf8("kept"));
  t.equal((await fs.link(kept.ino, ROOT_INO, utf8("kept"))).nlink, 1);
  await fs.forget(kept.ino, 1);
  t.equal(`${await readBytes(fs, kept.ino)}`, "kept");
  const lost = await fs.tmpfile(ROOT_INO, creation(S_IFREG | 0o600));
  fs.retain(lost.ino);
  await fs.forget(lost.ino, 1);
  t.equal(await codeOf(() => fs.getattr(lost.ino)), "ENOENT");
  fs.retain(kept.ino);
  await fs.unlink(ROOT_INO, utf8("kept"));
  const relink = () => fs.link(kept.ino, ROOT_INO, utf8("again"));
  t.equal(await codeOf(relink), "ENOENT", "what had a name does not come back");
  await fs.syncfs();
  t.strictSame(audit(vault), []);
});

t.test("what a crash left without a name is reclaimed in the next session", async (t) => {
  const vault = new MemoryVault();
  const fs = await newFileSystem(vault);
  for (const name of ["a", "b"]) {
    const { ino } = await newFile(fs, name);
    await fs.write(ino, 0, new Uint8Array(3 * PAGE_SIZE + 2000).fill(7));
    await fs.setxattr(ino, utf8("user.x"), utf8("y"), "set");
    fs.retain(ino);
  }
  await fs.tmpfile(ROOT_INO, creation(S_IFREG));
  await fs.syncfs();
  await fs.unlink(ROOT_INO, utf8("a"));
  const directory = await fs.mkdir(ROOT_INO, utf8("d"), creation(0o755));
  fs.retain(directory.ino);
  await fs.rmdir(ROOT_INO, utf8("d"));
  await fs.syncfs();
  await fs.unlink(ROOT_INO, utf8("b"));
  const next = new MemoryVault({ faultRate: 0.2 }, vault.committed);
  const again = await newFileSystem(next);
  t.equal(next.inodes, 5);
  await again.reclaimOrphans();
  t.equal(next.inodes, 2, "the root and the file whose removal was not committed");
  await again.syncfs();
  t.strictSame(audit(next), []);
  await entryOf(again, ROOT_INO, utf8("b"));
});

t.test("reclaiming leaves alone what this session made", async (t) => {
  const fs = await newFileSystem(new MemoryVault());
  const temporary = await fs.tmpfile(ROOT_INO, creation(S_IFREG));
  const { ino } = await newFile(fs, "f");
  fs.retain(ino);
  await fs.unlink(ROOT_INO, utf8("f"));
  await fs.reclaimOrphans();
  t.equal((await fs.getattr(temporary.ino)).nlink, 0);
  t.equal((await fs.getattr(ino)).nlink, 0);
});

/** A file of many extents whose truncation stopped after the first transaction. */
async function halfTruncated(): Promise<{ vault: MemoryVault; fs: FileSystem; ino: number }> {
  const vault = new MemoryVault();
  const fs = await newFileSystem(vault);
  const { ino } = await newFile(fs, "f");
  const block = new Uint8Array(1100).fill(9);
  for (let i = 0; i < 5000; i++) await fs.write(ino, 2 * i * PAGE_SIZE, block);
  await fs.syncfs();
  let transactions = 0;
  vault.onTransaction = () => {
    if (++transactions > 1) throw new PageError("PAGE_CORRUPT", 1, "it was damaged on purpose");
  };
  t.equal((await fs.setattr(ino, { size: PAGE_SIZE })).size, PAGE_SIZE);
  vault.onTransaction = () => {};
  await fs.syncfs();
  return { vault, fs, ino };
}

t.test("a truncation that stopped on the way is finished in the next session", async (t) => {
  const { vault, ino } = await halfTruncated();
  t.strictSame(audit(vault), []);
  t.ok(vault.pages.size > 1, "something is left");
  const next = new MemoryVault({ faultRate: 0.2 }, vault.committed);
  const fs = await newFileSystem(next);
  t.equal((await fs.getattr(ino)).size, PAGE_SIZE);
  await fs.reclaimOrphans();
  await fs.syncfs();
  t.strictSame(audit(next), []);
  t.equal(next.pages.size, 1);
});

t.test("a truncation that stopped on the way is finished before the file grows", async (t) => {
  const growths = [
    (fs: FileSystem, ino: number) => fs.setattr(ino, { size: 2 ** 30 }),
    (fs: FileSystem, ino: number) => fs.write(ino, 2 ** 30 - 1, utf8("x")),
    (fs: FileSystem, ino: number) =>
      fs.fallocate(ino, 0, 2 ** 30, { operation: "zero-range", keepSize: false }),
  ];
  for (const grow of growths) {
    const { vault, fs, ino } = await halfTruncated();
    await grow(fs, ino);
    await fs.write(ino, 2 ** 30 - PAGE_SIZE, utf8("last"));
    await fs.syncfs();
    t.equal((await fs.getattr(ino)).size, 2 ** 30);
    t.strictSame(audit(vault), []);
    t.equal(await fs.lseek(ino, PAGE_SIZE, "data"), 2 ** 30 - PAGE_SIZE, "nothing came back");
  }
});

t.test("a run of very many pages is released a bounded part at a time", async (t) => {
  const count = 10_000;
  const vault = new MemoryVault();
  const fs = await newFileSystem(vault);
  const { ino } = await newFile(fs, "f");
  const owner = { ino, block: 0 };
  const content: NewPage = { pageClass: "data", owner, payload: new Uint8Array([1]) };
  const [first] = vault.addPages(Array.from({ length: count }, () => content));
  await vault.transact((transaction) => {
    const inode = editInode(transaction, ino);
    inode.size = count * PAGE_SIZE;
    inode.mappedBlocks = count;
    saveInode(transaction, inode);
    const run = { kind: "run", block: 0, count, shared: false, ...(first as PagePointer) } as const;
    transaction.put(extentKey(ino, 0), encodeExtent(run));
  });
  let transactions = 0;
  vault.onTransaction = () => {
    transactions += 1;
  };
  const punch = { operation: "punch-hole", keepSize: true } as const;
  await fs.fallocate(ino, PAGE_SIZE, 5000 * PAGE_SIZE, punch);
  t.equal(transactions, 2);
  t.equal(vault.pages.size, count - 5000);
  t.strictSame(audit(vault), []);
  await fs.unlink(ROOT_INO, utf8("f"));
  t.equal(transactions, 4);
  t.equal(vault.pages.size, 0);
});

t.test("an orphan that is damaged does not keep the others", async (t) => {
  const vault = new MemoryVault();
  const fs = await newFileSystem(vault);
  for (let i = 0; i < 3; i++) await fs.tmpfile(ROOT_INO, creation(S_IFREG));
  await fs.syncfs();
  const next = new MemoryVault({}, vault.committed);
  const again = await newFileSystem(next);
  let transactions = 0;
  next.onTransaction = () => {
    if (++transactions === 3) throw new PageError("PAGE_CORRUPT", 1, "it was damaged on purpose");
  };
  await again.reclaimOrphans();
  t.equal(next.inodes, 2);
});
