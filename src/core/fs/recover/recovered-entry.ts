/**
 * What became of one entry of a recovered vault.
 *
 * @module
 */
import type { ByteSpan } from "../check/finding.ts";

/**
 * | state | meaning |
 * |---|---|
 * | `whole` | every byte as the recovered commit had it |
 * | `old` | every byte, but as an earlier commit had it |
 * | `partial` | bytes or attributes are missing, or put together by guessing |
 * | `lost` | nothing but the name |
 */
export type RecoveredState = "whole" | "old" | "partial" | "lost";

/** An entry that is not a directory. */
export interface RecoveredEntry {
  /** Absolute, in the damaged vault. */
  readonly path: Uint8Array;
  readonly state: RecoveredState;
  /** Bytes. */
  readonly size: number;
  /** Bytes that are missing, in order; they are holes in the new vault. */
  readonly missing: readonly ByteSpan[];
  /** Why it is not whole, for people. */
  readonly reasons: readonly string[];
  /** Path in the new vault, when the name was changed. */
  readonly newPath?: Uint8Array;
}
