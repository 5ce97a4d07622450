/**
 * Opening a segment store: the local database, the lease, and what the log says.
 *
 * Without the network a store that was open before opens all the same, from what is known locally; the lease is asked
 * for with the first publication then.
 *
 * @module
 */
import { CommitError, RollbackError, StoreError } from "../../core/base/errors.ts";
import type { LogView } from "./format/log-view.ts";
import { closeLocal, type LocalParts, openLocal } from "./local/local-parts.ts";
import { catchUp, discardLocal } from "./publish/catch-up.ts";
import { Lease } from "./publish/lease.ts";
import { readLog } from "./publish/read-log.ts";
import { noVault } from "./require-commit.ts";
import { type SegmentSettings, type SegmentStoreOptions, withDefaults } from "./segment-options.ts";
import { type SegmentParts, SegmentStore } from "./segment-store.ts";

/** What is asked for: the vault that is there, or an empty place for a new one. */
export type OpeningIntent = "open" | "create";

/**
 * Opens a store.
 * @throws StoreError STORE_MISSING when there is no vault, STORE_EXISTS when there is one and a new one was to be made,
 *   STORE_BUSY, STORE_DOWN, STORE_DENIED; CommitError COMMIT_CONFLICT; RollbackError VAULT_ROLLED_BACK; FormatError
 */
export async function openSegmentStore(
  options: SegmentStoreOptions,
  intent: OpeningIntent = "open",
): Promise<SegmentStore> {
  const settings = withDefaults(options);
  const local = await openDatabase(settings);
  const lease = new Lease(settings, local.state.now.writer);
  try {
    const parts = { settings, local, lease, warnings: [] };
    await begin(parts, intent);
    return new SegmentStore(parts);
  } catch (error) {
    lease.stop();
    await closeLocal(local);
    throw error;
  }
}

/** A reader beside a writer on the same machine keeps its pages apart. */
async function openDatabase(settings: SegmentSettings): Promise<LocalParts> {
  try {
    return await openLocal(settings);
  } catch (error) {
    const isBusy = error instanceof StoreError && error.code === "STORE_BUSY";
    if (!isBusy || !settings.readOnly) throw error;
    return openLocal({ ...settings, database: "" });
  }
}

async function begin(parts: SegmentParts, intent: OpeningIntent): Promise<void> {
  const { settings, local, lease } = parts;
  const isKnown = local.state.newestHeader() !== undefined;
  let view: LogView;
  try {
    view = settings.readOnly ? await readLog(settings.objects) : await lease.acquire();
  } catch (error) {
    const isOffline = error instanceof StoreError && error.code === "STORE_DOWN";
    if (isOffline && isKnown && intent === "open") return;
    throw error;
  }
  try {
    checkIntent(parts, view, intent);
    await adopt(parts, view);
  } catch (error) {
    await lease.release().catch(() => {});
    throw error;
  }
}

function checkIntent(
  { settings, local }: SegmentParts,
  view: LogView,
  intent: OpeningIntent,
): void {
  const { name } = settings.objects;
  const isThere = view.commits.length > 0;
  const isKnown = local.state.newestHeader() !== undefined;
  if (intent === "create" && (isThere || isKnown)) {
    throw new StoreError(
      "STORE_EXISTS",
      `there is a vault in ${name} already; it is not overwritten`,
    );
  }
  if (intent === "open" && !isThere && !isKnown) throw noVault(settings.objects);
}

async function adopt(parts: SegmentParts, view: LogView): Promise<void> {
  const { settings, local, lease, warnings } = parts;
  const { objects, onDamage } = settings;
  const isOwn = lease.isOwn.bind(lease);
  const work = { objects, local, isOwn, isLive: false, onDamage, warnings };
  try {
    await catchUp({ ...work, refusesOlder: true }, view);
  } catch (error) {
    if (!canDiscard(parts, error)) throw error;
    await discardLocal(local);
    await catchUp(work, view);
  }
}

/** Whether what is known on this machine may be given up for what the log says. */
function canDiscard({ settings, local }: SegmentParts, error: unknown): boolean {
  const isDiscarded = settings.onConflict === "discard";
  if (error instanceof CommitError && error.code === "COMMIT_CONFLICT") return isDiscarded;
  if (!(error instanceof RollbackError) || settings.onRollback === "refuse") return false;
  return isDiscarded || !local.state.hasUnpublished;
}
