/**
 * What recovering stands on: the damaged vault's store, and a file for what is made anew of it, which goes away.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "../core/base/errors.ts";
import { FileStore } from "../stores/file/file-store.ts";
import type { VaultPlace } from "./config/vault-place.ts";

/** Two stores; both the caller's to close, by {@link RecoveryPlace.close}. */
export interface RecoveryPlace {
  /** Read only. */
  readonly damaged: FileStore;
  /** For sealed pages of the tree. */
  readonly upper: FileStore;
  close(): void;
}

/**
 * Opens a damaged vault's store, whatever is left of it.
 * @throws StoreError STORE_MISSING, STORE_DENIED; UsageError USAGE for a place that cannot be searched
 */
export function openRecoveryPlace(place: VaultPlace): RecoveryPlace {
  if (place.kind !== "file") {
    throw new UsageError(
      "USAGE",
      `${place.key} is no file: only vaults in a file can be recovered`,
    );
  }
  const damaged = FileStore.open(place.path, { readOnly: true });
  const folder = mkdtempSync(join(tmpdir(), "dvault-recover-"));
  const upper = FileStore.create(join(folder, "pages"));
  return {
    damaged,
    upper,
    close: () => {
      damaged.close();
      upper.discard();
      rmSync(folder, { recursive: true });
    },
  };
}
