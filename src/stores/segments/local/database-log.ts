/**
 * SQLite's write-ahead log of the local database, as far as making it durable goes. SQLite itself writes it, never waiting
 * for the disk, and reads what the system shows of it.
 *
 * 1. After a sync that failed, the system takes what it could not write for clean: a later sync does not try that again, and
 *    what is added behind the hole would be lost with it, synchronised or not. So all that the system shows is written anew
 *    before the next sync.
 * 2. The process before may have died after such a sync, so a log that was just opened is written anew as well.
 * 3. One sync at a time: of two, the system tells only one that something was not written.
 *
 * @module
 */
import { constants } from "node:fs";
import { readAll, writeAll } from "../../file/gathered-io.ts";
import type { HostFile, OpenFile } from "../../file/host-file.ts";
import { SerialQueue } from "../serial-queue.ts";

/** Bytes written anew at a time. */
const PIECE = 2 ** 20;

export class DatabaseLog {
  readonly #file: HostFile;
  readonly #queue = new SerialQueue();
  /** Whether the disk may lack something that the system shows. */
  #isDoubtful = true;

  private constructor(file: HostFile) {
    this.#file = file;
  }

  /**
   * Opens the log of a database that SQLite has open.
   * @throws the system's error
   */
  static open(path: string, openFile: OpenFile): DatabaseLog {
    const log = new DatabaseLog(openFile(path, constants.O_RDWR));
    try {
      log.#writeAnew();
      log.#file.sync();
      log.#isDoubtful = false;
    } catch {
      // What cannot be made durable can be read all the same; the next sync tries again.
    }
    return log;
  }

  /** Waits, beside the main thread, until all that is in the log by now survives a power loss. @throws the system's error */
  sync(): Promise<void> {
    return this.#queue.run(async () => {
      if (this.#isDoubtful) this.#writeAnew();
      this.#isDoubtful = true;
      await this.#file.syncPooled();
      this.#isDoubtful = false;
    });
  }

  /** In one turn, so that SQLite changes nothing meanwhile. */
  #writeAnew(): void {
    const piece = new Uint8Array(Math.min(PIECE, this.#file.size));
    const { size } = this.#file;
    for (let offset = 0; offset < size; ) {
      const length = readAll(this.#file, [piece], offset);
      if (length === 0) return;
      writeAll(this.#file, { offset, pieces: [piece.subarray(0, length)], length });
      offset += length;
    }
  }

  /** Closes the file when no sync is under way any more. */
  async close(): Promise<void> {
    await this.#queue.run(async () => this.#file.close());
  }
}
