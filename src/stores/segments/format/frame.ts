/**
 * Pages into the frames of an object and back (FORMAT.md §8.2).
 *
 * @module
 */
import { crc32 } from "node:zlib";
import { getU32, putU32, putU48 } from "../../../core/base/bytes.ts";
import { PAGES_PER_SEGMENT } from "../../../core/base/limits.ts";
import type { StoredPage } from "../../../core/pages/page-store.ts";
import { type Extent, FRAME_OVERHEAD, frameSize } from "./extent.ts";

const ADDRESSES_PER_SEGMENT = 128;

/** Bytes of an address in a checksum. */
const ADDRESS_SIZE = 6;

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
 * @param room - used for the object when it is large enough; overwritten
 */
export function layOut(
  pages: readonly PageLength[],
  trailerLength = 0,
  room?: Uint8Array,
): LaidOut {
  const extents = extentsOf(pages);
  const total = pages.reduce((sum, { length }) => sum + frameSize(length), 0);
  const length = total + trailerLength;
  const fits = room !== undefined && room.length >= length;
  const bytes = fits ? room.subarray(0, length) : new Uint8Array(length);
  let at = 0;
  const places = pages.map((page) => {
    const place = { address: page.address, bytes: bytes.subarray(at, at + page.length) };
    at += frameSize(page.length);
    return place;
  });
  return { bytes, extents, pages: places };
}

/** Puts the checksum behind each page. */
export function sealFrames({ bytes, pages }: LaidOut): void {
  let at = 0;
  for (const page of pages) {
    at += page.bytes.length;
    putU32(bytes, at, checksum(page.bytes, page.address));
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
 * @param address - of the page that should be there
 * @returns the page, borrowed from `frame`; undefined when it is damaged or another one
 */
export function pageOfFrame(frame: Uint8Array, address: number): Uint8Array | undefined {
  const end = frame.length - FRAME_OVERHEAD;
  if (end < 0) return undefined;
  const page = frame.subarray(0, end);
  return getU32(frame, end) === checksum(page, address) ? page : undefined;
}

function checksum(page: Uint8Array, address: number): number {
  const seed = new Uint8Array(ADDRESS_SIZE);
  putU48(seed, 0, address);
  return crc32(page, crc32(seed));
}
