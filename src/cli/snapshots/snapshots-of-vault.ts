/**
 * The snapshots of an open vault: listed, made, deleted, compared and brought back.
 *
 * @module
 */
import { toText, utf8 } from "../../core/base/bytes.ts";
import { FsError } from "../../core/base/errors.ts";
import type { Snapshot, TreeRoot } from "../../core/format/commit-root.ts";
import { changesBetween } from "../../core/fs/snapshots/changes-between.ts";
import type { PathChange } from "../../core/fs/snapshots/path-change.ts";
import { removeSnapshots } from "../../core/fs/snapshots/remove-snapshots.ts";
import type { Restoration, RestoreRequest } from "../../core/fs/snapshots/restore/restore-tree.ts";
import type { PathNames } from "../../core/fs/snapshots/restore/selection.ts";
import type { Vault } from "../../core/vault/vault.ts";
import type {
  ChangeRecord,
  RestoreWish,
  SnapshotDiff,
  SnapshotRecord,
  SnapshotWork,
} from "../../mount/control-messages.ts";
import { decodeName, encodeName } from "../argument-bytes.ts";
import { EntryError } from "../entry-error.ts";
import type { OpenVault } from "../open-vault.ts";
import { isoTime } from "../output/human.ts";
import { pathNames } from "../vault-path.ts";
import { type NameNotifier, tellSnapshotName } from "./name-notifier.ts";
import { snapshotAt } from "./snapshot-at.ts";

/**
 * Work on the snapshots of a vault. Throws FsError EEXIST, ENOENT, EINVAL, ENAMETOOLONG, ENOSPC; UsageError for a name or time
 * that no snapshot has; StoreError, CommitError.
 *
 * @param notifier - told of what is different now: the kernel's cache of a mount
 */
export function snapshotsOfVault(
  { vault, fs }: Pick<OpenVault, "vault" | "fs">,
  notifier?: NameNotifier,
): SnapshotWork {
  const { snapshots } = vault;
  return {
    list: async () => snapshots.list().map(recordOf),
    create: async (name) => {
      const made = await named(name, () => snapshots.create(utf8(name)));
      await tellSnapshotName(notifier, made.name);
      return recordOf(made);
    },
    delete: async (name) => {
      const found = await named(name, async () => snapshots.find(utf8(name)));
      await removeSnapshots(snapshots, new Set([found.id]));
      await tellSnapshotName(notifier, found.name);
      return recordOf(found);
    },
    diff: (from, to) => diff(vault, from, to),
    restore: async (name, wish) => {
      const request = requestOf(wish);
      const { changes, isDone, ...touched } = await snapshots.whileKept(async () => {
        const snapshot = snapshotAt(snapshots.list(), name);
        if (!request.dryRun) await vault.keys.expectOlder(snapshot.generation);
        return fs.restore(snapshots.view(snapshot), request);
      });
      if (isDone) await tellTouched(touched, notifier);
      return { changes: changes.map(changeRecord), isDone };
    },
  };
}

/** Says which snapshot it is that cannot be made or found. */
async function named<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw about(name, error);
  }
}

function about(name: string, error: unknown): unknown {
  if (!(error instanceof FsError)) return error;
  return new EntryError(error.code, `snapshot ${name}`, error.message, { cause: error });
}

function recordOf({ name, time, generation }: Snapshot): SnapshotRecord {
  return { name: toText(name), time: isoTime(time), generation };
}

async function diff(vault: Vault, from: string, to: string | undefined): Promise<SnapshotDiff> {
  const { snapshots } = vault;
  const compare = async (current: TreeRoot): Promise<SnapshotDiff> => {
    const before = snapshotAt(snapshots.list(), from).toc;
    const after = to === undefined ? current : snapshotAt(snapshots.list(), to).toc;
    const { changes, isWhole } = await changesBetween(snapshots, before, after);
    return { changes: changes.map(changeRecord), isWhole };
  };
  if (vault.readOnly || to !== undefined) {
    return snapshots.whileKept(() => compare(vault.inspect().root.toc));
  }
  return snapshots.whileHeld(({ toc }) => compare(toc));
}

function changeRecord(change: PathChange): ChangeRecord {
  const { kind, path } = change;
  const record = { kind, path: decodeName(path) };
  return change.kind === "moved" ? { ...record, from: decodeName(change.from) } : record;
}

/** @throws FsError EINVAL for a path with `.` or `..` */
function requestOf({ paths, to, ...choice }: RestoreWish): RestoreRequest {
  return { ...choice, paths: paths.map(namesOf), to: to === undefined ? to : namesOf(to) };
}

function namesOf(path: string): PathNames {
  const names = pathNames(path);
  if (names.includes(".") || names.includes("..")) {
    throw new EntryError("EINVAL", path, "give the path without . and ..");
  }
  return names.map(encodeName);
}

async function tellTouched(
  { names, directories }: Pick<Restoration, "names" | "directories">,
  notifier: NameNotifier | undefined,
): Promise<void> {
  for (const { parent, name } of names) await notifier?.entry(parent, name);
  for (const ino of directories) await notifier?.inode(ino, 0, 0);
}
