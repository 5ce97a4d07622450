/**
 * Directory listings (`struct fuse_dirent` and `fuse_direntplus`), packed entry by entry into one array:
 *
 *     OFFSET SIZE
 *      [0   128   fuse_entry_out, in READDIRPLUS only]
 *      0     8   inode
 *      8     8   cookie of the next entry
 *     16     4   length of the name
 *     20     4   type: the S_IFMT bits of the mode, shifted right by 12
 *     24     -   name, padded with zeros to a multiple of 8
 *
 * @module
 */
import { isDots } from "../../core/base/names.ts";
import type { DirectoryEntry } from "../../core/fs/file-system.ts";
import type { Answer } from "./answer.ts";
import { ENTRY_OUT_SIZE, encodeEntry } from "./encode-attributes.ts";
import { REPLY_HEADER, Reply } from "./reply.ts";

const DIRENT_SIZE = 24;
const SHORTEST_NAME = 8;

/** Most entries a listing of `size` bytes can hold. */
export function listingCapacity(size: number, withAttributes: boolean): number {
  const head = withAttributes ? ENTRY_OUT_SIZE + DIRENT_SIZE : DIRENT_SIZE;
  return Math.max(1, Math.floor(size / (head + SHORTEST_NAME)));
}

/**
 * Packs as many entries as fit, in order.
 *
 * @param size - most bytes the kernel takes
 */
export function packListing(
  entries: readonly DirectoryEntry[],
  size: number,
  withAttributes: boolean,
): Answer {
  const room = new Uint8Array(REPLY_HEADER + size);
  const writer = new Reply(room);
  const head = withAttributes ? ENTRY_OUT_SIZE + DIRENT_SIZE : DIRENT_SIZE;
  const entered: number[] = [];
  for (const entry of entries) {
    const padding = -entry.name.length & 7;
    if (writer.length + head + entry.name.length + padding > room.length) break;
    if (withAttributes && enter(writer, entry)) entered.push(entry.ino);
    encodeDirent(writer, entry, padding);
  }
  return { kind: "listing", bytes: room.subarray(REPLY_HEADER, writer.length), entered };
}

/** @returns whether the kernel takes a reference: not to `.` and `..`, nor where nothing is known of the inode */
function enter(writer: Reply, entry: DirectoryEntry): boolean {
  if (entry.attributes === undefined || isDots(entry.name)) {
    writer.zeros(ENTRY_OUT_SIZE);
    return false;
  }
  encodeEntry(writer, entry.attributes);
  return true;
}

function encodeDirent(writer: Reply, entry: DirectoryEntry, padding: number): void {
  writer.u64(entry.ino);
  writer.u64(entry.cookie);
  writer.u32(entry.name.length);
  writer.u32(entry.type >>> 12);
  writer.bytes(entry.name);
  writer.zeros(padding);
}
