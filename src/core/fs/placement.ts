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
import type { CarriedPiece, PieceOrigin } from "./open-pack.ts";
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
  | { readonly kind: "inline"; readonly content: Uint8Array }
  | { readonly kind: "page"; readonly page: number }
  | {
      readonly kind: "piece";
      readonly pack: number;
      readonly offset: number;
      readonly codec: PieceCodec;
      readonly storedLength: number;
      readonly plainLength: number;
    };

/** A block and how it will be stored. */
export interface Placement {
  readonly ino: number;
  readonly block: number;
  /** The draft it is made of, or the pack it moves from. */
  readonly source: { readonly draft: Uint8Array } | { readonly origin: PieceOrigin };
  readonly shape: Shape;
}

/** A batch of blocks ready to be stored. */
export interface Layout {
  /** Those of a file side by side, in the order of their blocks. */
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

/**
 * @param blocks - those of a file side by side, in order
 * @param carried - pieces to move along if a pack is made anyway
 * @param compressor - absent where blocks are stored as they are
 */
export async function layOut(
  blocks: readonly DraftBlock[],
  carried: readonly CarriedPiece[],
  compressor: Compressor | undefined,
): Promise<Layout> {
  const pages: NewPage[] = [];
  const packer = new Packer();
  const placements: Placement[] = [];
  for (const draft of blocks) {
    const { ino, block, content } = draft;
    const place = (shape: Shape) =>
      placements.push({ ino, block, source: { draft: content }, shape });
    const treeShape = shapeInTree(draft);
    const pending = treeShape === undefined ? pieceOf(draft, compressor) : undefined;
    const piece = isPending(pending) ? await pending : pending;
    if (treeShape !== undefined) {
      place(treeShape);
    } else if (piece !== undefined) {
      place(addPiece(packer, piece));
    } else {
      place({ kind: "page", page: pages.length });
      pages.push({ pageClass: "data", owner: { ino, block }, payload: content });
    }
  }
  if (packer.packs.length > 0) {
    for (const piece of carried) {
      const { ino, block, origin } = piece;
      placements.push({ ino, block, source: { origin }, shape: addPiece(packer, piece) });
    }
    placements.sort((a, b) => a.ino - b.ino || a.block - b.block);
  }
  return { placements, pages: [...pages, ...packer.packs.map(packPage)], firstPack: pages.length };
}

/** The shape of a block that needs no room in a page. */
function shapeInTree(draft: DraftBlock): Shape | undefined {
  const { block, content } = draft;
  if (isZero(content)) return { kind: "hole" };
  return block === 0 && content.length <= INLINE_MAX ? { kind: "inline", content } : undefined;
}

function addPiece(packer: Packer, piece: PackPiece): Shape {
  const { codec, plainLength, stored } = piece;
  return { kind: "piece", ...packer.add(piece), codec, storedLength: stored.length, plainLength };
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
  const whole: PackPiece = { ino, block, plainLength, codec: "plain", stored: content };
  const plain = plainLength <= PIECE_MAX ? whole : undefined;
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
  const { block, shape } = placement;
  if (shape.kind === "hole") return undefined;
  if (shape.kind === "inline") return { ...shape, block, count: 1 };
  const { address, generation } = pointers[pageUsed(placement, layout) ?? -1] as PagePointer;
  if (shape.kind === "page") {
    return { kind: "run", block, count: 1, address, generation, shared: false };
  }
  const { codec, offset, storedLength, plainLength } = shape;
  const where = { address, generation, offset, storedLength, plainLength };
  return { kind: "piece", block, count: 1, codec, ...where };
}

/** Which of the layout's pages a placement uses; undefined when none. */
export function pageUsed(placement: Placement, layout: Layout): number | undefined {
  const { shape } = placement;
  if (shape.kind === "page") return shape.page;
  return shape.kind === "piece" ? layout.firstPack + shape.pack : undefined;
}

function isZero(bytes: Uint8Array): boolean {
  const words = Math.floor(bytes.length / 4);
  const isAligned = bytes.byteOffset % 4 === 0;
  const whole = isAligned ? new Int32Array(bytes.buffer, bytes.byteOffset, words) : undefined;
  if (whole?.some((word) => word !== 0)) return false;
  for (let i = isAligned ? words * 4 : 0; i < bytes.length; i++) if (bytes[i] !== 0) return false;
  return true;
}
