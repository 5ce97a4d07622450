/**
 * The snapshots of an open vault: listed, made and deleted.
 *
 * @module
 */
import { toText, utf8 } from "../../core/base/bytes.ts";
import { FsError } from "../../core/base/errors.ts";
import type { Snapshot } from "../../core/format/commit-root.ts";
import { removeSnapshots } from "../../core/fs/snapshots/remove-snapshots.ts";
import { SNAPSHOTS_INO } from "../../core/fs/snapshots/snapshot-slots.ts";
import type { Vault } from "../../core/vault/vault.ts";
import type { SnapshotRecord, SnapshotWork } from "../../mount/control-messages.ts";
import type { Notifier } from "../../mount/driver.ts";
import { EntryError } from "../entry-error.ts";
import { isoTime } from "../output/human.ts";

/** What is told of names that came or went. */
export type NameNotifier = Pick<Notifier, "entry" | "inode">;

/**
 * Work on the snapshots of a vault. Creating and deleting throws FsError EEXIST, ENOENT, EINVAL, ENAMETOOLONG, ENOSPC;
 * StoreError, CommitError.
 *
 * @param notifier - told of names that came or went: the kernel's cache of a mount
 */
export function snapshotsOfVault({ snapshots }: Vault, notifier?: NameNotifier): SnapshotWork {
  const tell = async (name: Uint8Array): Promise<void> => {
    await notifier?.entry(SNAPSHOTS_INO, name);
    await notifier?.inode(SNAPSHOTS_INO, 0, 0);
  };
  return {
    list: async () => snapshots.list().map(recordOf),
    create: async (name) => {
      const made = await named(name, () => snapshots.create(utf8(name)));
      await tell(made.name);
      return recordOf(made);
    },
    delete: async (name) => {
      const found = await named(name, async () => snapshots.find(utf8(name)));
      await removeSnapshots(snapshots, new Set([found.id]));
      await tell(found.name);
      return recordOf(found);
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
