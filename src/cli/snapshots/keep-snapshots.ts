/**
 * Makes snapshots by itself while a mount lasts, and deletes those its policy does not keep. Only its own are touched: their
 * names begin with `auto-`. Nothing is made while nothing changed.
 *
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import { toText, utf8 } from "../../core/base/bytes.ts";
import { millisecondsOf } from "../../core/base/time.ts";
import { samePointer } from "../../core/format/address.ts";
import type { Snapshot } from "../../core/format/commit-root.ts";
import { removeSnapshots } from "../../core/fs/snapshots/remove-snapshots.ts";
import type { Vault } from "../../core/vault/vault.ts";
import { type CliContext, warn } from "../context.ts";
import { describeError } from "../report-error.ts";
import { type NameNotifier, tellSnapshotName } from "./name-notifier.ts";
import { expired, isDue, type KeptSnapshot, type Retention } from "./retention.ts";

/** Time between two looks whether a snapshot is due, ms. */
const LOOK_MS = 60_000;

const PREFIX = "auto-";

/** What is kept where. */
export interface Keeping {
  readonly vault: Vault;
  readonly notifier?: NameNotifier;
  readonly retention: Retention;
}

/** Goes on until the signal comes; what fails is told, and tried again. */
export async function keepSnapshots(
  context: CliContext,
  keeping: Keeping,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await keepOnce(keeping, Date.now());
    } catch (error) {
      warn(context, `cannot keep snapshots: ${describeError(error)}; trying again`);
    }
    await delay(LOOK_MS, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

/**
 * Makes a snapshot when one is due, and deletes what has expired.
 * @param now - ms since 1970
 */
export async function keepOnce(
  { vault, notifier, retention }: Keeping,
  now: number,
): Promise<void> {
  const { snapshots } = vault;
  if (isDue(retention, ownOf(snapshots.list()), now) && isChanged(vault)) {
    const time = new Date(now).toISOString().replace(/\.[0-9]+Z$/, "Z");
    const { name } = await snapshots.create(utf8(`${PREFIX}${time}`));
    await tellSnapshotName(notifier, name);
  }
  const gone = expired(retention, ownOf(snapshots.list()));
  if (gone.size === 0) return;
  const names = snapshots.list().filter(({ id }) => gone.has(id));
  await removeSnapshots(snapshots, gone);
  for (const { name } of names) await tellSnapshotName(notifier, name);
}

function ownOf(snapshots: readonly Snapshot[]): readonly KeptSnapshot[] {
  return snapshots
    .filter(({ name }) => toText(name).startsWith(PREFIX))
    .map(({ id, time }) => ({ id, time: millisecondsOf(time) }));
}

/** Whether the newest snapshot is not what the vault is now. */
function isChanged(vault: Vault): boolean {
  const newest = vault.snapshots.list().at(-1);
  if (newest === undefined || vault.isDirty) return true;
  return !samePointer(newest.toc.pointer, vault.inspect().root.toc.pointer);
}
