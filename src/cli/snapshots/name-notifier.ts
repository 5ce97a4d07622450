/**
 * Telling the kernel of a mount which snapshots came or went.
 *
 * @module
 */
import { SNAPSHOTS_INO } from "../../core/fs/snapshots/snapshot-slots.ts";
import type { Notifier } from "../../mount/driver.ts";

/** What is told of names that came or went. */
export type NameNotifier = Pick<Notifier, "entry" | "inode">;

/** Tells that a snapshot of a name was made or deleted. @param notifier - undefined when nothing is mounted */
export async function tellSnapshotName(
  notifier: NameNotifier | undefined,
  name: Uint8Array,
): Promise<void> {
  await notifier?.entry(SNAPSHOTS_INO, name);
  await notifier?.inode(SNAPSHOTS_INO, 0, 0);
}
