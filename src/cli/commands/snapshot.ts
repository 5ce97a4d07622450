/**
 * `dvault snapshot`: states of a vault that are kept under a name.
 *
 * @module
 */
import { type Command, defineGroup } from "../command.ts";
import { snapshotCreateCommand } from "./snapshot-create.ts";
import { snapshotDeleteCommand } from "./snapshot-delete.ts";
import { snapshotDiffCommand } from "./snapshot-diff.ts";
import { snapshotListCommand } from "./snapshot-list.ts";
import { snapshotRestoreCommand } from "./snapshot-restore.ts";

/** Manages snapshots. */
export const snapshotCommand: Command = defineGroup(
  "snapshot",
  "Keep states of a vault, and go back",
  [
    snapshotCreateCommand,
    snapshotListCommand,
    snapshotDeleteCommand,
    snapshotDiffCommand,
    snapshotRestoreCommand,
  ],
);
