import t from "tap";
import { FILE_SIZE_MAX, PAGE_SIZE } from "../../../src/core/base/limits.ts";
import type { FallocateMode, FileSystem } from "../../../src/core/fs/file-system.ts";
import { ROOT_INO } from "../../../src/core/fs/file-system.ts";
import { audit } from "../../support/audit.ts";
import { MemoryVault } from "../../support/memory-vault.ts";
import { codeOf, newFile, newFileSystem, readBytes } from "../../support/test-file-system.ts";

/** Sizes at which something changes: inline, packed, a page of its own, several pages. */
const SIZES = [
  0,
  1,
  1023,
  1024,
  1025,
  4096,
  48 * 1024,
  48 * 1024 + 1,
  PAGE_SIZE - 1,
  PAGE_SIZE,
  PAGE_SIZE + 1,
  3 * PAGE_SIZE + 5,
];

const ALLOCATE: FallocateMode = { operation: "allocate", keepSize: false };
const RESERVE: FallocateMode = { operation: "allocate", keepSize: true };
const PUNCH: FallocateMode = { operation: "punch-hole", keepSize: true };
const ZERO: FallocateMode = { operation: "zero-range", keepSize: true };

/** Bytes that are different everywhere and never zero. */
function pattern(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = ((i * 31 + (i >>> 8) * 7 + seed) % 255) + 1;
  return bytes;
}

/** A file with a pattern of some length, in the tree. */
async function storedFile(
  fs: FileSystem,
  name: string,
  length: number,
): Promise<{ ino: number; content: Buffer }> {
  const { ino } = await newFile(fs, name);
  const content = pattern(length, ino);
  await fs.write(ino, 0, content);
  await fs.fsync(ino);
  return { ino, content };
}

t.test("what was written is read back, before and after a commit, whatever the size", async (t) => {
  for (const size of SIZES) {
    const vault = new MemoryVault({ faultRate: 0.2 });
    const fs = await newFileSystem(vault);
    const { ino } = await newFile(fs, "f");
    t.equal(await fs.write(ino, 0, pattern(size)), size);
    t.strictSame(await readBytes(fs, ino), pattern(size), `${size} bytes as drafts`);
    await fs.fsync(ino);
    t.equal(fs.draftBytes, 0);
    t.strictSame(await readBytes(fs, ino), pattern(size), `${size} bytes in the tree`);
    const again = await newFileSystem(new MemoryVault({}, vault.committed));
    t.strictSame(await readBytes(again, ino), pattern(size), `${size} bytes in the next session`);
    t.equal((await again.getattr(ino)).size, size);
  }
});

t.test("read answers less only at the end of the file", async (t) => {
  const fs = await newFileSystem(new MemoryVault());
  const { ino, content } = await storedFile(fs, "f", PAGE_SIZE + 100);
  t.strictSame(await readBytes(fs, ino, PAGE_SIZE - 10, 20), content.subarray(-110, -90));
  t.strictSame(await readBytes(fs, ino, PAGE_SIZE + 90, 1000), content.subarray(-10));
  t.equal((await readBytes(fs, ino, PAGE_SIZE + 100, 10)).length, 0);
  t.equal((await readBytes(fs, ino, 2 ** 50, 10)).length, 0);
  t.equal((await readBytes(fs, ino, 5, 0)).length, 0);
  t.equal(await codeOf(() => fs.read(ino, -1, 10)), "EINVAL");
});

t.test("read and write refuse what is no regular file", async (t) => {
  const fs = await newFileSystem(new MemoryVault());
  const link = await fs.symlink(ROOT_INO, Buffer.from("l"), Buffer.from("t"), { uid: 0, gid: 0 });
  for (const call of [
    (ino: number) => fs.read(ino, 0, 1),
    (ino: number) => fs.write(ino, 0, pattern(1)),
    (ino: number) => fs.setattr(ino, { size: 1 }),
    (ino: number) => fs.lseek(ino, 0, "data"),
  ]) {
    t.equal(await codeOf(() => call(ROOT_INO)), "EISDIR");
    t.equal(await codeOf(() => call(link.ino)), "EINVAL");
    t.equal(await codeOf(() => call(99)), "ENOENT");
  }
  t.equal(await codeOf(() => fs.fallocate(ROOT_INO, 0, 1, ALLOCATE)), "EISDIR");
  t.equal(await codeOf(() => fs.fallocate(link.ino, 0, 1, ALLOCATE)), "ENODEV");
});

