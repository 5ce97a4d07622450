/**
 * How the store of a vault is opened.
 *
 * @module
 */
import type { DiscordSecrets } from "./discord/discord-secrets.ts";

/** How a store is opened. Sizes are bytes. */
export interface VaultStoreOptions {
  /** Of a vault at Discord; obtained when they are left out. */
  readonly secrets?: DiscordSecrets | undefined;
  readonly readOnly: boolean;
  /** Unpublished pages beyond which writers are refused. */
  readonly budgetBytes?: number | undefined;
  /** Published pages kept locally. */
  readonly storeCacheBytes?: number | undefined;
  /** Whether published pages are taken from this machine where they are kept, as they are unless told. */
  readonly readsCache?: boolean | undefined;
  /** Takes the right to write, whoever has it. */
  readonly takeOver?: boolean | undefined;
  /** Goes on from an older commit when the newest one cannot be read. */
  readonly olderCommit?: boolean | undefined;
  /** Goes on from an older state than this machine has seen. */
  readonly allowsRollback?: boolean | undefined;
  /** Gives up local commits that were never published, when another writer has gone on meanwhile. */
  readonly discardLocal?: boolean | undefined;
}

/** How a damaged store is opened. */
export interface DamagedStoreOptions {
  readonly secrets: DiscordSecrets | undefined;
  /** File for what a search finds, the caller's to remove. */
  readonly database: string;
}
