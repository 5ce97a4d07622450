/**
 * Blocks that were written and are not yet in the tree (delayed allocation).
 *
 * A draft stands for its whole block and hides what the tree says about it: `length` bytes of content, zeros from there
 * on.
 *
 *     written ---flush begins---> frozen ---record made---> dropped
 *        ^                           |
 *        +------- written again -----+   the buffer is copied, and the flush's record is stale
 *
 * A part of a block may be written before the rest of it was read: until that is there, the draft is unfilled (see
 * `fills.ts`).
 *
 * 1. Bytes of a buffer beyond `length` are zero. An unfilled draft has none, but the parts that were written.
 * 2. The buffer of a frozen draft never changes: pages may have been made of it. So a draft whose buffer is still
 *    the same has not changed.
 * 3. An unfilled draft is not frozen, and nothing but what was written of it is read, or told to the log. As long as there is
 *    one, the tree has a run beneath whose page holds the rest.
 *
 * @module
 */
import type { BufferPool } from "../base/buffer-pool.ts";
import { PAGE_SIZE } from "../base/limits.ts";
import type { PagePointer } from "../format/address.ts";
import { BlockParts } from "./block-parts.ts";
import type { PlacedDraft, Unfilled } from "./draft.ts";
import { DraftLog, type DraftSelection } from "./draft-log.ts";
import type { DraftRecord } from "./draft-records.ts";
import { DraftRooms, roomFor } from "./draft-rooms.ts";
import { UnfilledDrafts } from "./unfilled-drafts.ts";

/** Where in a file: an offset in one of its blocks. */
export interface DraftPlace {
  readonly ino: number;
  readonly block: number;
  readonly at: number;
}

/** What a block was before its draft. */
export interface BlockBefore {
  /** Its content, as far as it is not zeros and the new part does not cover it; borrowed. */
  readonly content?: Uint8Array;
  /** Its content is to be read later; from this page, where that is known. */
  readonly unread?: { readonly page?: PagePointer };
  readonly isUnmapped: boolean;
}

interface MutableDraft extends PlacedDraft {
  bytes: Uint8Array;
  length: number;
  isUnmapped: boolean;
  isFrozen: boolean;
  unfilled: Unfilled | undefined;
}

/** The drafts of one file. */
interface FileDrafts {
  readonly blocks: Map<number, MutableDraft>;
  unmapped: number;
  unfilled: number;
  /** Bytes written one after the other up to now, to tell a stream. */
  streamStart: number;
  streamEnd: number;
}

const EMPTY = new Uint8Array(0);
const UNREAD: BlockBefore = { unread: {}, isUnmapped: false };

/** Full blocks of a sequential write that are stored without waiting for a commit: 4 MiB. */
const STREAM_BLOCKS = 64;

/** All drafts of a file system. */
export class Drafts {
  readonly #rooms: DraftRooms;
  readonly #files = new Map<number, FileDrafts>();
  readonly #log = new DraftLog();
  /** Drafts that wait for the rest of their blocks. */
  readonly unfilled: UnfilledDrafts = new UnfilledDrafts();
  /** Memory of those that are not unfilled, rounded up. */
  #filledBytes = 0;

  /** @param buffers - give room for whole blocks */
  constructor(buffers: BufferPool) {
    this.#rooms = new DraftRooms(buffers);
  }

  /** Memory they take. */
  get bytes(): number {
    return this.#filledBytes + this.unfilled.bytes;
  }

  /** Memory of those that can be stored as they are. */
  get filledBytes(): number {
    return this.#filledBytes;
  }

  /** So many bytes always suffice to store them. */
  get room(): number {
    return this.#filledBytes + this.unfilled.count * PAGE_SIZE;
  }

