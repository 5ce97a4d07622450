/**
 * Pages into the frames of an object and back (FORMAT.md §8.2).
 *
 * @module
 */
import { crc32 } from "node:zlib";
import { getU32, putU32 } from "../../../core/base/bytes.ts";
import { PAGES_PER_SEGMENT } from "../../../core/base/limits.ts";
import type { StoredPage } from "../../../core/pages/page-store.ts";
import { type Extent, FRAME_OVERHEAD, frameSize } from "./extent.ts";

const ADDRESSES_PER_SEGMENT = 128;

/** An object that is about to be stored. */
export interface PackedObject {
  readonly bytes: Uint8Array;
  readonly extents: readonly Extent[];
}

/**
 * Puts pages into one object, in the order given.
 * @param trailer - bytes to stand behind the last frame
 */
export function packObject(pages: readonly StoredPage[], trailer?: Uint8Array): PackedObject {
  const total = pages.reduce((sum, page) => sum + frameSize(page.bytes.length), 0);
  const bytes = new Uint8Array(total + (trailer?.length ?? 0));
  let at = 0;
  for (const page of pages) {
    bytes.set(page.bytes, at);
    at += page.bytes.length;
    putU32(bytes, at, crc32(page.bytes));
    at += FRAME_OVERHEAD;
  }
  if (trailer !== undefined) bytes.set(trailer, at);
  return { bytes, extents: extentsOf(pages) };
}

function extentsOf(pages: readonly StoredPage[]): Extent[] {
  const extents: { first: number; offset: number; lengths: number[]; dead: undefined }[] = [];
  let offset = 0;
  for (const { address, bytes } of pages) {
    const last = extents.at(-1);
    if (last !== undefined && follows(last, address)) last.lengths.push(bytes.length);
    else extents.push({ first: address, offset, lengths: [bytes.length], dead: undefined });
    offset += frameSize(bytes.length);
  }
  return extents;
}

function follows(
  extent: { readonly first: number; readonly lengths: readonly number[] },
  address: number,
): boolean {
  const isNext = address === extent.first + extent.lengths.length;
  return (
    isNext &&
    address % ADDRESSES_PER_SEGMENT < PAGES_PER_SEGMENT &&
    address % ADDRESSES_PER_SEGMENT > 0
  );
}

/**
 * The page in a frame.
 * @param frame - page and checksum
 * @returns the page, borrowed from `frame`; undefined when its checksum is wrong
 */
export function pageOfFrame(frame: Uint8Array): Uint8Array | undefined {
  const end = frame.length - FRAME_OVERHEAD;
  if (end < 0) return undefined;
  const page = frame.subarray(0, end);
  return getU32(frame, end) === crc32(page) ? page : undefined;
}
