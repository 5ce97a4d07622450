/**
 * Stores of objects, in a folder or at Discord, behind a local database. Loaded only for vaults that are in one: a
 * vault file needs neither database nor HTTP.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { StoreError } from "../core/base/errors.ts";
import { nodePlatform } from "../platform/node-platform.ts";
import { DirectoryObjectStore } from "../stores/objects/directory-object-store.ts";
import { systemTiming } from "../stores/objects/discord/steady-timing.ts";
import type { ObjectStore } from "../stores/objects/object-store.ts";
import { type OpeningIntent, openSegmentStore } from "../stores/segments/open-segment-store.ts";
import { requireCommit } from "../stores/segments/require-commit.ts";
import { SearchStore } from "../stores/segments/search/search-store.ts";
import type { SegmentStoreOptions } from "../stores/segments/segment-options.ts";
import type { SegmentStore } from "../stores/segments/segment-store.ts";
import { localDatabase, makeStateDirectory } from "./config/local-database.ts";
import type { RemotePlace } from "./config/vault-place.ts";
import type { CliContext } from "./context.ts";
import { type DiscordSecrets, obtainSecrets } from "./discord/discord-secrets.ts";
import { openDiscordObjects } from "./discord/discord-vault.ts";
import type { DamagedStoreOptions, VaultStoreOptions } from "./store-options.ts";

/** What does not keep a vault from being used that was used on this machine before. */
const KNOWN_SUFFICES: ReadonlySet<string> = new Set(["STORE_DOWN", "STORE_MISSING"]);

/** For what a store is opened, and how. */
export interface SegmentsOpening extends VaultStoreOptions {
  readonly intent: OpeningIntent;
}

/** For what the objects of a vault are wanted; a search takes a place as it is. */
interface ObjectsOpening {
  readonly intent: OpeningIntent | "search";
  readonly readOnly: boolean;
  readonly secrets?: DiscordSecrets | undefined;
}

/**
 * Opens or makes a store.
 * @throws as `openVaultStore` and `createVaultStore`
 */
export async function openSegments(
  context: CliContext,
  place: RemotePlace,
  opening: SegmentsOpening,
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

/**
 * Looks whether there is a commit, with one request.
 * @throws StoreError; not when a vault that is known here is out of reach
 */
export async function findCommit(
  context: CliContext,
  place: RemotePlace,
  secrets: DiscordSecrets | undefined,
): Promise<void> {
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

/** Opens what is left of a store, to be searched. @throws as `openDamagedStore` */
export async function openSearch(
  context: CliContext,
  place: RemotePlace,
  { secrets, database }: DamagedStoreOptions,
): Promise<SearchStore> {
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
