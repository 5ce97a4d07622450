/**
 * What a check finds.
 *
 * @module
 */

import type { NodePlace } from "../../tree/tree.ts";
import type { Mend } from "./mends.ts";

/** What is wrong, for programs; the message says it for people. */
export type FindingCode =
  /** A node of the TOC is lost, and with it the records below. */
  | "tree-damaged"
  /** A record makes no sense. */
  | "record-malformed"
  /** Records or names of an inode whose attributes are not there. */
  | "inode-missing"
  /** An inode that no name leads to, and that is not about to be removed. */
  | "inode-unnamed"
  /** Counted links, type or parent do not agree with the names there are. */
  | "name-wrong"
  /** Extents overlap, reach beyond the size, or are counted wrong. */
  | "extent-wrong"
  /** Back references and what they refer to do not agree. */
  | "reference-wrong"
  /** A page has more users than it may have. */
  | "page-shared"
  /** A page does not open, or is not the one it should be. */
  | "page-damaged"
  /** One of the two key directories does not open. */
  | "keys-damaged"
  /** A page in use counts as free: it may be overwritten. */
  | "space-wrong"
  /** A counter of the commit root is wrong. */
  | "counter-wrong";

/** Bytes of a file. */
export interface ByteSpan {
  readonly start: number;
  /** One past the last. */
  readonly end: number;
}

/** One thing that is wrong. */
export interface Finding {
  readonly code: FindingCode;
  readonly message: string;
  /** Inode that is hurt. */
  readonly ino?: number;
  /** Name of the snapshot that has the inode; left out for the vault as it is. */
  readonly snapshot?: Uint8Array;
  /** What of its content is hurt; left out when it is not the content. */
  readonly span?: ByteSpan;
  /** Sets it right; left out where that takes guessing. */
  readonly mend?: Mend;
  /** A node of the TOC to be taken out, so that the rest is a tree again. */
  readonly node?: NodePlace;
}

/** Receives findings. */
export type Report = (finding: Finding) => void;
