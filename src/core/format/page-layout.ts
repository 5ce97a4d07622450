/**
 * How the body of a page is made up and sealed (FORMAT.md §3.2).
 *
 * | layout | version | pages | sealed | owner record |
 * |---|---|---|---|---|
 * | whole | 1 | any | in one | 24 bytes |
 * | parts | 2 | full pages of content, in vaults that have the feature | in four of 16 KiB | 16 bytes, and so the page fits its place |
 *
 * @module
 */
import { PAGE_SIZE } from "../base/limits.ts";

/** One of {@link WHOLE} and {@link IN_PARTS}. */
export interface PageLayout {
  /** By which the page header names it. */
  readonly version: number;
  /** Bytes of the owner record behind the payload. */
  readonly ownerSize: number;
  /** How many messages the body is sealed in. */
  readonly parts: number;
  /** Bytes of each message but the last, which takes the owner record in; undefined where there is one. */
  readonly partLength: number | undefined;
  /** Bounds of the body, which is payload and owner record, bytes. */
  readonly shortest: number;
  readonly longest: number;
}

const LONG_OWNER = 24;
const SHORT_OWNER = 16;
const PARTS = 4;

/** The body is one message. */
export const WHOLE: PageLayout = {
  version: 1,
  ownerSize: LONG_OWNER,
  parts: 1,
  partLength: undefined,
  shortest: LONG_OWNER,
  longest: PAGE_SIZE + LONG_OWNER,
};

/** The body is four messages, each of which opens without the others. */
export const IN_PARTS: PageLayout = {
  version: 2,
  ownerSize: SHORT_OWNER,
  parts: PARTS,
  partLength: PAGE_SIZE / PARTS,
  shortest: PAGE_SIZE + SHORT_OWNER,
  longest: PAGE_SIZE + SHORT_OWNER,
};

/** The layout of a version; undefined for one that is not known. */
export function layoutOfVersion(version: number | undefined): PageLayout | undefined {
  if (version === WHOLE.version) return WHOLE;
  return version === IN_PARTS.version ? IN_PARTS : undefined;
}
