/**
 * A file of this machine whose calls can go wrong.
 *
 * @module
 */
import {
  DescriptorFile,
  type HostFile,
  type OpenFile,
} from "../../../src/stores/file/host-file.ts";
import type { Faults } from "./faults.ts";

/** Bytes that a read brings which is cut short. */
const SHORT_READ = 100;

/** Opens files whose calls ask first whether they may be made. */
export function openFaulty(faults: Faults): OpenFile {
  return (path, flags) => {
    faults.ask("open a file");
    return new FaultyFile(DescriptorFile.open(path, flags), faults);
  };
}

class FaultyFile implements HostFile {
  readonly #file: HostFile;
  readonly #faults: Faults;

  constructor(file: HostFile, faults: Faults) {
    this.#file = file;
    this.#faults = faults;
  }

  read(pieces: readonly Uint8Array[], offset: number): number {
    return this.#file.read(this.#readable(pieces), offset);
  }

  async readPooled(pieces: readonly Uint8Array[], offset: number): Promise<number> {
    return this.#file.readPooled(this.#readable(pieces), offset);
  }

  async readScatteredPooled(
    pieces: readonly Uint8Array[],
    offsets: readonly number[],
  ): Promise<ArrayLike<number>> {
    const isWhole = this.#faults.ask("read a file") === "whole";
    const parts = isWhole ? pieces : pieces.map((piece) => piece.subarray(0, SHORT_READ));
    return this.#file.readScatteredPooled(parts, offsets);
  }

  #readable(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
    if (this.#faults.ask("read a file") === "whole") return pieces;
    return pieces.slice(0, 1).map((piece) => piece.subarray(0, SHORT_READ));
  }

  write(pieces: readonly Uint8Array[], offset: number): number {
    return this.#file.write(this.#writable(pieces), offset);
  }

  async writePooled(pieces: readonly Uint8Array[], offset: number): Promise<number> {
    return this.#file.writePooled(this.#writable(pieces), offset);
  }

  #writable(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
    if (this.#faults.ask("write a file") === "whole") return pieces;
    const all = Buffer.concat(pieces);
    return [all.subarray(0, Math.ceil(all.length / 2))];
  }

  sync(): void {
    this.#faults.ask("sync a file");
    this.#file.sync();
  }

  async syncPooled(): Promise<void> {
    this.#faults.ask("sync a file");
    await this.#file.syncPooled();
  }

  truncate(size: number): void {
    this.#faults.ask("truncate a file");
    this.#file.truncate(size);
  }

  get size(): number {
    return this.#file.size;
  }

  close(): void {
    this.#file.close();
  }
}