t.test(
  "write keeps what it does not cover, and leaves zeros where nothing was written",
  async (t) => {
    const fs = await newFileSystem(new MemoryVault({ faultRate: 0.3 }));
    const { ino, content } = await storedFile(fs, "f", 2 * PAGE_SIZE);
    await fs.write(ino, PAGE_SIZE - 2, Buffer.from("abcd"));
    await fs.write(ino, 3 * PAGE_SIZE + 5, Buffer.from("x"));
    const expected = Buffer.concat([content, Buffer.alloc(PAGE_SIZE + 6)]);
    expected.write("abcd", PAGE_SIZE - 2);
    expected.write("x", 3 * PAGE_SIZE + 5);
    t.strictSame(await readBytes(fs, ino), expected);
    await fs.syncfs();
    t.strictSame(await readBytes(fs, ino), expected);
  },
);

t.test("write copies its data before it answers with a promise", async (t) => {
  const vault = new MemoryVault({ faultRate: 1 });
  const fs = await newFileSystem(vault);
  const { ino } = await newFile(fs, "f");
  const data = pattern(5000);
  const written = fs.write(ino, 0, data);
  t.ok(written instanceof Promise);
  data.fill(0);
  await written;
  t.strictSame(await readBytes(fs, ino), pattern(5000));
});

t.test("offsets that no file can have are refused", async (t) => {
  const fs = await newFileSystem(new MemoryVault());
  const { ino } = await newFile(fs, "f");
  t.equal(await codeOf(() => fs.write(ino, FILE_SIZE_MAX, pattern(1))), "EFBIG");
  t.equal(await codeOf(() => fs.write(ino, -1, pattern(1))), "EINVAL");
  t.equal(await codeOf(() => fs.setattr(ino, { size: FILE_SIZE_MAX + 1 })), "EFBIG");
  t.equal(await codeOf(() => fs.setattr(ino, { size: -1 })), "EINVAL");
  t.equal(await codeOf(() => fs.fallocate(ino, FILE_SIZE_MAX, 1, ALLOCATE)), "EFBIG");
  t.equal(await codeOf(() => fs.fallocate(ino, 0, 0, ALLOCATE)), "EINVAL");
  t.equal(await codeOf(() => fs.fallocate(ino, -1, 1, ALLOCATE)), "EINVAL");
  t.equal(await fs.write(ino, FILE_SIZE_MAX - 1, pattern(1)), 1);
  t.equal((await fs.getattr(ino)).size, FILE_SIZE_MAX);
});

t.test("a file that was cut reads as zeros where it grows again", async (t) => {
  for (const size of SIZES) {
    const fs = await newFileSystem(new MemoryVault({ faultRate: 0.2 }));
    const { ino, content } = await storedFile(fs, "f", 2 * PAGE_SIZE + 2000);
    await fs.setattr(ino, { size });
    await fs.setattr(ino, { size: 4 * PAGE_SIZE });
    const expected = Buffer.alloc(4 * PAGE_SIZE);
    content.copy(expected, 0, 0, size);
    t.strictSame(await readBytes(fs, ino), expected, `cut to ${size}`);
    await fs.syncfs();
    t.strictSame(await readBytes(fs, ino), expected);
  }
});

t.test("a sparse file of 8 TiB costs what was written to it", async (t) => {
  const vault = new MemoryVault();
  const fs = await newFileSystem(vault);
  const { ino } = await newFile(fs, "huge");
  await fs.setattr(ino, { size: 2 ** 43 });
  await fs.write(ino, 2 ** 42, pattern(PAGE_SIZE));
  await fs.syncfs();
  t.equal(vault.pages.size, 1);
  t.equal((await fs.getattr(ino)).blocks, PAGE_SIZE / 512);
  t.strictSame(
    await readBytes(fs, ino, 2 ** 42 - 5, 10),
    Buffer.concat([Buffer.alloc(5), pattern(5)]),
  );
  t.equal(await fs.lseek(ino, 0, "data"), 2 ** 42);
  t.equal(await fs.lseek(ino, 2 ** 42, "hole"), 2 ** 42 + PAGE_SIZE);
  t.equal(await codeOf(() => fs.lseek(ino, 2 ** 42 + PAGE_SIZE, "data")), "ENXIO");
  await fs.setattr(ino, { size: 0 });
  await fs.syncfs();
  t.equal(vault.pages.size, 0);
});

