import t from "tap";
import { utf8 } from "../../../src/core/base/bytes.ts";
import { PageError } from "../../../src/core/base/errors.ts";
import { PAGE_SIZE } from "../../../src/core/base/limits.ts";
import type { Compressor } from "../../../src/core/base/platform.ts";
import { type PagePointer, pageNumber } from "../../../src/core/format/address.ts";
import { decodeExtent, type Extent } from "../../../src/core/fs/extent.ts";
import { type FileSystem, ROOT_INO } from "../../../src/core/fs/file-system.ts";
import { MemoryStore } from "../../../src/core/pages/memory-store.ts";
import { encodeKey, KeyKind, keyAfterKind } from "../../../src/core/tree/key.ts";
import type { NewPage } from "../../../src/core/vault/transaction.ts";
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import { audit } from "../../support/audit.ts";
import { MemoryVault } from "../../support/memory-vault.ts";
import { codeOf, newFile, newFileSystem, readBytes } from "../../support/test-file-system.ts";
import { createTestVault, openTestVault } from "../../support/test-vault.ts";

/** Bytes that do not compress. */
function noise(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  nodePlatform.random.fill(bytes);
  return bytes;
}

/** The kinds of a file's extents, a run with its length. */
function shapes(vault: MemoryVault, ino: number): string[] {
  const from = encodeKey(ino, KeyKind.extent);
  const records = vault.records.between(from, keyAfterKind(ino, KeyKind.extent));
  return [...records].map(({ value }) => {
    const extent: Extent = decodeExtent(0, value);
    return extent.kind === "run" ? `run of ${extent.count}` : extent.kind;
  });
}

async function writeFile(fs: FileSystem, name: string, data: Uint8Array): Promise<number> {
  const { ino } = await newFile(fs, name);
  await fs.write(ino, 0, data);
  return ino;
}

t.test("content goes inline, into packs or into pages by its length", async (t) => {
  const vault = new MemoryVault();
  const fs = await newFileSystem(vault);
  const cases: [length: number, shape: string[]][] = [
    [1, ["inline"]],
    [1024, ["inline"]],
    [1025, ["piece"]],
    [48 * 1024, ["piece"]],
    [48 * 1024 + 1, ["run of 1"]],
    [PAGE_SIZE, ["run of 1"]],
    [3 * PAGE_SIZE, ["run of 3"]],
    [3 * PAGE_SIZE + 10, ["run of 3", "piece"]],
  ];
  for (const [length, expected] of cases) {
    const ino = await writeFile(fs, `${length}`, noise(length));
    await fs.fsync(ino);
    t.strictSame(shapes(vault, ino), expected, `${length} bytes`);
  }
  t.strictSame(audit(vault), []);
});

t.test("a thousand small files take a few pages", async (t) => {
  const vault = new MemoryVault();
  const fs = await newFileSystem(vault);
  for (let i = 0; i < 1000; i++) await writeFile(fs, `tiny ${i}`, noise(100));
  await fs.syncfs();
  t.equal(vault.pages.size, 0, "those of 100 bytes take none");
  for (let i = 0; i < 1000; i++) await writeFile(fs, `small ${i}`, noise(2000));
  await fs.syncfs();
  t.equal(vault.pages.size, Math.ceil(1000 / 32));
  t.strictSame(audit(vault), []);
});

t.test("small files that are synced one by one share pages all the same", async (t) => {
  const vault = new MemoryVault({ faultRate: 0.1 });
  const fs = await newFileSystem(vault);
  const inodes: number[] = [];
  for (let i = 0; i < 100; i++) {
    const ino = await writeFile(fs, `${i}`, noise(2000).fill(i + 1, 0, 5));
    await fs.fsync(ino);
    inodes.push(ino);
  }
  t.ok(vault.pages.size <= 7, `${vault.pages.size} pages`);
  t.strictSame(audit(vault), []);
  for (const [i, ino] of inodes.entries()) {
    t.strictSame(await readBytes(fs, ino, 0, 5), Buffer.alloc(5, i + 1));
  }
});

