/**
 * Attachments as files, `<directory>/attachments/<id>`.
 *
 * @module
 */
import { mkdirSync } from "node:fs";
import { open, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Blobs } from "./blobs.ts";

/** Attachments that survive the emulator, and do not fill its memory. */
export class DirectoryBlobs implements Blobs {
  readonly #folder: string;

  constructor(directory: string) {
    this.#folder = join(directory, "attachments");
    mkdirSync(this.#folder, { recursive: true });
  }

  async put(id: string, bytes: Uint8Array): Promise<void> {
    const file = join(this.#folder, id);
    await writeFile(`${file}.new`, bytes);
    await rename(`${file}.new`, file);
  }

  async read(id: string, start: number, end: number): Promise<Uint8Array | undefined> {
    const file = await open(join(this.#folder, id)).catch(() => undefined);
    if (!file) return undefined;
    try {
      const bytes = Buffer.allocUnsafe(end - start);
      const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
      return bytes.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  async remove(id: string): Promise<void> {
    await rm(join(this.#folder, id), { force: true });
  }
}