t.test("a file of very many extents is cut and removed in bounded steps", async (t) => {
  const vault = new MemoryVault();
  const fs = await newFileSystem(vault);
  const { ino } = await newFile(fs, "f");
  const blocks = 5000;
  for (let i = 0; i < blocks; i++) await fs.write(ino, i * 2 * PAGE_SIZE, pattern(1100));
  await fs.syncfs();
  const { size } = await fs.getattr(ino);
  await fs.setattr(ino, { size: PAGE_SIZE });
  t.equal((await fs.getattr(ino)).size, PAGE_SIZE);
  await fs.setattr(ino, { size });
  t.equal(await codeOf(() => fs.lseek(ino, PAGE_SIZE, "data")), "ENXIO", "nothing came back");
  t.strictSame(audit(vault), []);
  for (let i = 0; i < blocks; i++) await fs.write(ino, i * 2 * PAGE_SIZE, pattern(1100));
  await fs.syncfs();
  await fs.unlink(ROOT_INO, Buffer.from("f"));
  await fs.syncfs();
  t.strictSame(audit(vault), []);
  t.equal(vault.pages.size, 0);
});

t.test("lseek finds data and holes in drafts and in the tree", async (t) => {
  const fs = await newFileSystem(new MemoryVault());
  const { ino } = await newFile(fs, "f");
  await fs.write(ino, 2 * PAGE_SIZE, pattern(10));
  await fs.setattr(ino, { size: 5 * PAGE_SIZE });
  for (const state of ["drafts", "tree"]) {
    t.equal(await fs.lseek(ino, 0, "hole"), 0, state);
    t.equal(await fs.lseek(ino, 7, "data"), 2 * PAGE_SIZE);
    t.equal(await fs.lseek(ino, 2 * PAGE_SIZE + 3, "data"), 2 * PAGE_SIZE + 3);
    t.equal(await fs.lseek(ino, 2 * PAGE_SIZE, "hole"), 3 * PAGE_SIZE);
    t.equal(await codeOf(() => fs.lseek(ino, 3 * PAGE_SIZE, "data")), "ENXIO");
    t.equal(await codeOf(() => fs.lseek(ino, 5 * PAGE_SIZE, "hole")), "ENXIO");
    t.equal(await codeOf(() => fs.lseek(ino, -1, "hole")), "ENXIO");
    await fs.syncfs();
  }
  await fs.write(ino, 3 * PAGE_SIZE, pattern(2 * PAGE_SIZE));
  t.equal(await fs.lseek(ino, 2 * PAGE_SIZE, "hole"), 5 * PAGE_SIZE, "the end is a hole");
});

t.test("fallocate reserves room that reads as zeros and counts as blocks", async (t) => {
  const vault = new MemoryVault();
  const fs = await newFileSystem(vault);
  const { ino, content } = await storedFile(fs, "f", PAGE_SIZE + 2000);
  await fs.fallocate(ino, 0, 4 * PAGE_SIZE, ALLOCATE);
  const grown = await fs.getattr(ino);
  t.equal(grown.size, 4 * PAGE_SIZE);
  t.equal(grown.blocks, (4 * PAGE_SIZE) / 512);
  const expected = Buffer.concat([content, Buffer.alloc(3 * PAGE_SIZE - 2000)]);
  t.strictSame(await readBytes(fs, ino), expected);
  t.equal(await fs.lseek(ino, 0, "hole"), 2 * PAGE_SIZE);
  await fs.fallocate(ino, 4 * PAGE_SIZE, 4 * PAGE_SIZE, RESERVE);
  const reserved = await fs.getattr(ino);
  t.equal(reserved.size, 4 * PAGE_SIZE);
  t.equal(reserved.blocks, (8 * PAGE_SIZE) / 512);
  await fs.write(ino, 6 * PAGE_SIZE, pattern(10));
  await fs.syncfs();
  t.equal((await fs.getattr(ino)).blocks, (8 * PAGE_SIZE) / 512);
  t.strictSame(audit(vault), []);
});

