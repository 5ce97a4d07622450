/**
 * Frames of pages in bytes of which nothing is known: a page says by its own header where it belongs and how long it is,
 * and the frame's checksum, which covers the address, says whether it is whole (FORMAT.md §8.2).
 *
 * @module
 */
import { getU32 } from "../../../core/base/bytes.ts";
import {
  decodePageHeader,
  PAGE_HEADER_SIZE,
  type PageHeader,
} from "../../../core/format/page-header.ts";
import { storedLength } from "../../../core/format/page-size.ts";
import { FRAME_OVERHEAD, frameSize } from "../format/extent.ts";
import { pageOfFrame } from "../format/frame.ts";

/** A page header begins with this. */
const MAGIC = "DVPG";

/** A page that was found. */
export interface FoundFrame {
  readonly header: PageHeader;
  /** Where the frame begins. */
  readonly offset: number;
  /** Bytes of the page, without its checksum. */
  readonly length: number;
  /** The frame's checksum: copies of a page have the same. */
  readonly checksum: number;
}

/** All whole frames, in the order they stand. */
export function* findFrames(bytes: Uint8Array): Generator<FoundFrame> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = text.indexOf(MAGIC, 0, "latin1"); at >= 0; ) {
    const frame = frameAt(bytes, at);
    if (frame !== undefined) yield frame;
    const next = frame === undefined ? at + 1 : at + frameSize(frame.length);
    at = text.indexOf(MAGIC, next, "latin1");
  }
}

function frameAt(bytes: Uint8Array, offset: number): FoundFrame | undefined {
  if (offset + PAGE_HEADER_SIZE > bytes.length) return undefined;
  const header = decodePageHeader(bytes.subarray(offset));
  if (typeof header === "string") return undefined;
  const length = storedLength(header);
  const frame = bytes.subarray(offset, offset + frameSize(length));
  if (frame.length < frameSize(length)) return undefined;
  if (pageOfFrame(frame, header.address) === undefined) return undefined;
  return { header, offset, length, checksum: getU32(frame, frame.length - FRAME_OVERHEAD) };
}
