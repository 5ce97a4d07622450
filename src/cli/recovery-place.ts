/**
 * What recovering stands on: what is left of the damaged vault, and a file for what is made anew of it, which goes away.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PageScan } from "../core/pages/page-scan.ts";
import type { PageStore } from "../core/pages/page-store.ts";
import { FileStore } from "../stores/file/file-store.ts";
import { SearchStore } from "../stores/segments/search/search-store.ts";
import type { VaultPlace } from "./config/vault-place.ts";
import type { CliContext } from "./context.ts";
import type { DiscordSecrets } from "./discord/discord-secrets.ts";
import { openDamagedStore } from "./vault-store.ts";

/** Two stores; both the caller's to close, by {@link RecoveryPlace.close}. */
export interface RecoveryPlace {
  /** Read only. */
  readonly damaged: PageStore & PageScan;
  /** For sealed pages of the tree. */
  readonly upper: PageStore;
  /** Objects that are there and could not be read, in words. */
  unread(): readonly string[];
  close(): Promise<void>;
}

/**
 * Opens a damaged vault's store, whatever is left of it.
 * @param secrets - of a vault at Discord
 * @throws StoreError STORE_MISSING, STORE_DENIED, STORE_DOWN
 */
export async function openRecoveryPlace(
  context: CliContext,
  place: VaultPlace,
  secrets: DiscordSecrets | undefined,
): Promise<RecoveryPlace> {
  const folder = mkdtempSync(join(tmpdir(), "dvault-recover-"));
  try {
    const database = join(folder, "found");
    const damaged = await openDamagedStore(context, place, { secrets, database });
    const upper = FileStore.create(join(folder, "pages"));
    return {
      damaged,
      upper,
      unread: () => (damaged instanceof SearchStore ? damaged.unread : []),
      close: async () => {
        await damaged.close();
        upper.discard();
        rmSync(folder, { recursive: true });
      },
    };
  } catch (error) {
    rmSync(folder, { recursive: true });
    throw error;
  }
}
