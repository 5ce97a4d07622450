/**
 * The bytes of a file of a vault into a file of the host or a stream, holes kept.
 *
 * @module
 */
import { ftruncateSync, writevSync } from "node:fs";
import { FsError } from "../../core/base/errors.ts";
import { PAGE_SIZE } from "../../core/base/limits.ts";
import type { Attributes, FileSystem } from "../../core/fs/file-system.ts";
import { COPY_SIZE, type Transfer } from "./transfer.ts";

/** Copies a regular file into an empty, open file of the host. */
export async function copyOut(
  fs: FileSystem,
  transfer: Transfer,
  file: Attributes,
  fd: number,
): Promise<void> {
  let offset = 0;
  for await (const run of dataRuns(fs, file)) {
    for (offset = run.start; offset < run.end; ) {
      await transfer.turn();
      const pieces = await fs.read(file.ino, offset, Math.min(COPY_SIZE, run.end - offset));
      const length = writeFully(fd, pieces, offset);
      if (length === 0) break;
      offset += length;
      transfer.progress.add(length);
    }
  }
  if (offset < file.size) ftruncateSync(fd, file.size);
}

interface Run {
  readonly start: number;
  readonly end: number;
}

/** The parts that hold data; a file of one page is not searched. */
async function* dataRuns(
  fs: FileSystem,
  { ino, size }: Attributes,
): AsyncGenerator<Run, void, undefined> {
  if (size <= PAGE_SIZE) {
    yield { start: 0, end: size };
    return;
  }
  let start = await seekData(fs, ino, 0);
  while (start !== undefined) {
    const end = await fs.lseek(ino, start, "hole");
    yield { start, end };
    start = end < size ? await seekData(fs, ino, end) : undefined;
  }
}

async function seekData(fs: FileSystem, ino: number, offset: number): Promise<number | undefined> {
  try {
    return await fs.lseek(ino, offset, "data");
  } catch (error) {
    if (error instanceof FsError && error.code === "ENXIO") return undefined;
    throw error;
  }
}

/** @returns bytes written: all of them */
function writeFully(fd: number, pieces: readonly Uint8Array[], offset: number): number {
  const total = pieces.reduce((sum, piece) => sum + piece.length, 0);
  let rest = pieces.filter((piece) => piece.length > 0);
  for (let done = 0; done < total; ) {
    const written = writevSync(fd, rest, offset + done);
    done += written;
    rest = dropFront(rest, written);
  }
  return total;
}

function dropFront(pieces: readonly Uint8Array[], count: number): Uint8Array[] {
  const rest: Uint8Array[] = [];
  let skip = count;
  for (const piece of pieces) {
    if (skip < piece.length) rest.push(piece.subarray(skip));
    skip = Math.max(0, skip - piece.length);
  }
  return rest;
}
