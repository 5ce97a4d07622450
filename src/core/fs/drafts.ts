/**
 * Blocks that were written and are not yet in the tree (delayed allocation).
 *
 * A draft stands for its whole block and hides what the tree says about it: `length` bytes of content, zeros from there
 * on. Its buffer grows with it, so that small files cost little.
 *
 *     written ---flush begins---> frozen ---record made---> dropped
 *        ^                           |
 *        +------- written again -----+   the buffer is copied, and the flush's record is stale
 *
 * A part of a block may be written before the rest of it was read: until that is there, the draft is unfilled (see
 * `fills.ts`).
 *
 * 1. Bytes of a buffer beyond `length` are zero, those of an unfilled draft that were not written anything.
 * 2. The buffer of a frozen draft never changes: pages may have been made of it. So a draft whose buffer is still
 *    the same has not changed.
 * 3. An unfilled draft is not frozen, not told to the log, and nothing but what was written of it is read.
 *
 * @module
 */
import type { BufferPool } from "../base/buffer-pool.ts";
import { ByteRanges } from "../base/byte-ranges.ts";
import { PAGE_SIZE } from "../base/limits.ts";
import type { PagePointer } from "../format/address.ts";
import type { PlacedDraft, Unfilled } from "./draft.ts";
import { DraftLog, type DraftSelection } from "./draft-log.ts";
import type { WrittenDraft } from "./draft-records.ts";
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
  /** The page its content stands in, which is to be read later. */
  readonly page?: PagePointer;
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
  /** Bytes written one after the other up to now, to tell a stream. */
  streamStart: number;
  streamEnd: number;
}

const EMPTY = new Uint8Array(0);

/** Full blocks of a sequential write that are stored without waiting for a commit: 4 MiB. */
const STREAM_BLOCKS = 64;

/** Room of most small files, which has buffers of its own: memory outside of the heap takes long to get. */
const SMALL_ROOM = 4096;

/** Such buffers kept for good: 16 MiB. */
const SMALL_ROOMS = 4096;

/** Smallest room charged for a draft, bytes. */
const SMALLEST = 512;

/** The next power of two: growing costs little, and the sum bounds what packing the drafts needs. */
function roomFor(length: number): number {
  let room = SMALLEST;
  while (room < length) room *= 2;
  return room;
}

/** All drafts of a file system. */
export class Drafts {
  readonly #buffers: BufferPool;
  readonly #small: BufferPool;
  readonly #files = new Map<number, FileDrafts>();
  readonly #log = new DraftLog();
  /** Drafts that wait for the rest of their blocks. */
  readonly unfilled: UnfilledDrafts = new UnfilledDrafts();
  #bytes = 0;

  /** @param buffers - give room for whole blocks */
  constructor(buffers: BufferPool) {
    this.#buffers = buffers;
    this.#small = buffers.ofSize(SMALL_ROOM, SMALL_ROOMS);
  }

  /** Bytes held, rounded up so that as many always suffice to store them. */
  get bytes(): number {
    return this.#bytes;
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

  /** What a draft says the content of its block is, borrowed; zeros follow. Of an unfilled one only what was written counts. */
  content(ino: number, block: number): Uint8Array | undefined {
    const draft = this.#files.get(ino)?.blocks.get(block);
    return draft?.bytes.subarray(0, draft.length);
  }

  /** Blocks of a file that only drafts know. */
  unmapped(ino: number): number {
    return this.#files.get(ino)?.unmapped ?? 0;
  }

  /** Blocks with drafts at `first <= block < end`, in order. */
  blocks(ino: number, first = 0, end: number = Number.POSITIVE_INFINITY): number[] {
    const found: number[] = [];
    for (const block of this.#files.get(ino)?.blocks.keys() ?? []) {
      if (block >= first && block < end) found.push(block);
    }
    return found.sort((a, b) => a - b);
  }

  /** Bytes by which {@link bytes} grows when a block's draft reaches up to `length`. */
  growth(ino: number, block: number, length: number): number {
    const draft = this.#files.get(ino)?.blocks.get(block);
    if (draft === undefined) return roomFor(length);
    return Math.max(0, roomFor(length) - roomFor(draft.bytes.length));
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
    const { content, page, isUnmapped } = before;
    const isWhole = page === undefined && at === 0 && part.length >= (content?.length ?? 0);
    const unfilled = page && { page, written: new ByteRanges() };
    const bytes = unfilled ? this.#block() : this.#copy(isWhole ? part : (content ?? EMPTY));
    const { length } = bytes;
    const made = { ino, block, bytes, length, isUnmapped, isFrozen: false, unfilled };
    file.blocks.set(block, made);
    if (unfilled !== undefined) this.unfilled.add(made);
    this.#log.write(made, 0, made.length);
    if (isUnmapped) file.unmapped += 1;
    this.#bytes += roomFor(bytes.length);
    if (!isWhole) this.#writeInto(made, at, part);
  }

  /** Room for a whole block, with anything in it. */
  #block(): Uint8Array {
    return this.#buffers.take().subarray(0, PAGE_SIZE);
  }

