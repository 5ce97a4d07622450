/**
 * A vault as the bytes it consists of, to be damaged: one file, or objects and records.
 *
 * @module
 */
import type { PageScan } from "../../../src/core/pages/page-scan.ts";
import type { PageStore } from "../../../src/core/pages/page-store.ts";

/** Bytes by the name of what holds them: a file, an object, a record. */
export type Image = ReadonlyMap<string, Uint8Array>;

/** A run of bytes of an image. */
export interface ImageSpan {
  readonly part: string;
  readonly start: number;
  readonly end: number;
}

/** Where a page, or a copy of it, stands. */
export interface PageSpan extends ImageSpan {
  readonly address: number;
  readonly generation: number;
}

/** The intact image of a vault, and how others like it are opened. */
export interface VaultImage {
  /** The kind of store. */
  readonly name: string;
  readonly image: Image;
  /** Bytes that the newest state needs beside its pages; an empty span stands for a part that has to be there. */
  readonly structure: readonly ImageSpan[];
  /** Every page and every copy of one. */
  readonly pages: readonly PageSpan[];
  /** Whether a page is read from this place rather than from another copy. */
  isNamed(page: PageSpan): boolean;
  /** What goes with a part that is deleted. */
  deletedWith(part: string): readonly string[];
  /** Opens an image as a machine does that knows nothing of it, reading from the store alone. */
  open(image: Image): Promise<PageStore>;
  /** Opens an image for recovery. */
  search(image: Image): Promise<PageStore & PageScan>;
}

/** Whether two images have the same bytes at a span. */
export function isSameAt({ part, start, end }: ImageSpan, a: Image, b: Image): boolean {
  const [one, two] = [a.get(part), b.get(part)];
  if (one === two) return true;
  if (one === undefined || two === undefined || two.length < end) return false;
  return Buffer.compare(one.subarray(start, end), two.subarray(start, end)) === 0;
}