t.test("zeros written to reserved blocks keep them reserved", async (t) => {
  const fs = await newFileSystem(new MemoryVault());
  const { ino } = await newFile(fs, "f");
  await fs.fallocate(ino, 0, 2 * PAGE_SIZE, ALLOCATE);
  await fs.write(ino, 0, Buffer.alloc(PAGE_SIZE));
  await fs.syncfs();
  t.equal((await fs.getattr(ino)).blocks, (2 * PAGE_SIZE) / 512);
});

t.test("punch-hole gives whole blocks back and zeroes the rest", async (t) => {
  const vault = new MemoryVault({ faultRate: 0.2 });
  const fs = await newFileSystem(vault);
  const { ino, content } = await storedFile(fs, "f", 5 * PAGE_SIZE);
  await fs.fallocate(ino, PAGE_SIZE - 100, 3 * PAGE_SIZE, PUNCH);
  content.fill(0, PAGE_SIZE - 100, 4 * PAGE_SIZE - 100);
  t.strictSame(await readBytes(fs, ino), content);
  await fs.syncfs();
  t.strictSame(await readBytes(fs, ino), content);
  t.equal((await fs.getattr(ino)).blocks, (3 * PAGE_SIZE) / 512);
  t.equal(await fs.lseek(ino, 0, "hole"), PAGE_SIZE);
  t.equal(vault.pages.size, 3);
  await fs.fallocate(ino, 4 * PAGE_SIZE, 100, PUNCH);
  await fs.fallocate(ino, 4 * PAGE_SIZE + 200, 100, PUNCH);
  content.fill(0, 4 * PAGE_SIZE, 4 * PAGE_SIZE + 100);
  content.fill(0, 4 * PAGE_SIZE + 200, 4 * PAGE_SIZE + 300);
  t.strictSame(await readBytes(fs, ino), content, "twice in one block");
  const notKept: FallocateMode = { operation: "punch-hole", keepSize: false };
  t.equal(await codeOf(() => fs.fallocate(ino, 0, 1, notKept)), "EOPNOTSUPP");
});

t.test("zero-range leaves reserved blocks behind", async (t) => {
  const vault = new MemoryVault({ faultRate: 0.2 });
  const fs = await newFileSystem(vault);
  const { ino, content } = await storedFile(fs, "f", 3 * PAGE_SIZE);
  await fs.write(ino, PAGE_SIZE, pattern(PAGE_SIZE, 9));
  await fs.fallocate(ino, 100, 2 * PAGE_SIZE, ZERO);
  content.fill(0, 100, 2 * PAGE_SIZE + 100);
  t.strictSame(await readBytes(fs, ino), content);
  await fs.syncfs();
  t.strictSame(await readBytes(fs, ino), content);
  t.equal((await fs.getattr(ino)).blocks, (3 * PAGE_SIZE) / 512);
  await fs.fallocate(ino, 0, 4 * PAGE_SIZE, { operation: "zero-range", keepSize: false });
  t.equal((await fs.getattr(ino)).size, 4 * PAGE_SIZE);
  await fs.syncfs();
  t.equal(vault.pages.size, 0);
  t.strictSame(audit(vault), []);
});

t.test("collapse-range and insert-range are refused", async (t) => {
  const fs = await newFileSystem(new MemoryVault());
  const { ino } = await newFile(fs, "f");
  for (const operation of ["collapse-range", "insert-range"] as const) {
    const call = () => fs.fallocate(ino, 0, PAGE_SIZE, { operation, keepSize: false });
    t.equal(await codeOf(call), "EOPNOTSUPP");
  }
});

t.test("copyFileRange shares whole blocks and copies the rest", async (t) => {
  const vault = new MemoryVault({ faultRate: 0.1 });
  const fs = await newFileSystem(vault);
  const { ino, content } = await storedFile(fs, "from", 6 * PAGE_SIZE + 3000);
  const pages = vault.pages.size;
  const { ino: to } = await newFile(fs, "to");
  t.equal(
    await fs.copyFileRange({ ino, offset: 0 }, { ino: to, offset: 0 }, 2 ** 40),
    content.length,
  );
  t.strictSame(await readBytes(fs, to), content);
  await fs.syncfs();
  t.equal(vault.pages.size, pages, "both tails share the page that one had");
  await fs.write(to, 5, Buffer.from("changed"));
  await fs.unlink(ROOT_INO, Buffer.from("from"));
  await fs.syncfs();
  content.write("changed", 5);
  t.strictSame(await readBytes(fs, to), content, "what is shared survives its first owner");
  t.strictSame(audit(vault), []);
});

