/**
 * A file in memory that knows what would be left of it after a power cut.
 *
 * 1. What was written is in the page cache, where reads find it, and survives the death of the process. Only what was
 *    there in full when a sync began survives a power cut, once that sync has ended well.
 * 2. What a failed sync should have made durable never becomes so: the system takes it for clean from then on, so a later
 *    sync does not try it again (as Linux does since 4.13).
 * 3. Everything is written down in order, for {@link DiskEvent}s to be turned into images of power cuts.
 *
 * @module
 */
import type { HostFile } from "../../../src/stores/file/host-file.ts";
import type { DiskChange, DiskImage } from "./disk-image.ts";
import { Faults } from "./faults.ts";

/** Something that happened to the file: a change, or the end of a sync of all events before `through`. */
export type DiskEvent =
  | DiskChange
  | { readonly kind: "sync"; readonly through: number; readonly isLost: boolean };

/** See the head of this file. It may be opened any number of times, one after the other. */
export class SimulatedDisk implements HostFile {
  readonly events: DiskEvent[] = [];
  readonly faults: Faults;
  readonly #start: DiskImage;
  readonly #cache: DiskImage;
  /** Events whose writes are still on their way through the thread pool. */
  readonly #underway = new Set<number>();

  /** @param content - durable from the start; not changed */
  constructor(content: DiskImage, faults: Faults = new Faults()) {
    this.#start = content;
    this.#cache = content.copy();
    this.faults = faults;
  }

  /** What the death of the process leaves; a copy. */
  get cached(): DiskImage {
    return this.#cache.copy();
  }

  /** What a power cut leaves when all that was not synchronised is lost; a copy. */
  get durable(): DiskImage {
    const image = this.#start.copy();
    let pending: [at: number, change: DiskChange][] = [];
    for (const [at, event] of this.events.entries()) {
      if (event.kind !== "sync") {
        pending.push([at, event]);
        continue;
      }
      const isCovered = ([changedAt]: (typeof pending)[number]): boolean =>
        changedAt < event.through;
      if (!event.isLost) for (const [, change] of pending.filter(isCovered)) image.apply(change);
      pending = pending.filter((one) => !isCovered(one));
    }
    return image;
  }

  read(pieces: readonly Uint8Array[], offset: number): number {
    const isPart = this.faults.ask("read") === "part";
    let left = Math.max(0, this.#cache.size - offset);
    if (isPart) left = Math.min(left, 100);
    let read = 0;
    for (const piece of pieces) {
      const length = Math.min(piece.length, left - read);
      this.#cache.read(piece.subarray(0, length), offset + read);
      read += length;
    }
    return read;
  }

  async readPooled(pieces: readonly Uint8Array[], offset: number): Promise<number> {
    return this.read(pieces, offset);
  }

  async readScatteredPooled(
    pieces: readonly Uint8Array[],
    offsets: readonly number[],
  ): Promise<ArrayLike<number>> {
    return pieces.map((piece, i) => this.read([piece], offsets[i] as number));
  }

  write(pieces: readonly Uint8Array[], offset: number): number {
    const isPart = this.faults.ask("write") === "part";
    const whole = Uint8Array.from(Buffer.concat(pieces));
    const bytes = isPart ? whole.subarray(0, Math.ceil(whole.length / 2)) : whole;
    this.#note({ kind: "write", offset, bytes });
    return bytes.length;
  }

  /** As {@link SimulatedDisk.write}, still under way when later calls are made. */
  async writePooled(pieces: readonly Uint8Array[], offset: number): Promise<number> {
    const event = this.events.length;
    const written = this.write(pieces, offset);
    this.#underway.add(event);
    await anotherTurn();
    this.#underway.delete(event);
    return written;
  }

  #note(change: DiskChange): void {
    this.#cache.apply(change);
    this.events.push(change);
  }

  /** Events before this number are whole, so that a sync that begins now covers them. */
  get #settled(): number {
    return Math.min(this.events.length, ...this.#underway);
  }

  sync(): void {
    this.#endSync(this.#settled);
  }

  async syncPooled(): Promise<void> {
    const through = this.#settled;
    await anotherTurn();
    this.#endSync(through);
  }

  #endSync(through: number): void {
    try {
      this.faults.ask("sync");
    } catch (error) {
      if (!this.faults.isDead) this.events.push({ kind: "sync", through, isLost: true });
      throw error;
    }
    this.events.push({ kind: "sync", through, isLost: false });
  }

  truncate(size: number): void {
    this.faults.ask("truncate");
    this.#note({ kind: "truncate", size });
  }

  get size(): number {
    return this.#cache.size;
  }

  close(): void {}
}

function anotherTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