t.test("a pack page is released with its last piece", async (t) => {
  const vault = new MemoryVault({ faultRate: 0.1 });
  const fs = await newFileSystem(vault);
  for (const name of ["a", "b", "c"]) await writeFile(fs, name, noise(15_000));
  await fs.syncfs();
  t.equal(vault.pages.size, 1);
  await fs.unlink(ROOT_INO, utf8("a"));
  await fs.unlink(ROOT_INO, utf8("c"));
  t.equal(vault.pages.size, 1);
  await fs.rename({ parent: 1, name: utf8("b") }, { parent: 1, name: utf8("d") }, "replace");
  await fs.unlink(ROOT_INO, utf8("d"));
  t.equal(vault.pages.size, 0);
});

t.test("blocks of zeros become holes", async (t) => {
  const vault = new MemoryVault();
  const fs = await newFileSystem(vault);
  const data = new Uint8Array(3 * PAGE_SIZE + 777);
  data[PAGE_SIZE + 5] = 1;
  const ino = await writeFile(fs, "f", data);
  await fs.syncfs();
  t.equal((await fs.getattr(ino)).size, data.length);
  t.equal(vault.pages.size, 1);
  t.strictSame(await readBytes(fs, ino), Buffer.from(data));
});

t.test("a long sequential write is stored under way, in one run", async (t) => {
  const vault = new MemoryVault();
  const fs = await newFileSystem(vault);
  const { ino } = await newFile(fs, "f");
  const data = noise(PAGE_SIZE);
  for (let i = 0; i < 400; i++) {
    await fs.write(ino, i * PAGE_SIZE, data);
    t.ok(fs.draftBytes <= 64 * PAGE_SIZE || "too many drafts");
  }
  await fs.syncfs();
  t.strictSame(shapes(vault, ino), ["run of 400"]);
  const [first] = vault.pages.keys();
  t.equal(pageNumber(first ?? 0), 120, "pages are numbered on across segments");
});

t.test("writes all over the place are stored when there are too many", async (t) => {
  const vault = new MemoryVault();
  const fs = await newFileSystem(vault, { draftBytes: 10 * PAGE_SIZE });
  const { ino } = await newFile(fs, "f");
  for (let i = 0; i < 50; i++) {
    await fs.write(ino, ((i * 7) % 50) * 2 * PAGE_SIZE, noise(PAGE_SIZE));
    t.ok(fs.draftBytes <= 10 * PAGE_SIZE);
  }
  await fs.syncfs();
  t.equal(vault.pages.size, 50);
});

t.test("a file that is removed before a commit costs no page", async (t) => {
  const vault = new MemoryVault();
  const fs = await newFileSystem(vault);
  await writeFile(fs, "f", noise(10 * PAGE_SIZE));
  await fs.unlink(ROOT_INO, utf8("f"));
  t.equal(fs.draftBytes, 0);
  await fs.syncfs();
  t.equal(vault.pages.size, 0);
});

t.test("what is done while a flush runs is not lost, and wastes no page", async (t) => {
  class BusyVault extends MemoryVault {
    /** Done once, between the freezing of drafts and the transaction that stores them. */
    meanwhile: (() => Promise<unknown>) | undefined;
    done: Promise<unknown> | undefined;

    override addPages(pages: readonly NewPage[]): readonly PagePointer[] {
      const added = super.addPages(pages);
      const { meanwhile } = this;
      this.meanwhile = undefined;
      this.done = meanwhile?.() ?? this.done;
      return added;
    }
  }
  const vault = new BusyVault();
  const fs = await newFileSystem(vault);
  const kept = await writeFile(fs, "kept", noise(3 * PAGE_SIZE + 5000));
  const cut = await writeFile(fs, "cut", noise(3 * PAGE_SIZE));
  const again = await writeFile(fs, "again", noise(2 * PAGE_SIZE));
  const gone = await writeFile(fs, "gone", noise(3 * PAGE_SIZE));
  const content = await readBytes(fs, kept);
  vault.meanwhile = () =>
    Promise.all([
      fs.write(kept, PAGE_SIZE + 7, utf8("during the flush")),
      fs.setattr(cut, { size: 100 }),
      fs.setattr(again, { size: 0 }),
      fs.write(again, 0, noise(10).fill(7)),
      fs.unlink(ROOT_INO, utf8("gone")),
    ]);
  content.write("during the flush", PAGE_SIZE + 7);
  for (let commits = 0; commits < 2; commits++) {
    await fs.syncfs();
    await vault.done;
    t.strictSame(await readBytes(fs, kept), content);
    t.equal((await readBytes(fs, cut)).length, 100);
    t.strictSame(await readBytes(fs, again), Buffer.alloc(10, 7));
    t.equal(await codeOf(() => fs.getattr(gone)), "ENOENT");
    t.strictSame(audit(vault), []);
  }
  t.equal(fs.draftBytes, 0);
  t.equal(vault.pages.size, 4);
});

