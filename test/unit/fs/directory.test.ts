import t from "tap";
import { utf8 } from "../../../src/core/base/bytes.ts";
import { PageError } from "../../../src/core/base/errors.ts";
import { CookieNames } from "../../../src/core/fs/cookie-names.ts";
import { encodeDentry } from "../../../src/core/fs/dentry.ts";
import { entryOf } from "../../../src/core/fs/entry-of.ts";
import {
  type Directory,
  type DirectoryEntry,
  type FileSystem,
  ROOT_INO,
  S_IFDIR,
  S_IFREG,
} from "../../../src/core/fs/file-system.ts";
import { encodeKey, KeyKind } from "../../../src/core/tree/key.ts";
import type { Transaction } from "../../../src/core/vault/transaction.ts";
import { LateStore } from "../../support/late-store.ts";
import { MemoryVault } from "../../support/memory-vault.ts";
import {
  codeOf,
  creation,
  namesIn,
  newFile,
  newFileSystem,
} from "../../support/test-file-system.ts";
import { createTestVault, openTestVault } from "../../support/test-vault.ts";

function textOf(entries: readonly DirectoryEntry[]): string[] {
  return entries.map((entry) => Buffer.from(entry.name).toString());
}

/** Makes files whose names sort as they are numbered. */
async function newFiles(fs: FileSystem, count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, i) => `file ${String(i).padStart(4, "0")}`);
  for (const name of names) await newFile(fs, name);
  return names;
}

/** Reads from a cookie to the end, `limit` at a time. */
async function readFrom(directory: Directory, start: number, limit: number): Promise<string[]> {
  const names: string[] = [];
  for (let cookie = start; ; ) {
    const entries = await directory.read(cookie, limit, "none");
    if (entries.length === 0) return names;
    names.push(...textOf(entries));
    cookie = entries[entries.length - 1]?.cookie ?? 0;
  }
}

t.test("a directory is read in order, dots first, in replies of any length", async (t) => {
  const fs = await newFileSystem(new MemoryVault({ faultRate: 0.1 }));
  const names = await newFiles(fs, 50);
  for (const limit of [1, 2, 3, 7, 52, 1000]) {
    const directory = await fs.opendir(ROOT_INO);
    t.strictSame(await readFrom(directory, 0, limit), [".", "..", ...names], `${limit} a reply`);
  }
  t.equal(await codeOf(async () => fs.opendir((await newFile(fs, "f")).ino)), "ENOTDIR");
});

t.test("entries say their inode and type, and their attributes when asked", async (t) => {
  const fs = await newFileSystem(new MemoryVault());
  const { ino } = await newFile(fs, "f");
  await fs.write(ino, 0, utf8("content"));
  const sub = await fs.mkdir(ROOT_INO, utf8("d"), {
    mode: 0o755,
    umask: 0,
    caller: { uid: 0, gid: 0 },
  });
  const directory = await fs.opendir(sub.ino);
  const [dot, dots] = await directory.read(0, 2, "all");
  t.match(dot, { ino: sub.ino, type: S_IFDIR, attributes: { ino: sub.ino } });
  t.match(dots, { ino: ROOT_INO, type: S_IFDIR, attributes: { ino: ROOT_INO } });
  const root = await fs.opendir(ROOT_INO);
  const [d, f, ...rest] = await root.read(2, 10, "all");
  t.match(d, { ino: sub.ino, type: S_IFDIR, attributes: { ino: sub.ino } });
  t.match(f, { ino, type: S_IFREG, attributes: { ino, size: 7 } });
  t.strictSame(rest, []);
  const plain = await root.read(2, 10, "none");
  t.notOk(plain.some((entry) => "attributes" in entry));
});

t.test("a reader goes on exactly behind any cookie it was given", async (t) => {
  const fs = await newFileSystem(new MemoryVault());
  const names = [".", "..", ...(await newFiles(fs, 40))];
  const directory = await fs.opendir(ROOT_INO);
  const cookies: number[] = [0];
  for (const name of names) {
    const [entry] = await directory.read(cookies[cookies.length - 1] ?? 0, 1, "none");
    t.strictSame(entry && textOf([entry]), [name]);
    cookies.push(entry?.cookie ?? -1);
  }
  for (const position of [41, 3, 0, 20, 2, 1, 40]) {
    const rest = await readFrom(directory, cookies[position] ?? -1, 5);
    t.strictSame(rest, names.slice(position), `from ${position} on`);
  }
});

