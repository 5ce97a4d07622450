/**
 * The bytes of a file of the host into a file of a vault, holes kept.
 *
 * @module
 */
import { type BigIntStats, readSync } from "node:fs";
import type { FileSystem } from "../../core/fs/file-system.ts";
import { seek } from "../../native/host.ts";
import { isSparse } from "./host-metadata.ts";
import { COPY_SIZE, type Transfer } from "./transfer.ts";

/** An open regular file. */
export interface OpenFile {
  readonly fd: number;
  readonly stat: BigIntStats;
}

/** One buffer for all copies: the file system borrows it only until `write` returns. */
const buffer = Buffer.allocUnsafeSlow(COPY_SIZE);

/** Copies everything up to the end of the file, wherever that is by then, into an empty inode. */
export async function copyIn(
  fs: FileSystem,
  transfer: Transfer,
  source: OpenFile,
  ino: number,
): Promise<void> {
  const size = Number(source.stat.size);
  let offset = 0;
  for (const run of dataRuns(source)) {
    offset = await copyRun(fs, transfer, { fd: source.fd, ...run }, ino);
  }
  if (offset < size && isSparse(source.stat)) await fs.setattr(ino, { size });
}

interface Run {
  readonly start: number;
  readonly end: number;
}

/** The parts of a file that hold data; a file without holes is one part without a known end. */
function* dataRuns({ fd, stat }: OpenFile): Generator<Run, void, undefined> {
  if (!isSparse(stat)) {
    yield { start: 0, end: Number.POSITIVE_INFINITY };
    return;
  }
  let start = seek(fd, 0, "data");
  while (start !== undefined) {
    const end = seek(fd, start, "hole") ?? Number(stat.size);
    yield { start, end };
    start = seek(fd, end, "data");
  }
}

/** @returns where the copied part ended */
async function copyRun(
  fs: FileSystem,
  transfer: Transfer,
  source: Run & { readonly fd: number },
  ino: number,
): Promise<number> {
  let offset = source.start;
  while (offset < source.end) {
    await transfer.turn();
    const wanted = Math.min(buffer.length, source.end - offset);
    const length = readSync(source.fd, buffer, 0, wanted, offset);
    if (length === 0) break;
    await fs.write(ino, offset, buffer.subarray(0, length));
    offset += length;
    transfer.progress.add(length);
  }
  return offset;
}
