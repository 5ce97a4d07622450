/**
 * A file of equal slots, each with one sealed page: the bytes whose places the local database knows.
 *
 * Page bytes in SQLite would be written twice, to its log and from there to the file, on the main thread. Here they are
 * written once, beside it. Nothing in the file tells what a slot holds, so the caller sees to the order:
 *
 * 1. A slot is written before a row says what is in it, and synchronised before that row has to survive a power loss.
 * 2. A slot is written anew only when the row that freed it has to survive, too ({@link Slab.free}).
 *
 * @module
 */
import { constants, unlinkSync } from "node:fs";
import { STORED_PAGE_MAX } from "../../../core/format/page-size.ts";
import { storeError } from "../../file/file-errors.ts";
import { type IoVector, writeAll, writeAllPooled } from "../../file/gathered-io.ts";
import type { HostFile, OpenFile } from "../../file/host-file.ts";

/** Bytes from slot to slot. */
const STRIDE: number = Math.ceil(STORED_PAGE_MAX / 64) * 64;

/** Slots read or written with one call: two buffers each, and Linux takes 1,024 (IOV_MAX). */
const RUN_MAX = 128;

/** What is written between pages in slots side by side, and where it goes when they are read. */
const GAP = new Uint8Array(STRIDE);
const SINK = new Uint8Array(STRIDE);

/** A page on its way into a slot or out of it. */
export interface SlotBytes {
  readonly slot: number;
  readonly bytes: Uint8Array;
}

export class Slab {
  readonly #path: string;
  readonly #file: HostFile;
  /** Slots in use, by number. */
  readonly #used: boolean[] = [];
  /** No slot below this one is free. */
  #lowest = 0;
  readonly #running = new Set<Promise<void>>();

  private constructor(path: string, file: HostFile) {
    this.#path = path;
    this.#file = file;
  }

  /**
   * Opens the file, making it when there is none; no slot counts as used until it is claimed.
   * @throws StoreError STORE_DENIED, STORE_FULL, STORE_FAILED
   */
  static open(path: string, openFile: OpenFile): Slab {
    try {
      return new Slab(path, openFile(path, constants.O_RDWR | constants.O_CREAT));
    } catch (error) {
      throw storeError(path, "open", error);
    }
  }

  /** Makes a file that goes when it is closed, or the process ends. @throws as {@link Slab.open} */
  static temporary(path: string, openFile: OpenFile): Slab {
    try {
      const file = openFile(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL);
      unlinkSync(path);
      return new Slab(path, file);
    } catch (error) {
      throw storeError(path, "open", error);
    }
  }

  /** Slots that the file reaches. */
  get length(): number {
    return Math.ceil(this.#file.size / STRIDE);
  }

  /** Takes note that a slot holds a page. */
  claim(slot: number): void {
    while (this.#used.length < slot) this.#used.push(false);
    this.#used[slot] = true;
  }

  /** A slot for a page: the lowest that is free. */
  take(): number {
    while (this.#used[this.#lowest] === true) this.#lowest += 1;
    this.claim(this.#lowest);
    return this.#lowest;
  }

  /** Gives slots back, to be written anew. */
  free(slots: Iterable<number>): void {
    for (const slot of slots) {
      this.#used[slot] = false;
      this.#lowest = Math.min(this.#lowest, slot);
    }
  }

  /** Cuts off what is free at the end of the file. @throws StoreError */
  trim(): void {
    while (this.#used.length > 0 && this.#used.at(-1) !== true) this.#used.pop();
    try {
      this.#file.truncate(this.#used.length * STRIDE);
    } catch (error) {
      throw storeError(this.#path, "shorten", error);
    }
  }

  /** Writes pages; bytes are borrowed until the promise ends. @throws StoreError STORE_FULL, STORE_FAILED */
  write(pages: readonly SlotBytes[]): Promise<void> {
    return this.#run("write to", async () => {
      for (const run of runsOf(pages, GAP)) await writeAllPooled(this.#file, run);
    });
  }

  /** Does something beside the main thread. */
  async #run(action: string, body: () => Promise<void>): Promise<void> {
    const running = body();
    this.#running.add(running);
    try {
      await running;
    } catch (error) {
      throw storeError(this.#path, action, error);
    } finally {
      this.#running.delete(running);
    }
  }

  /** Writes pages at once. @throws StoreError STORE_FULL, STORE_FAILED */
  writeSync(pages: readonly SlotBytes[]): void {
    try {
      for (const run of runsOf(pages, GAP)) writeAll(this.#file, run);
    } catch (error) {
      throw storeError(this.#path, "write to", error);
    }
  }

  /** Reads one page at once. @throws StoreError STORE_FAILED */
  readSync(page: SlotBytes): void {
    const { slot, bytes } = page;
    try {
      const length = this.#file.read([bytes], slot * STRIDE);
      if (length < bytes.length) throw new Error(`slot ${slot} is beyond its end`);
    } catch (error) {
      throw storeError(this.#path, "read from", error);
    }
  }

  /** Fills the bytes of pages, which are borrowed until the promise ends. @throws StoreError STORE_FAILED */
  read(pages: readonly SlotBytes[]): Promise<void> {
    return this.#run("read from", async () => {
      for (const { pieces, offset, length } of runsOf(pages, SINK)) {
        const read = await this.#file.readPooled(pieces, offset);
        if (read < length) throw new Error(`it ends before ${offset + length}`);
      }
    });
  }

  /** What was written survives power loss when this has ended. @throws StoreError STORE_FULL, STORE_FAILED */
  sync(): Promise<void> {
    return this.#run("write to", () => this.#file.syncPooled());
  }

  /** Closes the file when nothing is under way any more. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#running);
    this.#file.close();
  }
}

/** Puts neighbours together that go with one call: pages, and gaps between them. */
function runsOf(pages: readonly SlotBytes[], filler: Uint8Array): readonly IoVector[] {
  const runs: { offset: number; pieces: Uint8Array[]; length: number }[] = [];
  const sorted = [...pages].sort((a, b) => a.slot - b.slot);
  for (const { slot, bytes } of sorted) {
    const offset = slot * STRIDE;
    const last = runs.at(-1);
    const gap = last === undefined ? -1 : offset - last.offset - last.length;
    if (last !== undefined && gap >= 0 && gap < STRIDE && last.pieces.length < 2 * RUN_MAX) {
      last.pieces.push(filler.subarray(0, gap), bytes);
      last.length += gap + bytes.length;
    } else runs.push({ offset, pieces: [bytes], length: bytes.length });
  }
  return runs;
}