t.test(
  "entries that stay come once in a pass, whatever is made and removed meanwhile",
  async (t) => {
    const fs = await newFileSystem(new MemoryVault());
    const names = await newFiles(fs, 30);
    const directory = await fs.opendir(ROOT_INO);
    const first = await directory.read(0, 12, "none");
    const last = first[first.length - 1] as DirectoryEntry;
    for (const name of names.slice(0, 11)) await fs.unlink(ROOT_INO, utf8(name));
    await newFile(fs, "file 0000 again");
    await newFile(fs, "zzz");
    const rest = await readFrom(directory, last.cookie, 4);
    t.strictSame(rest, names.slice(11));
    t.strictSame(await readFrom(directory, 0, 100), [
      ".",
      "..",
      "file 0000 again",
      ...names.slice(11),
      "zzz",
    ]);
    const again = await readFrom(directory, last.cookie, 4);
    t.strictSame(again, [...rest, "zzz"], "a cookie from before still leads to the same place");
  },
);

t.test("cookies take bounded memory and stay exact for the latest replies", (t) => {
  const cookies = new CookieNames(3);
  const nameOf = (n: number): Uint8Array => utf8(`name ${n}`);
  const count = 200_000;
  let previous = 2;
  for (let n = 0; n < count; n++) {
    if (n % 100 === 0) cookies.beginReply();
    previous = cookies.add(previous, nameOf(n));
    if (previous !== n + 3) t.fail(`cookie ${previous} for name ${n}`);
  }
  t.ok(cookies.size < 67_000, `${cookies.size} names are kept`);
  const resumed = (cookie: number) => {
    const place = cookies.resume(cookie);
    return place && `${Buffer.from(place.name)} + ${place.skip}`;
  };
  t.equal(resumed(2), undefined);
  t.equal(resumed(3), "name 0 + 0");
  t.equal(resumed(60_000), "name 59997 + 0");
  t.equal(resumed(count + 2), `name ${count - 1} + 0`);
  t.equal(resumed(count - 150), `name ${count - 153} + 0`);
  t.equal(resumed(131_072), "name 131069 + 0");
  t.equal(resumed(131_100), "name 131069 + 28");
  cookies.rewind();
  t.equal(cookies.size, 0);
  t.end();
});

t.test("an entry whose inode is lost or damaged is listed without attributes", async (t) => {
  const vault = new MemoryVault();
  const fs = await newFileSystem(vault);
  await newFile(fs, "a");
  const { ino: damaged } = await newFile(fs, "b");
  await vault.transact((transaction: Transaction) => {
    transaction.put(encodeKey(damaged, KeyKind.attributes), new Uint8Array(5));
    transaction.put(
      encodeKey(ROOT_INO, KeyKind.dentry, utf8("c")),
      encodeDentry({ ino: 99, type: S_IFREG }),
    );
  });
  const directory = await fs.opendir(ROOT_INO);
  const [a, b, c] = await directory.read(2, 10, "all");
  t.ok(a?.attributes);
  t.equal(b?.ino, damaged);
  t.notOk(b?.attributes);
  t.equal(c?.ino, 99);
  t.notOk(c?.attributes);
});

t.test("a damaged page of the tree is an error of the listing itself", async (t) => {
  const vault = new MemoryVault();
  const fs = await newFileSystem(vault);
  const directory = await fs.opendir(ROOT_INO);
  vault.onTransaction = () => {
    throw new PageError("PAGE_CORRUPT", 5, "it was damaged on purpose");
  };
  t.equal(await codeOf(() => directory.read(0, 10, "all")), "PAGE_CORRUPT");
  vault.onTransaction = () => {};
  t.strictSame(await namesIn(fs, ROOT_INO), []);
});

