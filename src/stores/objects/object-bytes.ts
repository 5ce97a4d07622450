/**
 * Bytes of an object on its way out: at hand, or read piece by piece while they go, so that many objects may be under way
 * in little memory.
 *
 * @module
 */

/** Bytes that are read when they are wanted. */
export interface ObjectSource {
  /** Bytes in all. */
  readonly length: number;
  /**
   * All bytes in order, from the first on with every call. A piece stands until the next but one is asked for, and each but
   * the last has at least {@link SHORTEST_PIECE} bytes.
   * @throws StoreError when they cannot be read
   */
  pieces(): AsyncIterable<Uint8Array>;
}

/** Either kind. */
export type ObjectBytes = Uint8Array | ObjectSource;

/** More than a socket takes without saying when it is done with it. */
export const SHORTEST_PIECE: number = 128 * 1024;

/** Bytes of either kind, as they come. */
export async function* piecesOf(bytes: ObjectBytes): AsyncIterable<Uint8Array> {
  if (bytes instanceof Uint8Array) yield bytes;
  else yield* bytes.pieces();
}

/** Bytes of either kind, all together in a fresh array. */
export async function wholeOf(bytes: ObjectBytes): Promise<Uint8Array> {
  const whole = new Uint8Array(bytes.length);
  let at = 0;
  for await (const piece of piecesOf(bytes)) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
