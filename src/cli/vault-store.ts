/**
 * The store a vault is in: a file, or objects in a folder or at Discord behind a local database.
 *
 * @module
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { PageStore } from "../core/pages/page-store.ts";
import { FileStore } from "../stores/file/file-store.ts";
import type { SearchStore } from "../stores/segments/search/search-store.ts";
import type { SegmentStore } from "../stores/segments/segment-store.ts";
import type { VaultPlace } from "./config/vault-place.ts";
import type { CliContext } from "./context.ts";
import type { DiscordSecrets, TokenChoice } from "./discord/discord-secrets.ts";
import type { DamagedStoreOptions, VaultStoreOptions } from "./store-options.ts";

/** A store. */
export interface VaultStore {
  readonly pages: PageStore;
  /** The same store when it publishes what was committed; absent for a file, where a commit is all there is. */
  readonly remote?: SegmentStore;
}

/** A store that is empty yet. */
export interface NewVaultStore extends VaultStore {
  /** Closes and removes a store whose vault could not be completed. */
  discard(): Promise<void>;
}

/**
 * Opens the store of a vault that is there.
 * @throws StoreError STORE_MISSING, STORE_DENIED, STORE_BUSY, STORE_DOWN; CommitError COMMIT_CONFLICT; UsageError when
 *   nobody gives the secrets it needs
 */
export async function openVaultStore(
  context: CliContext,
  place: VaultPlace,
  options: VaultStoreOptions,
): Promise<VaultStore> {
  if (place.kind === "file") return { pages: FileStore.open(place.path, options) };
  const { openSegments } = await import("./far-store.ts");
  const remote = await openSegments(context, place, { ...options, intent: "open" });
  return { pages: remote, remote };
}

/**
 * Looks whether a vault is where it should be, without opening it: one request where it is far away.
 * @throws StoreError as {@link openVaultStore}; not when a vault that is known here is out of reach
 */
export async function findVaultStore(
  context: CliContext,
  place: VaultPlace,
  secrets: DiscordSecrets | undefined,
): Promise<void> {
  if (place.kind === "file") {
    await FileStore.open(place.path, { readOnly: true }).close();
    return;
  }
  const { findCommit } = await import("./far-store.ts");
  await findCommit(context, place, secrets);
}

/**
 * Opens what is left of the store of a damaged vault, to be searched; nothing of it is changed.
 * @throws StoreError STORE_MISSING, STORE_DENIED, STORE_DOWN
 */
export async function openDamagedStore(
  context: CliContext,
  place: VaultPlace,
  { secrets, database }: DamagedStoreOptions,
): Promise<FileStore | SearchStore> {
  if (place.kind === "file") return FileStore.open(place.path, { readOnly: true });
  const { openSearch } = await import("./far-store.ts");
  return openSearch(context, place, { secrets, database });
}

/**
 * Makes the store of a new vault; never in the place of another.
 * @throws StoreError STORE_EXISTS, STORE_DENIED, STORE_FULL, STORE_DOWN; UsageError
 */
export async function createVaultStore(
  context: CliContext,
  place: VaultPlace,
  secrets?: DiscordSecrets,
): Promise<NewVaultStore> {
  if (place.kind === "file") {
    mkdirSync(dirname(place.path), { recursive: true, mode: 0o700 });
    const pages = FileStore.create(place.path);
    return { pages, discard: async () => pages.discard() };
  }
  const { openSegments } = await import("./far-store.ts");
  const remote = await openSegments(context, place, { intent: "create", readOnly: false, secrets });
  return { pages: remote, remote, discard: () => remote.discard() };
}

/**
 * Obtains what the store of a place is reached with.
 * @returns undefined for places that need nothing
 * @throws UsageError when nobody gives it
 */
export async function obtainStoreSecrets(
  context: CliContext,
  place: VaultPlace,
  choice: TokenChoice = {},
): Promise<DiscordSecrets | undefined> {
  if (place.kind !== "discord") return undefined;
  const { obtainSecrets } = await import("./discord/discord-secrets.ts");
  return obtainSecrets(context, choice, place.config.headerChannel);
}