/** A vault far away whose root has directories that were made with many files in between, just opened. */
async function farVault(directories: number) {
  const written = new LateStore();
  const vault = await createTestVault(written);
  const fs = await newFileSystem(vault);
  for (let n = 0; n < directories; n++) {
    const { ino } = await fs.mkdir(ROOT_INO, utf8(`directory ${n}`), creation(S_IFDIR | 0o755));
    for (let file = 0; file < 300; file++) {
      await fs.mknod(ino, utf8(`file ${file}`), creation(S_IFREG | 0o644), 0);
    }
  }
  await vault.close();
  const store = new LateStore({ contents: written.contents });
  const opened = await openTestVault(store);
  return { store, vault: opened, fs: await newFileSystem(opened) };
}

t.test("a listing waits for no attributes that are far away", async (t) => {
  const { store, vault, fs } = await farVault(8);
  const directory = await fs.opendir(ROOT_INO);
  t.equal((await directory.read(0, 100, "none")).length, 10);
  const { calls } = store;
  const listed = await directory.read(0, 100, "near");
  t.equal(listed.length, 10);
  t.ok(listed.some(({ attributes }) => attributes === undefined));
  t.equal(store.calls, calls);
  await vault.close();
});

t.test(
  "looking up one name of a listing brings the inodes of all that were left out",
  async (t) => {
    const { store, vault, fs } = await farVault(8);
    const directory = await fs.opendir(ROOT_INO);
    const listed = await directory.read(0, 100, "near");
    const [first, ...others] = listed.filter(({ attributes }) => attributes === undefined);
    t.ok(others.length > 2);
    await entryOf(fs, ROOT_INO, first?.name ?? utf8(""));
    const { calls } = store;
    for (const { name, ino } of others) t.match(await entryOf(fs, ROOT_INO, name), { ino });
    t.equal(store.calls, calls);
    const [, , ...whole] = await directory.read(0, 100, "near");
    t.ok(whole.every(({ attributes }) => attributes !== undefined));
    await vault.close();
  },
);

t.test("a listing with all attributes waits once for each level of the tree", async (t) => {
  const { store, vault, fs } = await farVault(8);
  const directory = await fs.opendir(ROOT_INO);
  await directory.read(0, 100, "none");
  const { calls } = store;
  const listed = await directory.read(0, 100, "all");
  t.ok(listed.every(({ attributes }) => attributes !== undefined));
  t.equal(store.calls, calls + 1);
  await vault.close();
});

t.test("a pass does not show names that come while it is under way", async (t) => {
  const fs = await newFileSystem(new MemoryVault({ faultRate: 1 }));
  await newFile(fs, "a");
  const { ino } = await newFile(fs, "m");
  const root = (name: string) => ({ parent: ROOT_INO, name: utf8(name) });
  const caller = { uid: 0, gid: 0 };
  const directory = await fs.opendir(ROOT_INO);
  const other = await fs.opendir(ROOT_INO);
  const first = await directory.read(0, 3, "none");
  await fs.rename(root("a"), root("z"), "replace");
  await fs.rename(root("m"), root("y"), "no-replace");
  await fs.link(ino, ROOT_INO, utf8("x"));
  await fs.symlink(ROOT_INO, utf8("w"), utf8("t"), caller);
  await fs.mkdir(ROOT_INO, utf8("v"), creation(0o755));
  await newFile(fs, "u");
  const after = first.at(-1)?.cookie ?? 0;
  t.same(await directory.read(after, 10, "none"), [], "all there was has gone or was shown");
  for (const from of [directory, other]) {
    const again = textOf(await from.read(0, 10, "none"));
    t.same(again, [".", "..", "u", "v", "w", "x", "y", "z"], "from the beginning again");
  }
  const [dot] = await directory.read(0, 1, "none");
  await newFile(fs, "n");
  await fs.rename(root("n"), root("z"), "replace");
  await fs.rename(root("u"), root("v"), "exchange");
  const rest = await directory.read(dot?.cookie ?? 0, 10, "none");
  t.equal(rest.length, 7, "names that are taken over are still shown");
});
