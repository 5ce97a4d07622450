/**
 * Answers as bytes.
 *
 * @module
 */
import type { Statistics } from "../../core/fs/file-system.ts";
import type { Answer } from "./answer.ts";
import { encodeAbsent, encodeAttrOut, encodeEntry, encodeStatxOut } from "./encode-attributes.ts";
import { OpenFlag } from "./flags.ts";
import { encodeInit } from "./init.ts";
import type { Reply } from "./reply.ts";

/** Inodes a file system has numbers for, as far as `df -i` cares. */
const INODES_MAX = 2 ** 32;

/** What follows the body of a reply from elsewhere than its buffer. */
export function piecesOf(answer: Answer): readonly Uint8Array[] | undefined {
  if (answer.kind === "contents") return answer.pieces;
  return answer.kind === "listing" ? [answer.bytes] : undefined;
}

/** Writes the body of a reply. */
export function encodeBody(reply: Reply, answer: Answer): void {
  switch (answer.kind) {
    case "entry":
      encodeEntry(reply, answer.attributes);
      break;
    case "absent":
      encodeAbsent(reply);
      break;
    case "created":
      encodeEntry(reply, answer.attributes);
      encodeOpened(reply, 0, OpenFlag.KEEP_CACHE);
      break;
    case "attributes":
      encodeAttrOut(reply, answer.attributes);
      break;
    case "statx":
      encodeStatxOut(reply, answer.attributes);
      break;
    case "opened":
      encodeOpened(reply, answer.handle, answer.flags);
      break;
    case "taken":
      encodeCount(reply, answer.count);
      break;
    case "room":
      encodeCount(reply, answer.size);
      break;
    case "copied":
      reply.u64(answer.count);
      break;
    case "offset":
      reply.u64(answer.offset);
      break;
    case "statistics":
      encodeStatfs(reply, answer.statistics);
      break;
    case "init":
      encodeInit(reply, answer.agreement);
      break;
    case "contents":
    case "listing":
    case "done":
    case "refused":
    case "silence":
      break;
  }
}

/** `struct fuse_write_out` and `fuse_getxattr_out`. */
function encodeCount(reply: Reply, count: number): void {
  reply.u32(count);
  reply.u32(0);
}

/** `struct fuse_open_out`. */
function encodeOpened(reply: Reply, handle: number, flags: number): void {
  reply.u64(handle);
  reply.u32(flags);
  reply.u32(0);
}

/** `struct fuse_kstatfs`. */
function encodeStatfs(reply: Reply, statistics: Statistics): void {
  reply.u64(statistics.blocks);
  reply.u64(statistics.freeBlocks);
  reply.u64(statistics.freeBlocks);
  reply.u64(INODES_MAX);
  reply.u64(INODES_MAX - statistics.inodes);
  reply.u32(statistics.blockSize);
  reply.u32(statistics.nameMax);
  reply.u32(statistics.blockSize);
  reply.zeros(7 * 4);
}