t.test("what is written in the last moment before a commit is in it", async (t) => {
  const store = new MemoryStore();
  const vault = await createTestVault(store);
  const fs = await newFileSystem(vault);
  const ino = await writeFile(fs, "f", noise(PAGE_SIZE));
  let isLate = true;
  vault.onFlush(() => {
    if (!isLate) return undefined;
    isLate = false;
    return Promise.resolve(fs.write(ino, 0, utf8("late"))).then(() => {});
  });
  await vault.commit();
  t.equal(fs.draftBytes, 0);
  const next = await openTestVault(new MemoryStore({ contents: store.contents }));
  const again = await newFileSystem(next);
  t.equal(`${await readBytes(again, ino, 0, 4)}`, "late");
});

t.test("compression is kept where it saves a quarter, and reads at random", async (t) => {
  const text = Buffer.alloc(4 * PAGE_SIZE, "the same words again and again, ");
  const vault = new MemoryVault({ faultRate: 0.1 });
  const fs = await newFileSystem(vault, { compression: "deflate" });
  const packed = await writeFile(fs, "text", text);
  const plain = await writeFile(fs, "noise", noise(2 * PAGE_SIZE));
  await fs.syncfs();
  t.strictSame(shapes(vault, packed), ["piece", "piece", "piece", "piece"]);
  t.strictSame(shapes(vault, plain), ["run of 2"]);
  t.equal(vault.pages.size, 3);
  t.strictSame(
    await readBytes(fs, packed, 2 * PAGE_SIZE - 9, 18),
    text.subarray(0, 18 + 23).subarray(23),
  );
  await fs.write(packed, PAGE_SIZE, utf8("THE"));
  text.write("THE", PAGE_SIZE);
  await fs.syncfs();
  t.strictSame(await readBytes(fs, packed), text);
  t.strictSame(audit(vault), []);
});

t.test("a compressor may take its time, and what it refuses is damage", async (t) => {
  const { compressor } = nodePlatform;
  let isBroken = false;
  const late: Compressor = {
    deflate: async (plain) => compressor.deflate(plain),
    inflate: async (packed, length) => {
      if (isBroken) throw new Error("broken");
      return compressor.inflate(packed, length);
    },
  };
  const vault = new MemoryVault();
  const fs = await newFileSystem(vault, { compression: "deflate", compressor: late });
  const text = Buffer.alloc(PAGE_SIZE, "later, ");
  const ino = await writeFile(fs, "f", text);
  const other = await writeFile(fs, "g", Buffer.alloc(PAGE_SIZE, "other, "));
  await fs.syncfs();
  t.strictSame(await readBytes(fs, ino), text);
  isBroken = true;
  t.strictSame(await readBytes(fs, ino), text, "inflated blocks are kept");
  t.equal(await codeOf(() => fs.read(other, 0, 10)), "PAGE_CORRUPT");
});