  /**
   * Puts what stands beneath an unfilled draft around what was written of it.
   * @param content - of the page, borrowed; zeros follow
   */
  fill(draft: PlacedDraft, content: Uint8Array): void {
    const own = this.#own(draft);
    if (own?.unfilled === undefined) return;
    const { bytes, unfilled } = own;
    let from = 0;
    for (const [start, end] of [...unfilled.written.all(), [PAGE_SIZE, PAGE_SIZE]] as const) {
      const kept = content.subarray(from, start);
      bytes.set(kept, from);
      bytes.fill(0, from + kept.length, start);
      from = end;
    }
    this.#complete(own, Math.max(content.length, unfilled.written.end));
  }

  /**
   * As {@link fill}, in the buffer that the content stands in.
   * @param content - taken over from its holder, who is the only one
   */
  fillIn(draft: PlacedDraft, content: Uint8Array): void {
    const own = this.#own(draft);
    if (own?.unfilled === undefined || content.length < PAGE_SIZE) {
      this.fill(draft, content);
      this.#giveBack(content);
      return;
    }
    const { bytes, unfilled } = own;
    for (const [from, end] of unfilled.written.all()) content.set(bytes.subarray(from, end), from);
    own.bytes = content;
    this.#giveBack(bytes);
    this.#complete(own, PAGE_SIZE);
  }

  /** The draft itself, if it is there still. */
  #own(draft: PlacedDraft): MutableDraft | undefined {
    const own = this.#files.get(draft.ino)?.blocks.get(draft.block);
    return own === draft ? own : undefined;
  }

  #complete(draft: MutableDraft, length: number): void {
    draft.unfilled = undefined;
    draft.length = length;
    this.unfilled.delete(draft);
  }

  /** A copy as long as the content. */
  #copy(content: Uint8Array): Uint8Array {
    const bytes = this.#take(content.length);
    if (bytes === undefined) return new Uint8Array(content);
    bytes.set(content);
    return bytes;
  }

  /** So many bytes of a buffer, with anything in them; undefined where there is none of about that size. */
  #take(length: number): Uint8Array | undefined {
    const room = roomFor(length);
    if (room >= PAGE_SIZE) return this.#buffers.take().subarray(0, length);
    return room === SMALL_ROOM ? this.#small.take().subarray(0, length) : undefined;
  }

  #hold(bytes: Uint8Array): void {
    this.#buffers.hold(bytes);
    this.#small.hold(bytes);
  }

  #giveBack(bytes: Uint8Array): void {
    this.#buffers.giveBack(bytes);
    this.#small.giveBack(bytes);
  }

  #fileOf(ino: number): FileDrafts {
    let file = this.#files.get(ino);
    if (file === undefined) {
      file = { blocks: new Map(), unmapped: 0, streamStart: 0, streamEnd: -1 };
      this.#files.set(ino, file);
    }
    return file;
  }

  #writeInto(draft: MutableDraft, at: number, part: Uint8Array): void {
    const length = Math.max(draft.length, at + part.length);
    if (draft.isFrozen || length > draft.bytes.length) this.#replace(draft, length);
    draft.bytes.set(part, at);
    draft.length = length;
    this.#log.write(draft, at, at + part.length);
    if (draft.unfilled === undefined) return;
    const { written } = draft.unfilled;
    written.add(at, at + part.length);
    if (written.has(0, PAGE_SIZE)) this.#complete(draft, PAGE_SIZE);
  }

  /** Gives a draft a buffer of its own with room for `length` bytes. */
  #replace(draft: MutableDraft, length: number): void {
    const room = Math.min(roomFor(length), PAGE_SIZE);
    const bytes = this.#take(room) ?? new Uint8Array(room);
    const kept = Math.min(draft.length, length);
    bytes.set(draft.bytes.subarray(0, kept));
    bytes.fill(0, kept);
    this.#giveBack(draft.bytes);
    this.#bytes += room - roomFor(draft.bytes.length);
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
    if (file === undefined || file.blocks.size < STREAM_BLOCKS) return false;
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
    this.#hold(draft.bytes);
    return draft.bytes.subarray(0, draft.length);
  }

  /** What {@link freeze} gave is not needed any more. */
  thaw(content: Uint8Array): void {
    this.#giveBack(content);
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
    this.#bytes -= roomFor(draft.bytes.length);
    this.#giveBack(draft.bytes);
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

  /** Whether a log holds drafts of files that outlive a crash. */
  isHeld(isLasting: (ino: number) => boolean): boolean {
    return this.#log.isHeld(isLasting);
  }

  /** What the log is to be told. @returns pieces, borrowed; undefined when it is too much */
  collect(selection: DraftSelection): readonly Uint8Array[] | undefined {
    return this.#log.collect(selection, () => this.#all());
  }

  *#all(): Iterable<MutableDraft> {
    for (const file of this.#files.values()) yield* file.blocks.values();
  }

  /** Makes or changes a draft as the log says. */
  restore({ ino, block, isWhole, isUnmapped, length, from, part }: WrittenDraft): void {
    if (isWhole) this.drop(ino, block);
    this.write({ ino, block, at: from }, part, { isUnmapped });
    const draft = this.#files.get(ino)?.blocks.get(block);
    if (draft === undefined) return;
    draft.length = length;
    this.#log.restore(draft);
  }

  /** Forgets all drafts. */
  clear(): void {
    for (const ino of this.inodes()) this.dropRange(ino, 0, Number.POSITIVE_INFINITY);
  }
}
