/**
 * A vault with files of every kind, made by several commits, whose TOC has several leaves.
 *
 * @module
 */
import { utf8 } from "../../../src/core/base/bytes.ts";
import { entryOf } from "../../../src/core/fs/entry-of.ts";
import { ROOT_INO } from "../../../src/core/fs/file-system.ts";
import type { PageStore } from "../../../src/core/pages/page-store.ts";
import { makeSampleFiles } from "../sample-files.ts";
import { creation, newFileSystem } from "../test-file-system.ts";
import { createTestVault } from "../test-vault.ts";

/**
 * Makes it in a store, which is closed in the end.
 * @param files - small ones, beside those of every kind
 * @param onCommit - called after each commit
 */
export async function makeSampleVault(
  store: PageStore,
  files: number,
  onCommit: () => Promise<void>,
): Promise<void> {
  const vault = await createTestVault(store);
  const fs = await newFileSystem(vault);
  const commit = async (): Promise<void> => {
    await vault.commit();
    await onCommit();
  };
  await makeSampleFiles(fs);
  await commit();
  const { ino } = await fs.mkdir(ROOT_INO, utf8("many"), creation(0o040755));
  for (let n = 0; n < files; n++) {
    const file = await fs.mknod(ino, utf8(`file ${n}`), creation(0o100644), 0);
    await fs.write(file.ino, 0, utf8(`content of file ${n} `.repeat(n % 4 === 0 ? 100 : 45)));
    if (n % 25 === 24) await commit();
  }
  await fs.unlink(ino, utf8("file 7"));
  const changed = await entryOf(fs, ino, utf8("file 8"));
  await fs.write(changed.ino, 0, utf8("changed since"));
  await commit();
  await vault.close();
}