t.test("copyFileRange moves bytes where nothing can be shared", async (t) => {
  const fs = await newFileSystem(new MemoryVault({ faultRate: 0.1 }));
  const { ino, content } = await storedFile(fs, "f", 3 * PAGE_SIZE);
  const { ino: to } = await newFile(fs, "to");
  t.equal(
    await fs.copyFileRange({ ino, offset: 1 }, { ino: to, offset: 0 }, 2 * PAGE_SIZE),
    2 * PAGE_SIZE,
  );
  t.strictSame(await readBytes(fs, to), content.subarray(1, 2 * PAGE_SIZE + 1));
  const behind = { ino, offset: 4 * PAGE_SIZE };
  t.equal(await fs.copyFileRange({ ino, offset: 0 }, behind, PAGE_SIZE), PAGE_SIZE);
  t.strictSame(await readBytes(fs, ino, 4 * PAGE_SIZE, PAGE_SIZE), content.subarray(0, PAGE_SIZE));
  t.equal(await fs.copyFileRange({ ino, offset: 2 ** 40 }, { ino: to, offset: 0 }, 1), 0);
  const overlap = () => fs.copyFileRange({ ino, offset: 0 }, { ino, offset: 10 }, 11);
  t.equal(await codeOf(overlap), "EINVAL");
});

t.test("copyFileRange shares pieces of packed and compressed blocks", async (t) => {
  const vault = new MemoryVault();
  const fs = await newFileSystem(vault, { compression: "deflate" });
  const { ino } = await newFile(fs, "f");
  const content = Buffer.alloc(4 * PAGE_SIZE, "compress me ");
  await fs.write(ino, 0, content);
  await fs.syncfs();
  t.equal(vault.pages.size, 1, "four blocks fit one pack");
  const { ino: to } = await newFile(fs, "to");
  await fs.copyFileRange({ ino, offset: 0 }, { ino: to, offset: PAGE_SIZE }, content.length);
  await fs.unlink(ROOT_INO, Buffer.from("f"));
  await fs.syncfs();
  t.strictSame(await readBytes(fs, to, PAGE_SIZE), content);
  await fs.unlink(ROOT_INO, Buffer.from("to"));
  await fs.syncfs();
  t.equal(vault.pages.size, 0, "the last user takes the pack along");
  t.strictSame(audit(vault), []);
});

t.test("pages shared by copies go with the last that has them", async (t) => {
  const vault = new MemoryVault({ faultRate: 0.1 });
  const fs = await newFileSystem(vault);
  const { ino, content } = await storedFile(fs, "f", 300 * PAGE_SIZE);
  const { ino: to } = await newFile(fs, "to");
  await fs.copyFileRange({ ino, offset: 0 }, { ino: to, offset: PAGE_SIZE }, content.length);
  await fs.copyFileRange(
    { ino: to, offset: 0 },
    { ino: to, offset: 400 * PAGE_SIZE },
    10 * PAGE_SIZE,
  );
  t.equal(vault.pages.size, 300);
  await fs.fallocate(ino, 5 * PAGE_SIZE, 200 * PAGE_SIZE, PUNCH);
  await fs.setattr(ino, { size: 250 * PAGE_SIZE });
  await fs.setattr(to, { size: 150 * PAGE_SIZE });
  t.equal(vault.pages.size, 149 + 45, "149 blocks of the copy, 45 of the original alone");
  await fs.unlink(ROOT_INO, Buffer.from("f"));
  await fs.fallocate(to, 0, 9 * PAGE_SIZE, PUNCH);
  t.equal(vault.pages.size, 141);
  t.strictSame(
    await readBytes(fs, to, 9 * PAGE_SIZE, PAGE_SIZE),
    content.subarray(8 * PAGE_SIZE, 9 * PAGE_SIZE),
  );
  t.strictSame(audit(vault), []);
  await fs.unlink(ROOT_INO, Buffer.from("to"));
  t.equal(vault.pages.size, 0);
});
