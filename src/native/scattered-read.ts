/**
 * Reads at many places of a file at once, beside the main thread: one trip to another thread for all of them.
 *
 * @module
 */
import { tryShim } from "./load.ts";
import { SystemError } from "./system-error.ts";

/** Most pieces of one call of the shim. */
const PIECES_MAX = 64;

/**
 * Fills pieces as pread(2) does.
 *
 * @param pieces - borrowed until the promise ends
 * @param offsets - where each stands in the file
 * @returns bytes read of each, which may be short; undefined where the shim cannot be loaded
 * @throws SystemError
 */
export function readScattered(
  fd: number,
  pieces: readonly Uint8Array[],
  offsets: readonly number[],
): Promise<Float64Array> | undefined {
  const native = tryShim();
  if (native === undefined) return undefined;
  const lengths = new Float64Array(pieces.length);
  const reads: Promise<void>[] = [];
  for (let at = 0; at < pieces.length; at += PIECES_MAX) {
    const part = pieces.slice(at, at + PIECES_MAX);
    const places = Float64Array.from(offsets.slice(at, at + PIECES_MAX));
    const read = native.readScattered(fd, part, places, lengths.subarray(at, at + part.length));
    reads.push(ended(read, part));
  }
  return Promise.all(reads).then(() => lengths);
}

/** The other thread works on the pieces themselves, so they are held until it is done. */
async function ended(read: Promise<number>, held: readonly Uint8Array[]): Promise<void> {
  const status = await read;
  if (status < 0) throw new SystemError(status, "pread");
  if (held.length === 0) throw new Error("a read has at least one piece");
}
