/**
 * Deciding how drafts are stored: as holes, inline, as pieces of pack pages or as pages of their own.
 *
 * @module
 */
import { INLINE_MAX } from "../base/limits.ts";
import { chain, isPending, type MaybePromise } from "../base/maybe-promise.ts";
import type { Compressor } from "../base/platform.ts";
import type { PagePointer } from "../format/address.ts";
import type { NewPage } from "../vault/transaction.ts";
import type { Extent, PieceCodec } from "./extent.ts";
import { encodePack, type PackPiece, PIECE_MAX } from "./pack.ts";
import { Packer } from "./packer.ts";

/** A block to be stored. */
export interface DraftBlock {
  readonly ino: number;
  readonly block: number;
  /** Frozen; zeros follow. */
  readonly content: Uint8Array;
}

/** How a block will be stored; pages and packs are numbered within their {@link Layout}. */
type Shape =
  | { readonly kind: "hole" }
  | { readonly kind: "inline" }
  | { readonly kind: "page"; readonly page: number }
  | {
      readonly kind: "piece";
      readonly pack: number;
      readonly offset: number;
      readonly codec: PieceCodec;
      readonly storedLength: number;
    };

/** A block and how it will be stored. */
export interface Placement extends DraftBlock {
  readonly shape: Shape;
}

/** A batch of blocks ready to be stored. */
export interface Layout {
  readonly placements: readonly Placement[];
  /** Pages of blocks, then packs. */
  readonly pages: readonly NewPage[];
  /** Number of the first pack among the pages. */
  readonly firstPack: number;
}

/** Blocks shorter than this are not worth compressing, bytes. */
const COMPRESS_MIN = 4096;

/** What compression may leave of a block at most. */
const COMPRESSED_SHARE = 3 / 4;

/** @param compressor - absent where blocks are stored as they are */
export async function layOut(
  blocks: readonly DraftBlock[],
  compressor: Compressor | undefined,
): Promise<Layout> {
  const pages: NewPage[] = [];
  const packer = new Packer();
  const placements: Placement[] = [];
  const place = (draft: DraftBlock, shape: Shape): void => {
    placements.push({ ...draft, shape });
  };
  for (const draft of blocks) {
    const { ino, block, content } = draft;
    if (isZero(content)) {
      place(draft, { kind: "hole" });
    } else if (block === 0 && content.length <= INLINE_MAX) {
      place(draft, { kind: "inline" });
    } else {
      const pending = pieceOf(draft, compressor);
      const piece = isPending(pending) ? await pending : pending;
      if (piece === undefined) {
        place(draft, { kind: "page", page: pages.length });
        pages.push({ pageClass: "data", owner: { ino, block }, payload: content });
      } else {
        const { codec, stored } = piece;
        place(draft, { kind: "piece", ...packer.add(piece), codec, storedLength: stored.length });
      }
    }
  }
  return { placements, pages: [...pages, ...packer.packs.map(packPage)], firstPack: pages.length };
}

function packPage(pieces: readonly PackPiece[]): NewPage {
  const { ino, block } = pieces[0] as PackPiece;
  return { pageClass: "pack", owner: { ino, block }, payload: encodePack(pieces) };
}

/** A block as a piece; undefined when it gets a page of its own. */
function pieceOf(
  draft: DraftBlock,
  compressor: Compressor | undefined,
): MaybePromise<PackPiece | undefined> {
  const { ino, block, content } = draft;
  const plainLength = content.length;
  const plain: PackPiece | undefined =
    plainLength <= PIECE_MAX
      ? { ino, block, plainLength, codec: "plain", stored: content }
      : undefined;
  if (compressor === undefined || plainLength < COMPRESS_MIN) return plain;
  return chain(compressor.deflate(content), (stored) => {
    if (stored.length > plainLength * COMPRESSED_SHARE) return plain;
    return { ino, block, plainLength, codec: "deflate", stored };
  });
}

/** The extent that a placement becomes; undefined for a hole. */
export function extentOf(
  placement: Placement,
  layout: Layout,
  pointers: readonly PagePointer[],
): Extent | undefined {
  const { block, content, shape } = placement;
  switch (shape.kind) {
    case "hole":
      return undefined;
    case "inline":
      return { kind: "inline", block, count: 1, content };
    case "page": {
      const { address, generation } = pointers[shape.page] as PagePointer;
      return { kind: "run", block, count: 1, address, generation, shared: false };
    }
    case "piece": {
      const { address, generation } = pointers[pageNumberOf(shape, layout)] as PagePointer;
      const { codec, offset, storedLength } = shape;
      const plainLength = content.length;
      const where = { address, generation, offset, storedLength, plainLength };
      return { kind: "piece", block, count: 1, codec, ...where };
    }
  }
}

/** Which of the layout's pages a placement uses; undefined when none. */
export function pageUsed(placement: Placement, layout: Layout): number | undefined {
  const { shape } = placement;
  if (shape.kind === "page") return shape.page;
  return shape.kind === "piece" ? pageNumberOf(shape, layout) : undefined;
}

function pageNumberOf(shape: { readonly pack: number }, layout: Layout): number {
  return layout.firstPack + shape.pack;
}

function isZero(bytes: Uint8Array): boolean {
  const words = Math.floor(bytes.length / 4);
  const isAligned = bytes.byteOffset % 4 === 0;
  const whole = isAligned ? new Int32Array(bytes.buffer, bytes.byteOffset, words) : undefined;
  if (whole?.some((word) => word !== 0)) return false;
  for (let i = isAligned ? words * 4 : 0; i < bytes.length; i++) if (bytes[i] !== 0) return false;
  return true;
}
