/**
 * Extent records: what stands at a file's logical blocks (FORMAT.md §7.3).
 *
 *     inline    1, content…                                  a whole small file, in the tree
 *     run       2, flags 1, address 6, generation 6, count 4     whole pages with consecutive page numbers
 *     piece     3, codec 1, address 6, generation 6, offset 2, stored length 2, plain length 4
 *                                                            part of a pack page
 *     reserved  4, 0, count 4                                fallocated and not written: reads as zeros
 *
 * A block whose content is shorter than PAGE_SIZE goes on with zeros. Blocks without a record are holes.
 *
 * @module
 */
import { getU16, getU32, putU16, putU32 } from "../base/bytes.ts";
import { FormatError } from "../base/errors.ts";
import { PAGE_SIZE } from "../base/limits.ts";
import {
  addressOf,
  areAddresses,
  getPointer,
  type PagePointer,
  pageNumber,
  putPointer,
} from "../format/address.ts";

/** Content that stands in the record itself. */
export interface InlineExtent {
  readonly kind: "inline";
  readonly block: number;
  readonly count: 1;
  readonly content: Uint8Array;
}

/** Blocks that are whole pages, born together and side by side. */
export interface RunExtent extends PagePointer {
  readonly kind: "run";
  readonly block: number;
  readonly count: number;
  /** Other runs may have the same pages, so it has a back reference, and at most {@link SHARED_MAX} blocks. */
  readonly shared: boolean;
}

/** How a piece is stored. */
export type PieceCodec = "plain" | "deflate";

/** The codecs, each at the place of its number in the format. */
export const PIECE_CODECS: readonly PieceCodec[] = ["plain", "deflate"];

/** One block that stands in part of a pack page. */
export interface PieceExtent extends PagePointer {
  readonly kind: "piece";
  readonly block: number;
  readonly count: 1;
  readonly codec: PieceCodec;
  /** Where in the page's payload, bytes. */
  readonly offset: number;
  readonly storedLength: number;
  readonly plainLength: number;
}

/** Blocks promised by `fallocate`. */
export interface ReservedExtent {
  readonly kind: "reserved";
  readonly block: number;
  readonly count: number;
}

export type Extent = InlineExtent | RunExtent | PieceExtent | ReservedExtent;

/** One past the highest block a file can have. */
export const BLOCK_END = 2 ** 47;

const Kind = { inline: 1, run: 2, piece: 3, reserved: 4 } as const;
const SHARED = 1;
const RUN_SIZE = 18;
const PIECE_SIZE = 22;
const RESERVED_SIZE = 6;

/** Most blocks of a shared run. */
export const SHARED_MAX = 128;

/** Most blocks one record can span. */
const COUNT_MAX: number = 2 ** 32 - 1;

/** One past the last block. */
export function extentEnd(extent: Extent): number {
  return extent.block + extent.count;
}

/** The page of one block of a run. */
export function pageOfRun(run: RunExtent, block: number): PagePointer {
  const { address, generation } = run;
  if (block === run.block) return { address, generation };
  return { address: addressOf(pageNumber(address) + block - run.block), generation };
}

/** The part of an extent that stands at `from <= block < end`. */
export function sliceExtent(extent: Extent, from: number, end: number): Extent {
  const first = Math.max(from, extent.block);
  const count = Math.min(end, extentEnd(extent)) - first;
  if (count === extent.count) return extent;
  if (extent.kind === "run") {
    return { ...extent, block: first, count, address: pageOfRun(extent, first).address };
  }
  return { kind: "reserved", block: first, count };
}

/** One extent for two that follow each other, where a record can say so. */
export function joinExtents(left: Extent, right: Extent): Extent | undefined {
  const count = left.count + right.count;
  if (extentEnd(left) !== right.block || count > COUNT_MAX) return undefined;
  if (left.kind === "reserved" && right.kind === "reserved") return { ...left, count };
  if (left.kind !== "run" || right.kind !== "run") return undefined;
  if (left.generation !== right.generation || left.shared !== right.shared) return undefined;
  if (left.shared && count > SHARED_MAX) return undefined;
  const follows = pageNumber(left.address) + left.count === pageNumber(right.address);
  return follows ? { ...left, count } : undefined;
}

export function encodeExtent(extent: Extent): Uint8Array {
  switch (extent.kind) {
    case "inline": {
      const value = new Uint8Array(1 + extent.content.length);
      value[0] = Kind.inline;
      value.set(extent.content, 1);
      return value;
    }
    case "run": {
      const value = new Uint8Array(RUN_SIZE);
      value[0] = Kind.run;
      value[1] = extent.shared ? SHARED : 0;
      putPointer(value, 2, extent);
      putU32(value, 14, extent.count);
      return value;
    }
    case "piece": {
      const value = new Uint8Array(PIECE_SIZE);
      value[0] = Kind.piece;
      value[1] = PIECE_CODECS.indexOf(extent.codec);
      putPointer(value, 2, extent);
      putU16(value, 14, extent.offset);
      putU16(value, 16, extent.storedLength);
      putU32(value, 18, extent.plainLength);
      return value;
    }
    case "reserved": {
      const value = new Uint8Array(RESERVED_SIZE);
      value[0] = Kind.reserved;
      putU32(value, 2, extent.count);
      return value;
    }
  }
}

/**
 * @param value - copied where it is kept
 * @throws FormatError RECORD_MALFORMED
 */
export function decodeExtent(block: number, value: Uint8Array): Extent {
  switch (value[0]) {
    case Kind.inline:
      return { kind: "inline", block, count: 1, content: new Uint8Array(value.subarray(1)) };
    case Kind.run: {
      checkSize(value, RUN_SIZE);
      const { address, generation } = getPointer(value, 2);
      const count = checkedCount(getU32(value, 14));
      if (!areAddresses(address, count)) {
        throw new FormatError("RECORD_MALFORMED", `there are no ${count} pages at ${address}`);
      }
      return { kind: "run", block, count, address, generation, shared: value[1] === SHARED };
    }
    case Kind.piece:
      return decodePiece(block, value);
    case Kind.reserved:
      checkSize(value, RESERVED_SIZE);
      return { kind: "reserved", block, count: checkedCount(getU32(value, 2)) };
    default:
      throw new FormatError("RECORD_MALFORMED", `extent of kind ${value[0]} is unknown`);
  }
}

function decodePiece(block: number, value: Uint8Array): PieceExtent {
  checkSize(value, PIECE_SIZE);
  const { address, generation } = getPointer(value, 2);
  const codec = PIECE_CODECS[value[1] as number];
  if (codec === undefined) {
    throw new FormatError("RECORD_MALFORMED", `piece codec ${value[1]} is unknown`);
  }
  const plainLength = getU32(value, 18);
  if (!areAddresses(address, 1) || plainLength > PAGE_SIZE) {
    const what = `a piece of ${plainLength} bytes in page ${address} cannot be`;
    throw new FormatError("RECORD_MALFORMED", what);
  }
  return {
    kind: "piece",
    block,
    count: 1,
    address,
    generation,
    codec,
    offset: getU16(value, 14),
    storedLength: getU16(value, 16),
    plainLength,
  };
}

function checkedCount(count: number): number {
  if (count > 0) return count;
  throw new FormatError("RECORD_MALFORMED", "an extent of no blocks cannot be");
}

function checkSize(value: Uint8Array, size: number): void {
  if (value.length === size) return;
  throw new FormatError("RECORD_MALFORMED", `${value.length} bytes of extent, not ${size}`);
}