  /** Inodes that have drafts, oldest first. */
  inodes(): readonly number[] {
    return [...this.#files.keys()];
  }

  has(ino: number): boolean {
    return this.#files.has(ino);
  }

  get(ino: number, block: number): PlacedDraft | undefined {
    return this.#files.get(ino)?.blocks.get(block);
  }

  /**
   * What a draft says stands from a place up to `end` of its block, borrowed; zeros follow. Of an unfilled one all of it must have
   * been written.
   */
  content({ ino, block, at }: DraftPlace, end: number): Uint8Array | undefined {
    const draft = this.#files.get(ino)?.blocks.get(block);
    if (draft?.unfilled !== undefined) return draft.unfilled.parts.read(at, end);
    return draft?.bytes.subarray(at, Math.max(at, Math.min(end, draft.length)));
  }

  /** Blocks of a file that only drafts know. */
  unmapped(ino: number): number {
    return this.#files.get(ino)?.unmapped ?? 0;
  }

  /** Whether a file has drafts that can be stored as they are. */
  hasFilled(ino: number): boolean {
    const file = this.#files.get(ino);
    return file !== undefined && file.blocks.size > file.unfilled;
  }

  /** Blocks whose drafts can be stored as they are, in order. */
  filled(ino: number): number[] {
    const found: number[] = [];
    for (const { block, unfilled } of this.#files.get(ino)?.blocks.values() ?? []) {
      if (unfilled === undefined) found.push(block);
    }
    return found.sort((a, b) => a - b);
  }

  /** Blocks with drafts at `first <= block < end`, in order. */
  blocks(ino: number, first = 0, end: number = Number.POSITIVE_INFINITY): number[] {
    const found: number[] = [];
    for (const block of this.#files.get(ino)?.blocks.keys() ?? []) {
      if (block >= first && block < end) found.push(block);
    }
    return found.sort((a, b) => a - b);
  }

  /** Bytes by which {@link room} grows when a block's draft reaches up to `length`. */
  growth(ino: number, block: number, length: number): number {
    const draft = this.#files.get(ino)?.blocks.get(block);
    if (draft === undefined) return roomFor(length);
    return draft.unfilled ? 0 : Math.max(0, roomFor(length) - roomFor(draft.bytes.length));
  }

  /**
   * Writes into a block.
   *
   * @param part - copied; must not reach beyond the block
   * @param before - asked only when the block has no draft yet
   */
  write(place: DraftPlace, part: Uint8Array, before: BlockBefore): void {
    const { ino, block, at } = place;
    const file = this.#fileOf(ino);
    const draft = file.blocks.get(block);
    if (draft !== undefined) {
      this.#writeInto(draft, at, part);
      return;
    }
    const { content, unread, isUnmapped } = before;
    const isWhole = unread === undefined && at === 0 && part.length >= (content?.length ?? 0);
    const unfilled = unread && { page: unread.page, parts: new BlockParts(this.#rooms.small) };
    const bytes = unfilled ? EMPTY : this.#rooms.copy(isWhole ? part : (content ?? EMPTY));
    const { length } = bytes;
    const made = { ino, block, bytes, length, isUnmapped, isFrozen: false, unfilled };
    file.blocks.set(block, made);
    this.#log.write(made, 0, made.length);
    if (isUnmapped) file.unmapped += 1;
    if (unfilled === undefined) this.#filledBytes += roomFor(bytes.length);
    else {
      file.unfilled += 1;
      this.unfilled.add(made);
    }
    if (!isWhole) this.#writeInto(made, at, part);
  }

  /**
   * Puts what stands beneath an unfilled draft around what was written of it.
   * @param content - of the page, borrowed; zeros follow
   */
  fill(draft: PlacedDraft, content: Uint8Array): void {
    const own = this.#own(draft);
    if (own?.unfilled === undefined) return;
    const { parts } = own.unfilled;
    const bytes = this.#rooms.take(PAGE_SIZE);
    bytes.set(content);
    bytes.fill(0, content.length);
    this.#complete(own, bytes, Math.max(content.length, parts.end));
  }

  /**
   * As {@link fill}, in the buffer that the content stands in.
   * @param content - taken over from its holder, who is the only one
   */
  fillIn(draft: PlacedDraft, content: Uint8Array): void {
    const own = this.#own(draft);
    if (own?.unfilled !== undefined && content.length === PAGE_SIZE) {
      this.#complete(own, content, PAGE_SIZE);
      return;
    }
    this.fill(draft, content);
    this.#rooms.giveBack(content);
  }

  /** The draft itself, if it is there still. */
  #own(draft: PlacedDraft): MutableDraft | undefined {
    const own = this.#files.get(draft.ino)?.blocks.get(draft.block);
    return own === draft ? own : undefined;
  }

  /** @param bytes - what stands beneath, the draft's from now on */
  #complete(draft: MutableDraft, bytes: Uint8Array, length: number): void {
    this.unfilled.delete(draft);
    this.#fileOf(draft.ino).unfilled -= 1;
    draft.unfilled?.parts.putOver(bytes);
    draft.unfilled?.parts.free();
    draft.unfilled = undefined;
    draft.bytes = bytes;
    draft.length = length;
    this.#filledBytes += roomFor(bytes.length);
  }

  #fileOf(ino: number): FileDrafts {
    let file = this.#files.get(ino);
    if (file === undefined) {
      file = { blocks: new Map(), unmapped: 0, unfilled: 0, streamStart: 0, streamEnd: -1 };
      this.#files.set(ino, file);
    }
    return file;
  }

