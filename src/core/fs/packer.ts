/**
 * Distributes pieces over pack pages: each goes where the least room is left that still suffices.
 *
 * @module
 */
import { PACK_CAPACITY, type PackPiece, packedSize } from "./pack.ts";

/** Where a piece was put. */
export interface PackPlace {
  /** Number of the pack. */
  readonly pack: number;
  /** Bytes before the piece in its pack. */
  readonly offset: number;
}

interface OpenPack {
  readonly pieces: PackPiece[];
  length: number;
  room: number;
}

export class Packer {
  readonly #packs: OpenPack[] = [];

  /** The pieces of each pack, in order. */
  get packs(): readonly (readonly PackPiece[])[] {
    return this.#packs.map((pack) => pack.pieces);
  }

  /** @param piece - at most PIECE_MAX bytes */
  add(piece: PackPiece): PackPlace {
    const size = packedSize(piece);
    const index = this.#bestFor(size);
    const pack = this.#packs[index] as OpenPack;
    const offset = pack.length;
    pack.pieces.push(piece);
    pack.length += piece.stored.length;
    pack.room -= size;
    return { pack: index, offset };
  }

  #bestFor(size: number): number {
    let best = -1;
    let bestRoom = Number.POSITIVE_INFINITY;
    for (let i = 0; i < this.#packs.length; i++) {
      const { room } = this.#packs[i] as OpenPack;
      if (room < size || room >= bestRoom) continue;
      best = i;
      bestRoom = room;
    }
    if (best >= 0) return best;
    return this.#packs.push({ pieces: [], length: 0, room: PACK_CAPACITY }) - 1;
  }
}
