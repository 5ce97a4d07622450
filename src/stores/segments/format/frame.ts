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

/** A page whose bytes need not be at hand. */
export interface PageLength {
  readonly address: number;
  readonly length: number;
}

/** An object with room for pages. */
export interface LaidOut extends PackedObject {
  /** Where the pages go: parts of `bytes`, in the order they were given. */
  readonly pages: readonly StoredPage[];
}

/**
 * Puts pages into one object, in the order given.
 * @param trailer - bytes to stand behind the last frame
 */
export function packObject(pages: readonly StoredPage[], trailer?: Uint8Array): PackedObject {
  const sized = pages.map(({ address, bytes }) => ({ address, length: bytes.length }));
  const object = layOut(sized, trailer?.length);
  for (const [i, page] of object.pages.entries()) page.bytes.set((pages[i] as StoredPage).bytes);
  sealFrames(object);
  if (trailer !== undefined) object.bytes.set(trailer, object.bytes.length - trailer.length);
  return object;
}

/**
 * Makes an object with room for pages, to be filled in and sealed.
 * @param trailerLength - bytes of room behind the last frame
 */
export function layOut(pages: readonly PageLength[], trailerLength = 0): LaidOut {
  const extents = extentsOf(pages);
  const total = pages.reduce((sum, { length }) => sum + frameSize(length), 0);
  const bytes = new Uint8Array(total + trailerLength);
  let at = 0;
  const places = pages.map(({ address, length }) => {
    const place = { address, bytes: bytes.subarray(at, at + length) };
    at += frameSize(length);
    return place;
  });
  return { bytes, extents, pages: places };
}

/** Puts the checksum behind each page. */
export function sealFrames({ bytes, pages }: LaidOut): void {
  let at = 0;
  for (const page of pages) {
    at += page.bytes.length;
    putU32(bytes, at, crc32(page.bytes));
    at += FRAME_OVERHEAD;
  }
}

/** Where pages stand when they are put into one object, in the order given. */
export function extentsOf(pages: readonly PageLength[]): Extent[] {
  const extents: { first: number; offset: number; lengths: number[]; dead: undefined }[] = [];
  let offset = 0;
  for (const { address, length } of pages) {
    const last = extents.at(-1);
    if (last !== undefined && follows(last, address)) last.lengths.push(length);
    else extents.push({ first: address, offset, lengths: [length], dead: undefined });
    offset += frameSize(length);
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
