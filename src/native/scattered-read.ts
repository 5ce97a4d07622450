/**
 * Reads at many places of a file at once, beside the main thread: one trip to another thread for all of them.
 *
 * @module
 */
import { keepAlive } from "./keep-alive.ts";
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
    reads.push(ended(keepAlive([part], read)));
  }
  return Promise.all(reads).then(() => lengths);
}

async function ended(read: Promise<number>): Promise<void> {
  const status = await read;
  if (status < 0) throw new SystemError(status, "pread");
}
