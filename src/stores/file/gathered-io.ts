/**
 * Reads and writes of several pieces that go on where the system did only a part.
 *
 * @module
 */
import { StoreError } from "../../core/base/errors.ts";
import type { HostFile } from "./host-file.ts";

/** Pieces that stand side by side in a file: what readv(2) fills and writev(2) writes. */
export interface IoVector {
  readonly offset: number;
  readonly pieces: readonly Uint8Array[];
  /** Bytes of all pieces. */
  readonly length: number;
}

/** Writes all of it. @throws StoreError STORE_FULL; what the system answers */
export function writeAll(file: HostFile, write: IoVector): void {
  let rest: IoVector | undefined = write;
  while (rest !== undefined) rest = restOf(rest, file.write(rest.pieces, rest.offset));
}

/** Writes all of it beside the main thread; pieces are borrowed until the promise ends. @throws as {@link writeAll} */
export async function writeAllPooled(file: HostFile, write: IoVector): Promise<void> {
  let rest: IoVector | undefined = write;
  while (rest !== undefined) {
    rest = restOf(rest, await file.writePooled(rest.pieces, rest.offset));
  }
}

/** Fills pieces from an offset on. @returns bytes read: fewer at the end of the file; what the system answers is thrown */
export function readAll(file: HostFile, pieces: readonly Uint8Array[], offset: number): number {
  let read = 0;
  let rest = pieces;
  while (rest.length > 0) {
    const got = file.read(rest, offset + read);
    if (got === 0) break;
    read += got;
    rest = piecesAfter(rest, got);
  }
  return read;
}

/**
 * Fills each piece from its own offset on, beside the main thread.
 * @returns bytes read of each: fewer at the end of the file; what the system answers is thrown
 */
export async function readEachPooled(
  file: HostFile,
  pieces: readonly Uint8Array[],
  offsets: readonly number[],
): Promise<readonly number[]> {
  const lengths = await file.readScatteredPooled(pieces, offsets);
  return pieces.map((piece, i) => {
    const length = lengths[i] as number;
    if (length === 0 || length === piece.length) return length;
    return length + readAll(file, [piece.subarray(length)], (offsets[i] as number) + length);
  });
}

/**
 * What is left of a write after `written` bytes of it.
 * @returns undefined when nothing is
 * @throws StoreError STORE_FULL when nothing was written: the disk takes no more
 */
export function restOf(write: IoVector, written: number): IoVector | undefined {
  if (written === write.length) return undefined;
  if (written === 0) throw new StoreError("STORE_FULL", "the disk took no byte of a write");
  return {
    offset: write.offset + written,
    pieces: piecesAfter(write.pieces, written),
    length: write.length - written,
  };
}

/** The bytes of pieces but the first `done`. */
function piecesAfter(pieces: readonly Uint8Array[], done: number): readonly Uint8Array[] {
  let left = done;
  for (let i = 0; i < pieces.length; i++) {
    const piece = pieces[i] as Uint8Array;
    if (left < piece.length) return [piece.subarray(left), ...pieces.slice(i + 1)];
    left -= piece.length;
  }
  return [];
}