  #writeInto(draft: MutableDraft, at: number, part: Uint8Array): void {
    if (draft.unfilled !== undefined && part.length < PAGE_SIZE) {
      this.#writePart(draft, draft.unfilled, at, part);
    } else {
      if (draft.unfilled !== undefined) this.#complete(draft, this.#rooms.take(PAGE_SIZE), 0);
      const length = Math.max(draft.length, at + part.length);
      if (draft.isFrozen || length > draft.bytes.length) this.#replace(draft, length);
      draft.bytes.set(part, at);
      draft.length = length;
    }
    this.#log.write(draft, at, at + part.length);
  }

  #writePart(draft: MutableDraft, { parts }: Unfilled, at: number, part: Uint8Array): void {
    const before = parts.bytes;
    parts.write(at, part);
    this.unfilled.grew(parts.bytes - before);
    if (parts.isWhole) this.#complete(draft, this.#rooms.take(PAGE_SIZE), PAGE_SIZE);
  }

  /** Gives a draft a buffer of its own with room for `length` bytes. */
  #replace(draft: MutableDraft, length: number): void {
    const room = Math.min(roomFor(length), PAGE_SIZE);
    const bytes = this.#rooms.take(room);
    const kept = Math.min(draft.length, length);
    bytes.set(draft.bytes.subarray(0, kept));
    bytes.fill(0, kept);
    this.#rooms.giveBack(draft.bytes);
    this.#filledBytes += room - roomFor(draft.bytes.length);
    draft.bytes = bytes;
    draft.isFrozen = false;
  }

  /** Takes note of a write, to see whether a file is written from one end to the other. */
  stream(ino: number, offset: number, end: number): void {
    const file = this.#fileOf(ino);
    if (file.streamEnd !== offset) file.streamStart = offset;
    file.streamEnd = end;
  }

  /** Whether a file is being written sequentially, and many of its blocks are full by now. */
  isStreaming(ino: number): boolean {
    const file = this.#files.get(ino);
    if (file === undefined || file.blocks.size - file.unfilled < STREAM_BLOCKS) return false;
    return file.streamEnd - file.streamStart >= STREAM_BLOCKS * PAGE_SIZE;
  }

  /** The blocks of a sequential write that are full. */
  streamed(ino: number): readonly number[] {
    const file = this.#files.get(ino);
    if (file === undefined) return [];
    const first = Math.ceil(file.streamStart / PAGE_SIZE);
    return this.blocks(ino, first, Math.floor(file.streamEnd / PAGE_SIZE));
  }

  /**
   * The content of a draft that is not unfilled, which from now on is copied before it changes.
   * @returns held, until {@link thaw}
   */
  freeze(ino: number, block: number): Uint8Array | undefined {
    const draft = this.#files.get(ino)?.blocks.get(block);
    if (draft === undefined || draft.unfilled !== undefined) return undefined;
    draft.isFrozen = true;
    this.#rooms.hold(draft.bytes);
    return draft.bytes.subarray(0, draft.length);
  }

  /** What {@link freeze} gave is not needed any more. */
  thaw(content: Uint8Array): void {
    this.#rooms.giveBack(content);
  }

  /** Whether a draft still is what {@link freeze} gave. */
  isSame(ino: number, block: number, content: Uint8Array): boolean {
    const draft = this.#files.get(ino)?.blocks.get(block);
    if (draft === undefined || !draft.isFrozen) return false;
    const { buffer, byteOffset } = draft.bytes;
    return buffer === content.buffer && byteOffset === content.byteOffset;
  }

  /** Extents were put beneath the drafts at `first <= block < end`. */
  markMapped(ino: number, first: number, end: number): void {
    const file = this.#files.get(ino);
    for (const block of this.blocks(ino, first, end)) {
      const draft = file?.blocks.get(block);
      if (file === undefined || draft === undefined || !draft.isUnmapped) continue;
      draft.isUnmapped = false;
      file.unmapped -= 1;
      this.#log.renew(draft);
    }
  }

  /** Forgets one draft. */
  drop(ino: number, block: number): void {
    const file = this.#files.get(ino);
    const draft = file?.blocks.get(block);
    if (file === undefined || draft === undefined) return;
    file.blocks.delete(block);
    this.#log.drop(draft);
    this.unfilled.delete(draft);
    if (draft.isUnmapped) file.unmapped -= 1;
    if (draft.unfilled === undefined) this.#filledBytes -= roomFor(draft.bytes.length);
    else file.unfilled -= 1;
    draft.unfilled?.parts.free();
    this.#rooms.giveBack(draft.bytes);
    if (file.blocks.size === 0) this.#files.delete(ino);
  }

  /** Forgets the drafts at `first <= block < end`. */
  dropRange(ino: number, first: number, end: number): void {
    if (!this.has(ino)) return;
    for (const block of this.blocks(ino, first, end)) this.drop(ino, block);
  }

  /** Makes zeros of what a draft, which is not unfilled, holds at `from <= byte < end` of its block, if there is one. */
  zero(ino: number, block: number, from: number, end: number): void {
    const draft = this.#files.get(ino)?.blocks.get(block);
    if (draft?.unfilled !== undefined) throw new Error(`block ${block} of ${ino} is not filled`);
    if (draft === undefined || from >= draft.length) return;
    const length = end >= draft.length ? from : draft.length;
    this.#replace(draft, length);
    draft.bytes.fill(0, from, end);
    draft.length = length;
    this.#log.renew(draft);
  }

  /** Whether there are drafts to be told of files that outlive a crash. */
  isLeft(which: "held" | "left", isLasting: (ino: number) => boolean): boolean {
    if (this.#log.isHeld(isLasting)) return true;
    return which === "left" && this.unfilled.some(({ ino }) => isLasting(ino));
  }

  /** What the log is to be told. @returns pieces, borrowed; undefined when it is too much */
  collect(selection: DraftSelection): readonly Uint8Array[] | undefined {
    return this.#log.collect(selection, () => this.#all());
  }

  *#all(): Iterable<MutableDraft> {
    for (const file of this.#files.values()) yield* file.blocks.values();
  }

  /** Does what the log says. */
  restore(record: DraftRecord): void {
    const { ino, block } = record;
    if (record.kind === "gone" || record.isFirst) this.drop(ino, block);
    if (record.kind === "gone") return;
    const { from, part } = record;
    const before = record.kind === "part" ? UNREAD : { isUnmapped: record.isUnmapped };
    this.write({ ino, block, at: from }, part, before);
    const draft = this.#files.get(ino)?.blocks.get(block);
    if (draft === undefined) return;
    // Of an unfilled one, the page beneath decides.
    if (record.kind === "written" && draft.unfilled === undefined) draft.length = record.length;
    this.#log.restore(draft);
  }

  /** Forgets all drafts. */
  clear(): void {
    for (const ino of this.inodes()) this.dropRange(ino, 0, Number.POSITIVE_INFINITY);
  }
}
