import t from "tap";
import { PAGE_SIZE } from "../../../src/core/base/limits.ts";
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

/** Bytes that are different everywhere. */
function pattern(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >>> 8) * 7 + seed) & 0xff;
  return bytes;
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
