import { join } from "node:path";
import t from "tap";
import { utf8 } from "../../../src/core/base/bytes.ts";
import { PAGE_SIZE } from "../../../src/core/base/limits.ts";
import { pageNumber } from "../../../src/core/format/address.ts";
import { checkVault } from "../../../src/core/fs/check/check-vault.ts";
import { ROOT_INO } from "../../../src/core/fs/file-system.ts";
import { compactPages, planCompaction } from "../../../src/core/fs/move/compact-pages.ts";
import { VaultFileSystem } from "../../../src/core/fs/vault-file-system.ts";
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import { FileStore } from "../../../src/stores/file/file-store.ts";
import { newFile, newFileSystem } from "../../support/test-file-system.ts";
import { createTestVault, openTestVault } from "../../support/test-vault.ts";
import { listContents } from "../../support/vault-contents.ts";

const { compressor } = nodePlatform;

/** Pages a file may have beyond those in use. */
const SLACK = 32;

t.test("a log that a crash left is read, and then no obstacle to compacting", async (t) => {
  const path = join(t.testdir(), "v.dvault");
  const vault = await createTestVault(FileStore.create(path));
  const fs = await newFileSystem(vault);
  const { ino } = await newFile(fs, "gone");
  await fs.write(ino, 0, new Uint8Array(100 * PAGE_SIZE).fill(1));
  await vault.commit();
  const kept = await newFile(fs, "kept");
  await vault.sync();
  await fs.write(kept.ino, 0, new Uint8Array(2 * PAGE_SIZE + 7).fill(2));
  await fs.unlink(ROOT_INO, utf8("gone"));
  await vault.sync();
  const contents = await listContents(fs);
  await vault.abandon();

  const store = FileStore.open(path);
  const again = await openTestVault(store);
  const logged = again.inspect().logPages.map(({ address }) => pageNumber(address));
  t.ok(logged.length > 0, "the log is there");
  const whole = new VaultFileSystem(again, nodePlatform);
  t.strictSame(await listContents(whole), contents);
  const plan = await planCompaction(again);
  t.ok(plan.pagesAfter < logged.length, "neither the log nor what is gone counts");
  await compactPages(again, store, plan, {});
  t.ok(store.end <= plan.pagesAfter + SLACK, `${store.end} of ${plan.pages} pages are left`);
  await again.close();

  const compact = await openTestVault(FileStore.open(path));
  const report = await checkVault(compact, { readData: true, compressor });
  t.strictSame(report.findings, []);
  t.strictSame(await listContents(new VaultFileSystem(compact, nodePlatform)), contents);
  await compact.close();
});

t.test("what is synced beside compacting is not cut off", async (t) => {
  const path = join(t.testdir(), "v.dvault");
  const store = FileStore.create(path);
  const vault = await createTestVault(store);
  const fs = await newFileSystem(vault);
  const { ino } = await newFile(fs, "long");
  await fs.write(ino, 0, new Uint8Array(200 * PAGE_SIZE).fill(1));
  await vault.commit();
  await fs.setattr(ino, { size: PAGE_SIZE });
  const small = await newFile(fs, "small");
  await vault.sync();
  let turns = 0;
  const breathe = async (): Promise<void> => {
    turns += 1;
    await fs.write(small.ino, turns, Uint8Array.of(turns));
    await vault.sync();
  };
  await compactPages(vault, store, await planCompaction(vault), { breathe });
  await breathe();
  const contents = await listContents(fs);
  await vault.abandon();

  const again = await openTestVault(FileStore.open(path));
  t.strictSame(await listContents(new VaultFileSystem(again, nodePlatform)), contents);
  const report = await checkVault(again, { readData: true, compressor });
  t.strictSame(report.findings, []);
  t.ok(turns > 1);
  await again.close();
});
