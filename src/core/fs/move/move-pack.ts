/**
 * Moves a pack page, that is, the pieces of it that files still have.
 *
 * @module
 */
import { type PagePointer, samePointer } from "../../format/address.ts";
import type { NewPage } from "../../vault/transaction.ts";
import type { PieceExtent } from "../extent.ts";
import { encodePack, type PackPiece } from "../pack.ts";
import { usersOfPack } from "../piece-references.ts";
import type { Move } from "./move.ts";

/** A block that stands in a piece. */
interface UsedPiece {
  readonly ino: number;
  readonly piece: PieceExtent;
}

/**
 * Moves the pieces in use of a page.
 * @returns pages moved: 1, or 0 when nothing of it is in use
 */
export function movePack(move: Move, pointer: PagePointer): number {
  const used = usedPieces(move, pointer);
  if (used.length === 0) return 0;
  const payload = move.transaction.page("pack", pointer);
  const first = new Map<number, UsedPiece>();
  for (const user of used) if (!first.has(user.piece.offset)) first.set(user.piece.offset, user);
  const name = `pack ${pointer.address}: ${[...first.keys()].join()}`;
  const pieces = [...first.values()].map((user) => packPieceOf(user, payload));
  const [copy] = move.copies.of([{ name, copy: () => packPage(pieces) }]);
  const { address, generation } = copy as PagePointer;
  const offsets = offsetsOf(pieces, [...first.keys()]);
  for (const { ino, piece } of used) {
    const offset = offsets.get(piece.offset) as number;
    const moved: PieceExtent = { ...piece, address, generation, offset };
    move.extents(ino, piece.block, piece.block + 1).put(moved);
  }
  return 1;
}

/** Copied blocks stand in the same piece. */
function usedPieces(move: Move, pointer: PagePointer): readonly UsedPiece[] {
  return usersOfPack(move.transaction, pointer.address).flatMap(({ ino, block }) => {
    const piece = move.extents(ino, block, block + 1).at(block);
    return piece?.kind === "piece" && samePointer(piece, pointer) ? [{ ino, piece }] : [];
  });
}

function packPieceOf({ ino, piece }: UsedPiece, payload: Uint8Array): PackPiece {
  const { block, codec, plainLength, offset, storedLength } = piece;
  const stored = payload.subarray(offset, offset + storedLength);
  return { ino, block, codec, plainLength, stored };
}

function packPage(pieces: readonly PackPiece[]): NewPage {
  const { ino, block } = pieces[0] as PackPiece;
  return { pageClass: "pack", owner: { ino, block }, payload: encodePack(pieces) };
}

/** Where pieces stand now, by where they stood. */
function offsetsOf(
  pieces: readonly PackPiece[],
  before: readonly number[],
): ReadonlyMap<number, number> {
  const offsets = new Map<number, number>();
  let offset = 0;
  for (const [i, { stored }] of pieces.entries()) {
    offsets.set(before[i] as number, offset);
    offset += stored.length;
  }
  return offsets;
}
