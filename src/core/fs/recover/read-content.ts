/**
 * Reads a file past everything in it that does not open.
 *
 * @module
 */
import { FsError, isUnreadable } from "../../base/errors.ts";
import { PAGE_SIZE } from "../../base/limits.ts";
import type { ByteSpan } from "../check/finding.ts";
import type { FileSystem } from "../file-system.ts";

/** Bytes read at once. */
const READ_SIZE: number = 16 * PAGE_SIZE;

/** Bytes of a file, or a gap where they should be. */
export type ContentPart =
  | { readonly offset: number; readonly pieces: readonly Uint8Array[] }
  | { readonly gap: ByteSpan; readonly reason: string };

/** A file to be read. */
export interface ReadableFile {
  readonly ino: number;
  /** Bytes. */
  readonly size: number;
}

/**
 * Reads what a file holds, in order, holes left out. Pieces are borrowed until the turn of the event loop ends.
 * @throws StoreError
 */
export async function* readContent(
  fs: FileSystem,
  { ino, size }: ReadableFile,
): AsyncGenerator<ContentPart> {
  for (let offset = await seek(fs, ino, 0, "data"); offset < size; ) {
    const end = Math.min(size, await seek(fs, ino, offset, "hole"));
    while (offset < end) {
      const stop = Math.min(end, offset - (offset % PAGE_SIZE) + READ_SIZE);
      yield* readRun(fs, ino, { start: offset, end: stop });
      offset = stop;
    }
    offset = await seek(fs, ino, offset, "data");
  }
}

/** Reads at once, or, where that fails, block by block. */
async function* readRun(fs: FileSystem, ino: number, span: ByteSpan): AsyncGenerator<ContentPart> {
  const together = await readSpan(fs, ino, span);
  if ("pieces" in together) {
    yield together;
    return;
  }
  for (let start = span.start; start < span.end; ) {
    const end = Math.min(span.end, start - (start % PAGE_SIZE) + PAGE_SIZE);
    yield await readSpan(fs, ino, { start, end });
    start = end;
  }
}

async function readSpan(fs: FileSystem, ino: number, span: ByteSpan): Promise<ContentPart> {
  try {
    const pieces = await fs.read(ino, span.start, span.end - span.start);
    return { offset: span.start, pieces };
  } catch (error) {
    return { gap: span, reason: damageOf(error).message };
  }
}

/**
 * Takes an error for damage of what was read.
 * @throws the error when it is something else
 */
export function damageOf(error: unknown): Error {
  if (isUnreadable(error)) return error;
  throw error;
}

/** Where the next data or hole begins; the end of all numbers behind the last. */
async function seek(
  fs: FileSystem,
  ino: number,
  offset: number,
  whence: "data" | "hole",
): Promise<number> {
  try {
    return await fs.lseek(ino, offset, whence);
  } catch (error) {
    if (error instanceof FsError && error.code === "ENXIO") return Number.MAX_SAFE_INTEGER;
    throw error;
  }
}
