/**
 * Fresh pages as one object, read from the local database while it goes out: of its bytes only a few pages are in memory.
 *
 * @module
 */
import { STORED_PAGE_MAX } from "../../../core/format/page-size.ts";
import { type ObjectSource, SHORTEST_PIECE } from "../../objects/object-bytes.ts";
import { type Extent, frameSize } from "../format/extent.ts";
import { extentsOf, layOut, sealFrames } from "../format/frame.ts";
import type { FreshPage, PageTable } from "../local/page-table.ts";

/** Room of one piece: as long as it has to be, and one page more. */
const PIECE_BYTES = SHORTEST_PIECE + frameSize(STORED_PAGE_MAX);

/** What fresh objects share. */
export interface FreshObjectParts {
  readonly table: PageTable;
  /** Room for pieces that nobody uses. */
  readonly rooms: Uint8Array[];
}

export class FreshObject implements ObjectSource {
  readonly length: number;
  readonly extents: readonly Extent[];
  readonly pages: readonly FreshPage[];
  readonly #parts: FreshObjectParts;
  /** Room that the newest pass uses. */
  #rooms: readonly Uint8Array[] = [];

  /** @param pages - pinned until the object has gone */
  constructor(pages: readonly FreshPage[], parts: FreshObjectParts) {
    this.pages = pages;
    this.#parts = parts;
    this.extents = extentsOf(pages);
    this.length = pages.reduce((sum, { length }) => sum + frameSize(length), 0);
  }

  /** A pass that was broken off may still be reading, so each has room of its own. */
  async *pieces(): AsyncIterable<Uint8Array> {
    const rooms = [this.#room(), this.#room()];
    this.#rooms = rooms;
    let turn = 0;
    for (const pages of this.#portions()) {
      const piece = layOut(pages, 0, rooms[turn++ % rooms.length]);
      await this.#parts.table.read(piece.pages);
      sealFrames(piece);
      yield piece.bytes;
    }
  }

  #room(): Uint8Array {
    return this.#parts.rooms.pop() ?? new Uint8Array(PIECE_BYTES);
  }

  /** Pages that fit into one piece together. */
  *#portions(): Iterable<readonly FreshPage[]> {
    let portion: FreshPage[] = [];
    let bytes = 0;
    for (const page of this.pages) {
      if (bytes + frameSize(page.length) > PIECE_BYTES) {
        yield portion;
        portion = [];
        bytes = 0;
      }
      portion.push(page);
      bytes += frameSize(page.length);
    }
    yield portion;
  }

  /** The newest pass is over to its end: its room may be used for other objects. */
  release(): void {
    this.#parts.rooms.push(...this.#rooms);
    this.#rooms = [];
  }
}
