/**
 * Files as the stores use them: the system calls they make, one method each, so that a test can put a file in their
 * place that fails, or loses power.
 *
 * Calls named `pooled` go through the thread pool, so that the main thread goes on meanwhile.
 *
 * @module
 */
import {
  closeSync,
  constants,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readv,
  readvSync,
  writev,
  writevSync,
} from "node:fs";
import { promisify } from "node:util";
import { readScattered } from "../../native/scattered-read.ts";

/** Files of a vault are for their owner alone. */
const OWNER_ONLY = 0o600;

const readvPooled = promisify(readv);
const writevPooled = promisify(writev);
const fdatasyncPooled = promisify(fdatasync);

/** An open file. Reads and writes may be short, as those of the system. */
export interface HostFile {
  /** Reads the same bytes, past this object. */
  readonly fd?: number;
  /** preadv(2). @returns bytes read; 0 at the end of the file */
  read(pieces: readonly Uint8Array[], offset: number): number;
  readPooled(pieces: readonly Uint8Array[], offset: number): Promise<number>;
  /** pread(2) of each piece at its own offset. @returns bytes read of each */
  readScatteredPooled(
    pieces: readonly Uint8Array[],
    offsets: readonly number[],
  ): Promise<ArrayLike<number>>;
  /** pwritev(2). @returns bytes written */
  write(pieces: readonly Uint8Array[], offset: number): number;
  /** Pieces are borrowed until the promise ends. */
  writePooled(pieces: readonly Uint8Array[], offset: number): Promise<number>;
  /** fdatasync(2): what was written, and the size it takes to read it, survives power loss. */
  sync(): void;
  syncPooled(): Promise<void>;
  /** ftruncate(2). */
  truncate(size: number): void;
  /** Bytes. */
  readonly size: number;
  close(): void;
}

/** Opens a file as open(2) does; one that is made is for its owner alone. */
export type OpenFile = (path: string, flags: number) => HostFile;

/** A file of this machine. */
export class DescriptorFile implements HostFile {
  readonly fd: number;

  /** @param fd - taken over: closed with the file */
  constructor(fd: number) {
    this.fd = fd;
  }

  static open(path: string, flags: number = constants.O_RDONLY): DescriptorFile {
    return new DescriptorFile(openSync(path, flags, OWNER_ONLY));
  }

  read(pieces: readonly Uint8Array[], offset: number): number {
    return readvSync(this.fd, pieces, offset);
  }

  async readPooled(pieces: readonly Uint8Array[], offset: number): Promise<number> {
    return (await readvPooled(this.fd, pieces, offset)).bytesRead;
  }

  async readScatteredPooled(
    pieces: readonly Uint8Array[],
    offsets: readonly number[],
  ): Promise<ArrayLike<number>> {
    const lengths = readScattered(this.fd, pieces, offsets);
    if (lengths !== undefined) return lengths;
    return Promise.all(pieces.map((piece, i) => this.readPooled([piece], offsets[i] as number)));
  }

  write(pieces: readonly Uint8Array[], offset: number): number {
    return writevSync(this.fd, pieces, offset);
  }

  async writePooled(pieces: readonly Uint8Array[], offset: number): Promise<number> {
    return (await writevPooled(this.fd, pieces, offset)).bytesWritten;
  }

  sync(): void {
    fdatasyncSync(this.fd);
  }

  syncPooled(): Promise<void> {
    return fdatasyncPooled(this.fd);
  }

  truncate(size: number): void {
    ftruncateSync(this.fd, size);
  }

  get size(): number {
    return fstatSync(this.fd).size;
  }

  close(): void {
    closeSync(this.fd);
  }
}
