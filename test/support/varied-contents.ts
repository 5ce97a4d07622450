/**
 * A vault that has every kind of record: for tests that move, seal anew or rebuild what a vault holds.
 *
 * @module
 */
import { utf8 } from "../../src/core/base/bytes.ts";
import { PAGE_SIZE } from "../../src/core/base/limits.ts";
import { entryOf } from "../../src/core/fs/entry-of.ts";
import { ROOT_INO } from "../../src/core/fs/file-system.ts";
import type { VaultFileSystem } from "../../src/core/fs/vault-file-system.ts";
import type { Vault } from "../../src/core/vault/vault.ts";
import { seededRandom } from "./seeded-random.ts";
import { newFile } from "./test-file-system.ts";

/**
 * Fills a vault with long files, tails, small files, holes, copies of parts and wholes, a long extended attribute, links and
 * some hundred names, over several commits.
 */
export async function makeVariedContents(vault: Vault, fs: VaultFileSystem): Promise<void> {
  const random = seededRandom(7);
  const bytes = (length: number): Uint8Array =>
    Uint8Array.from({ length }, () => Math.floor(random() * 256));
  const long = (await newFile(fs, "long")).ino;
  await fs.write(long, 0, bytes(20 * PAGE_SIZE + 30_000));
  await vault.commit();
  for (const [name, from, to, blocks] of [
    ["copy", 0, 0, 21],
    ["part", 3, 1, 9],
    ["part", 5, 12, 4],
  ] as const) {
    const ino = await inoOf(fs, name);
    const source = { ino: long, offset: from * PAGE_SIZE };
    await fs.copyFileRange(source, { ino, offset: to * PAGE_SIZE }, blocks * PAGE_SIZE);
  }
  await fs.write(long, 7 * PAGE_SIZE, bytes(2 * PAGE_SIZE));
  await vault.commit();
  const sparse = (await newFile(fs, "sparse")).ino;
  await fs.write(sparse, 40 * PAGE_SIZE, bytes(5));
  await fs.write(sparse, 3 * PAGE_SIZE, bytes(PAGE_SIZE));
  await fs.setxattr(sparse, utf8("user.long"), bytes(30_000), "set");
  await fs.symlink(ROOT_INO, utf8("link"), utf8("long"), { uid: 0, gid: 0 });
  for (let n = 0; n < 300; n++) {
    const { ino } = await newFile(fs, `small file number ${n}`);
    await fs.write(ino, 0, bytes(n % 3 === 0 ? 5000 : 200));
    if (n % 60 === 0) await vault.commit();
  }
  const small = await inoOf(fs, "small file number 3");
  const twin = { ino: await inoOf(fs, "twin of a small file"), offset: 0 };
  await vault.commit();
  await fs.copyFileRange({ ino: small, offset: 0 }, twin, 5000);
  await vault.commit();
}

async function inoOf(fs: VaultFileSystem, name: string): Promise<number> {
  try {
    return (await entryOf(fs, ROOT_INO, utf8(name))).ino;
  } catch {
    return (await newFile(fs, name)).ino;
  }
}
