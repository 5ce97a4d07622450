/** What is remembered of pieces, by where they stand, while they are rewritten and moved within one generation. */
import t from "tap";
import { type FileSystem, ROOT_INO } from "../../../src/core/fs/file-system.ts";
import { MemoryStore } from "../../../src/core/pages/memory-store.ts";
import { creation, newFile, newFileSystem, readBytes } from "../../support/test-file-system.ts";
import { createTestVault } from "../../support/test-vault.ts";

/** Writes a file anew, and stores it at once, without a commit. */
async function store(fs: FileSystem, ino: number, content: Uint8Array): Promise<void> {
  await fs.setattr(ino, { size: 0 });
  await fs.write(ino, 0, content);
  const { ino: other } = await fs.tmpfile(ROOT_INO, creation(0o600));
  await fs.copyFileRange({ ino, offset: 0 }, { ino: other, offset: 1 }, 1);
}

t.test("a piece is not taken for one that stood in its place before", async (t) => {
  const vault = await createTestVault(new MemoryStore());
  const fs = await newFileSystem(vault);
  const [first, second, third] = [
    await newFile(fs, "first"),
    await newFile(fs, "second"),
    await newFile(fs, "third"),
  ];
  await vault.commit();
  const { generation } = vault;
  // The first pack is remembered, and left for a second one, which is too full for that.
  await store(fs, first.ino, Buffer.alloc(20_000, "old"));
  await store(fs, second.ino, Buffer.alloc(20_000, "other"));
  const content = Buffer.alloc(40_000, "new");
  await store(fs, first.ino, content);
  await store(fs, third.ino, Buffer.alloc(2000, "small"));
  t.same(await readBytes(fs, first.ino), content);
  t.equal(vault.generation, generation, "all that in one generation");
  await vault.close();
});

t.test("a compressed piece is not read as what stood in its place before", async (t) => {
  const vault = await createTestVault(new MemoryStore());
  const fs = await newFileSystem(vault, { compression: "deflate" });
  const { ino } = await newFile(fs, "file");
  for (let version = 0; version < 5; version++) {
    const content = Buffer.alloc(30_000, `version ${version}`);
    await store(fs, ino, content);
    t.same(await readBytes(fs, ino), content);
  }
  await vault.close();
});