t.test("a full store says so to the writer, and takes deletions", async (t) => {
  const vault = new MemoryVault({ capacity: 220 });
  const fs = await newFileSystem(vault);
  const full = await writeFile(fs, "full", noise(60 * PAGE_SIZE));
  const small = await writeFile(fs, "small", noise(100));
  t.equal(await codeOf(() => fs.write(full, 60 * PAGE_SIZE, noise(40 * PAGE_SIZE))), "ENOSPC");
  await fs.write(full, 60 * PAGE_SIZE, noise(30 * PAGE_SIZE));
  await fs.syncfs();
  t.equal(await codeOf(() => fs.write(full, 90 * PAGE_SIZE, noise(PAGE_SIZE * 3))), "ENOSPC");
  const reserve = () =>
    fs.fallocate(small, 0, 20 * PAGE_SIZE, { operation: "allocate", keepSize: true });
  t.equal(await codeOf(reserve), "ENOSPC");
  const large = () => fs.setxattr(small, utf8("user.x"), noise(60_000), "set");
  await fs.write(small, 0, noise(2 * PAGE_SIZE));
  t.equal(await codeOf(large), "ENOSPC");
  t.equal((await readBytes(fs, full)).length, 90 * PAGE_SIZE);
  await fs.unlink(ROOT_INO, utf8("full"));
  await fs.write(small, 0, noise(80 * PAGE_SIZE));
  await fs.syncfs();
  t.strictSame(audit(vault), []);
});

t.test(
  "a store that fills up behind the file system's back fails fsync, and keeps the drafts",
  async (t) => {
    class NarrowVault extends MemoryVault {
      isNarrow = true;

      override space(): { totalPages: number; freePages: number } {
        return { totalPages: 1000, freePages: this.isNarrow ? 0 : 1000 };
      }
    }
    const vault = new NarrowVault();
    vault.isNarrow = false;
    const fs = await newFileSystem(vault);
    const data = noise(PAGE_SIZE);
    const ino = await writeFile(fs, "f", data);
    await newFile(fs, "g");
    vault.isNarrow = true;
    t.equal(await codeOf(() => fs.fsync(ino)), "ENOSPC");
    t.strictSame(await readBytes(fs, ino), Buffer.from(data));
    t.equal(vault.commits, 1, "the rest was committed");
    vault.isNarrow = false;
    await fs.fsync(ino);
    t.equal(fs.draftBytes, 0);
    t.strictSame(await readBytes(fs, ino), Buffer.from(data));
  },
);

t.test("a damaged data page is an error for its own range alone", async (t) => {
  const vault = new MemoryVault();
  const fs = await newFileSystem(vault);
  const data = noise(3 * PAGE_SIZE);
  const ino = await writeFile(fs, "f", data);
  await fs.syncfs();
  const [, second] = vault.pages.keys();
  vault.damaged.add(second ?? 0);
  t.equal(await codeOf(() => fs.read(ino, PAGE_SIZE, 1)), "PAGE_CORRUPT");
  t.equal(await codeOf(() => fs.read(ino, 0, 3 * PAGE_SIZE)), "PAGE_CORRUPT");
  t.strictSame(await readBytes(fs, ino, 0, PAGE_SIZE), Buffer.from(data.subarray(0, PAGE_SIZE)));
  t.equal(await codeOf(() => fs.write(ino, PAGE_SIZE, utf8("x"))), "PAGE_CORRUPT");
  vault.damaged.clear();
  await fs.write(ino, PAGE_SIZE, noise(PAGE_SIZE));
  await fs.syncfs();
});

t.test("damage in the tree fails fsync of the files below it alone", async (t) => {
  const vault = new MemoryVault();
  const fs = await newFileSystem(vault);
  const bad = await writeFile(fs, "bad", noise(PAGE_SIZE));
  const good = await writeFile(fs, "good", noise(2000));
  const worse = await writeFile(fs, "worse", noise(2000));
  const { get } = vault.records;
  vault.records.get = (key) => {
    const isBad = [bad, worse].some((ino) => Buffer.compare(key, encodeKey(ino, 0x10)) === 0);
    if (isBad) throw new PageError("PAGE_CORRUPT", 5, "it was damaged on purpose");
    return get.call(vault.records, key);
  };
  await fs.fsync(good);
  t.equal(fs.draftBytes, 0);
  t.equal(await codeOf(() => fs.fsync(bad)), "PAGE_CORRUPT");
  await fs.fsync(bad);
  t.equal(await codeOf(() => fs.syncfs()), "PAGE_CORRUPT");
  await fs.syncfs();
  vault.records.get = get;
  t.equal((await readBytes(fs, good)).length, 2000);
  t.equal(vault.pages.size, 1, "no page is left over");
});
