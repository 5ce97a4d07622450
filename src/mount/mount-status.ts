/**
 * What a live mount says about itself over its control socket.
 *
 * @module
 */

/** One mount; `dvault status --json` shows these. */
export interface MountStatus {
  /** Name, path or URL of the vault, without secrets. */
  readonly vault: string;
  /** Absolute path. */
  readonly mountpoint: string;
  /** Process that serves it. */
  readonly pid: number;
  /** Last commit that is safe locally. */
  readonly generation: number;
  /** Bytes that would be lost if the process died now. */
  readonly unsafeBytes: number;
  readonly readOnly: boolean;
  readonly driver: string;
  /** When it was mounted, ISO 8601. */
  readonly since: string;
  /** How far the work behind a change of the vault key is; absent when there is none. */
  readonly rotation?: RotationStatus | undefined;
  /** How publishing goes; absent for a vault in a local file. */
  readonly remote?: RemoteStatus;
}

/** The work behind a change of the vault key: pages are written anew. */
export interface RotationStatus {
  /** `held`: all that is left stands in snapshots, or does not open. */
  readonly state: "running" | "held";
  readonly movedPages: number;
  readonly totalPages: number;
  /** Snapshots that need an older key. */
  readonly heldBy?: number;
  /** Why it does not go on for the moment, in words. */
  readonly problem?: string;
}

/** What is safe on this machine and nowhere else. */
export interface Unpublished {
  readonly pendingBytes: number;
  /** Local commits. */
  readonly pendingCommits: number;
  /** Why publishing does not go on for the moment, in words. */
  readonly problem?: string | undefined;
}

/** A vault whose pages are kept elsewhere. */
export interface RemoteStatus extends Unpublished {
  /** Number of the newest published record known. */
  readonly publication: number;
  readonly lease: LeaseStatus;
  /** Bytes of published pages kept locally, and how many may be. */
  readonly cachedBytes: number;
  readonly cacheBudgetBytes: number;
  /** Unpublished bytes at which writers are refused. */
  readonly pendingBudgetBytes: number;
  /** Objects there, their bytes, and those of them that are in use. */
  readonly objects: number;
  readonly objectBytes: number;
  readonly liveBytes: number;
  readonly traffic: TrafficStatus;
}

/** The right to write: not asked for, ours, or another's. */
export type LeaseStatus =
  | { readonly kind: "none" }
  | { readonly kind: "held"; readonly sinceMs: number }
  | { readonly kind: "lost"; readonly to: string };

/** How traffic goes. */
export interface TrafficStatus {
  /** Places data goes out over. */
  readonly lanes: readonly LaneStatus[];
  /** Time spent waiting for limits of the service since the vault was opened, ms. */
  readonly limitedMs: number;
  /** Why nothing is sent any more, in words. */
  readonly stopped?: string | undefined;
}

/** One lane. */
export interface LaneStatus {
  readonly name: string;
  readonly state: "ready" | "waiting" | "failed";
  /** Why it failed, in words. */
  readonly reason?: string;
}
