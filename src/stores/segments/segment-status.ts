/**
 * How a segment store is doing, for people and for `dvault status`.
 *
 * @module
 */
import type { ObjectTraffic } from "../objects/object-store.ts";
import type { LeaseState } from "./publish/lease.ts";
import type { PublicationProgress } from "./publish/publication-loop.ts";

/** See the head of this file. */
export interface SegmentStatus extends PublicationProgress {
  /** Number of the newest record known. */
  readonly publication: number;
  readonly lease: LeaseState;
  /** Bytes of published pages kept locally, and how many may be. */
  readonly cachedBytes: number;
  readonly cacheBudgetBytes: number;
  /** Unpublished bytes at which writers are refused. */
  readonly pendingBudgetBytes: number;
  /** Objects of the catalog, their bytes, and those of live pages. */
  readonly objects: number;
  readonly objectBytes: number;
  readonly liveBytes: number;
  /** Lanes, and what the service imposes. */
  readonly traffic: ObjectTraffic;
}
