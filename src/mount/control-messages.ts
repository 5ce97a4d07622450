/**
 * What is said over a control socket: one JSON object a line, in both directions.
 *
 *     asked                                 told meanwhile       answered
 *     {"request":"status"}                                       {"ok":true,"result":{…MountStatus}}
 *     {"request":"sync"}                                         {"ok":true}
 *     {"request":"flush"}                   {"progress":{…}}…    {"ok":true,"result":{…Unpublished}}
 *     {"request":"gc","dryRun":false}       {"progress":{…}}…    {"ok":true,"result":{…CleaningResult}}
 *     {"request":"unmount","wait":true}     {"progress":{…}}…    {"ok":true,"result":{…Unpublished}}
 *     {"request":"snapshots"}                                    {"ok":true,"result":[{…SnapshotRecord}…]}
 *     {"request":"create-snapshot","name":"a"}                   {"ok":true,"result":{…SnapshotRecord}}
 *     {"request":"delete-snapshot","name":"a"}                   {"ok":true,"result":{…SnapshotRecord}}
 *     {"request":"diff-snapshots","from":"a"}  {"part":[{…}]}…   {"ok":true,"result":{…SnapshotDiff}}
 *     {"request":"restore-snapshot",…}      {"part":[{…}]}…      {"ok":true,"result":{…SnapshotRestoration}}
 *     {"request":"rotate","change":{…}}     {"progress":{…}}…    {"ok":true,"result":{…RotationResult}}
 *     {"request":"leave"}
 *     refused or failed                                          {"ok":false,"code":"MOUNT_FAILED","message":"…"}
 *
 * 1. Each request gets one answer; `leave` gets none. It says that whoever asked before does not want to wait any
 *    longer, and so does the end of the connection.
 * 2. What `leave` ends: of `flush`, the waiting, while publishing goes on; of `unmount`, the waiting, after which the
 *    process ends, and what is left is published by the next mount; of `gc`, the cleaning, which the next one goes on with; of
 *    `rotate`, the waiting, while pages go on being written anew.
 * 3. Changes, of which there may be many, are told in parts before the result, which lacks them.
 * 4. The answer to `unmount` has no result when the vault is in a local file.
 *
 * @module
 */
import type { RestoreRequest } from "../core/fs/snapshots/restore/restore-tree.ts";
import type { RotationStatus, Unpublished } from "./mount-status.ts";

/** What can be asked. */
export type ControlRequest =
  | { readonly request: "status" | "sync" | "flush" | "leave" | "snapshots" }
  | { readonly request: "create-snapshot" | "delete-snapshot"; readonly name: string }
  | { readonly request: "diff-snapshots"; readonly from: string; readonly to?: string | undefined }
  | ({ readonly request: "restore-snapshot"; readonly name: string } & RestoreWish)
  | { readonly request: "gc"; readonly dryRun: boolean }
  | { readonly request: "rotate"; readonly change?: KeyChange | undefined }
  | { readonly request: "unmount"; readonly wait: boolean };

/** A change of the vault key. */
export interface KeyChange {
  /** The new key, sealed under the one of now; base64. */
  readonly key: string;
  /** The slots that wrap it, as in a key directory; base64. */
  readonly directory: string;
}

/** What came of a change of the vault key. */
export interface RotationResult {
  /** Whether everything in use is under the new key, but for snapshots. */
  readonly isDone: boolean;
  readonly movedPages: number;
  /** Pages in use that do not open. */
  readonly lostPages: number;
  /** Names of snapshots that need an older key. */
  readonly heldBy: readonly string[];
}

/** How far a flush, an unmounting or a cleaning is. */
export interface WorkProgress extends Unpublished {
  /** Time waited for limits of the service since the work began, ms. */
  readonly limitedMs: number;
  /** Why nothing is sent any more, in words. */
  readonly stopped?: string | undefined;
  /** Bytes a cleaning has moved, and is to move in all. */
  readonly movedBytes?: number;
  readonly totalBytes?: number;
  /** Pages that were written anew, and are to be. */
  readonly renewing?: Pick<RotationStatus, "movedPages" | "totalPages">;
}

/** What a cleaning did, or would do. */
export interface CleaningResult {
  /** Objects whose pages in use were moved, and bytes of these. */
  readonly rewritten: number;
  readonly movedBytes: number;
  /** Objects that were deleted, orphans included. */
  readonly deleted: number;
  readonly orphans: number;
  readonly records: number;
  /** Pages in use that could not be read: damaged or gone. */
  readonly unreadable: number;
}

/** A snapshot of a vault, for people and programs. */
export interface SnapshotRecord {
  readonly name: string;
  /** When it was made, ISO 8601. */
  readonly time: string;
  /** Commit that made it. */
  readonly generation: number;
}

/** A file or directory that is not what it was. Paths are absolute; bytes that are no UTF-8 are lone surrogates. */
export interface ChangeRecord {
  readonly kind: "added" | "removed" | "changed" | "moved";
  readonly path: string;
  /** Where it was, when it was moved. */
  readonly from?: string;
}

/** How two states of a vault differ. */
export interface SnapshotDiff {
  readonly changes: readonly ChangeRecord[];
  /** Whether all of both could be read. */
  readonly isWhole: boolean;
}

/** What is to be brought back of a snapshot, and how. */
export interface RestoreWish extends Pick<RestoreRequest, "force" | "delete" | "dryRun"> {
  /** In the snapshot; `/` is everything. */
  readonly paths: readonly string[];
  /** Where the only path is to go instead of its own place. */
  readonly to?: string | undefined;
}

/** What was done, or would be. */
export interface SnapshotRestoration {
  readonly changes: readonly ChangeRecord[];
  /** False when nothing was done: it was only asked for, or something is in the way. */
  readonly isDone: boolean;
}

/** What can be done about the snapshots of a vault. */
export interface SnapshotWork {
  /** The oldest first. */
  list(): Promise<readonly SnapshotRecord[]>;
  /** Resolves when it is safe. */
  create(name: string): Promise<SnapshotRecord>;
  /** Resolves when it is gone and its room free. */
  delete(name: string): Promise<SnapshotRecord>;
  /**
   * Compares.
   * @param from - a name, or a time up to which the newest is taken, as is `to`
   * @param to - the vault as it is now, when left out
   */
  diff(from: string, to?: string): Promise<SnapshotDiff>;
  /** Brings paths back; resolves when that is safe. @param name - or a time up to which the newest is taken */
  restore(name: string, wish: RestoreWish): Promise<SnapshotRestoration>;
}

/** Whoever waits for work to be done. */
export interface Asker {
  /** Aborted when it does not want to wait any longer. */
  readonly signal: AbortSignal;
  tell(progress: WorkProgress): void;
}
