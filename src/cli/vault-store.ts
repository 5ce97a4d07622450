/**
 * The store a vault is in: a file, or objects in a folder or at Discord behind a local database.
 *
 * @module
 */
import { existsSync, mkdirSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { StoreError } from "../core/base/errors.ts";
import type { PageStore } from "../core/pages/page-store.ts";
import { nodePlatform } from "../platform/node-platform.ts";
import { FileStore } from "../stores/file/file-store.ts";
import { DirectoryObjectStore } from "../stores/objects/directory-object-store.ts";
import { systemTiming } from "../stores/objects/discord/steady-timing.ts";
import type { ObjectStore } from "../stores/objects/object-store.ts";
import { type OpeningIntent, openSegmentStore } from "../stores/segments/open-segment-store.ts";
import { requireCommit } from "../stores/segments/require-commit.ts";
import { SearchStore } from "../stores/segments/search/search-store.ts";
import type { SegmentStoreOptions } from "../stores/segments/segment-options.ts";
import type { SegmentStore } from "../stores/segments/segment-store.ts";
import { localDatabase, makeStateDirectory } from "./config/local-database.ts";
import type { RemotePlace, VaultPlace } from "./config/vault-place.ts";
import type { CliContext } from "./context.ts";
import { type DiscordSecrets, obtainSecrets, type TokenChoice } from "./discord/discord-secrets.ts";
import { openDiscordObjects } from "./discord/discord-vault.ts";

/** What does not keep a vault from being used that was used on this machine before. */
const KNOWN_SUFFICES: ReadonlySet<string> = new Set(["STORE_DOWN", "STORE_MISSING"]);

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
  const objects = await openObjects(context, place, { intent: "open", readOnly: true, secrets });
  try {
    await requireCommit(objects);
  } catch (error) {
    const isSufficient = error instanceof StoreError && KNOWN_SUFFICES.has(error.code);
    if (!isSufficient || !existsSync(localDatabase(context.env, place))) throw error;
  } finally {
    await objects.close();
  }
}

/** How a damaged store is opened. */
export interface DamagedStoreOptions {
  readonly secrets: DiscordSecrets | undefined;
  /** File for what a search finds, the caller's to remove. */
  readonly database: string;
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
  const opening = { intent: "search", readOnly: true, secrets } as const;
  const objects = await openObjects(context, place, opening);
  try {
    return await SearchStore.open({ objects, database, ...surroundings() });
  } catch (error) {
    await objects.close();
    throw error;
  }
}

/** What stores of objects are given of this machine. */
function surroundings(): Pick<SegmentStoreOptions, "timing" | "random" | "host"> {
  const host = { name: hostname(), pid: process.pid };
  return { timing: systemTiming, random: nodePlatform.random, host };
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
  return obtainSecrets(context, choice, place.config.headerChannel);
}

interface Opening extends VaultStoreOptions {
  readonly intent: OpeningIntent;
}

/** For what the objects of a vault are wanted; a search takes a place as it is. */
interface ObjectsOpening {
  readonly intent: OpeningIntent | "search";
  readonly readOnly: boolean;
  readonly secrets?: DiscordSecrets | undefined;
}

async function openSegments(
  context: CliContext,
  place: RemotePlace,
  opening: Opening,
): Promise<SegmentStore> {
  const {
    intent,
    readOnly,
    budgetBytes,
    storeCacheBytes,
    takeOver = false,
    discardLocal,
  } = opening;
  makeStateDirectory(context.env);
  const objects = await openObjects(context, place, opening);
  const options = {
    objects,
    database: localDatabase(context.env, place),
    ...surroundings(),
    readOnly,
    takeOver,
    ...(opening.olderCommit === true ? { onDamage: "older" as const } : {}),
    ...(opening.allowsRollback === true ? { onRollback: "accept" as const } : {}),
    ...(discardLocal === true ? { onConflict: "discard" as const } : {}),
    ...(opening.readsCache === undefined ? {} : { readsCache: opening.readsCache }),
    ...(budgetBytes === undefined ? {} : { budgetBytes }),
    ...(storeCacheBytes === undefined ? {} : { cacheBytes: storeCacheBytes }),
  };
  try {
    return await openSegmentStore(options, intent);
  } catch (error) {
    await objects.close();
    throw error;
  }
}

async function openObjects(
  context: CliContext,
  place: RemotePlace,
  { intent, readOnly, secrets }: ObjectsOpening,
): Promise<ObjectStore> {
  if (place.kind === "discord") {
    const { config } = place;
    const speaker = secrets ?? (await obtainSecrets(context, {}, config.headerChannel));
    return openDiscordObjects(context, { config, secrets: speaker, readOnly });
  }
  const { random, timing } = surroundings();
  const options = { random, timing, readOnly, isMarkerNeeded: intent !== "search" };
  return intent === "create"
    ? DirectoryObjectStore.create(place.path, options)
    : DirectoryObjectStore.open(place.path, options);
}
