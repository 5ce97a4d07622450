/**
 * Recovers a damaged vault into a new one in memory, and lists what came back once that was closed and opened again.
 *
 * @module
 */
import { copyTree } from "../../../src/core/fs/recover/copy-tree.ts";
import { type RecoveredVault, recoverVault } from "../../../src/core/fs/recover/recover-vault.ts";
import type { RecoveredEntry } from "../../../src/core/fs/recover/recovered-entry.ts";
import { MemoryStore } from "../../../src/core/pages/memory-store.ts";
import type { PageScan } from "../../../src/core/pages/page-scan.ts";
import type { PageStore } from "../../../src/core/pages/page-store.ts";
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import { newFileSystem } from "../test-file-system.ts";
import { createTestVault, openTestVault, testCredentials } from "../test-vault.ts";
import { type ListedEntry, listContents } from "../vault-contents.ts";

const owner = { uid: 1000, gid: 100 };

/** What came back. */
export interface RecoveredContents extends RecoveredVault {
  /** What was said of each entry. */
  readonly entries: readonly RecoveredEntry[];
  /** What stands in the new vault. */
  readonly listed: Readonly<Record<string, ListedEntry>>;
}

/**
 * Recovers.
 * @param store - the caller's to close
 * @throws what `recoverVault` throws
 */
export async function recoverContents(store: PageStore & PageScan): Promise<RecoveredContents> {
  const source = { store, platform: nodePlatform, credentials: testCredentials() };
  const recovered = await recoverVault(source, { upper: new MemoryStore(), owner });
  const entries: RecoveredEntry[] = [];
  const target = new MemoryStore();
  try {
    const vault = await createTestVault(target);
    await copyTree({
      from: await newFileSystem(recovered.vault),
      to: await newFileSystem(vault),
      doubts: recovered.doubts,
      onEntry: (entry) => entries.push(entry),
      onDirectory: () => undefined,
    });
    await vault.close();
  } finally {
    await recovered.vault.abandon();
  }
  const again = await openTestVault(target);
  const listed = await listContents(await newFileSystem(again));
  await again.abandon();
  return { ...recovered, entries, listed };
}
