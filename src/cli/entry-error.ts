/**
 * Failures at an entry of a vault, with its path: the file system knows inodes and names no paths.
 *
 * @module
 */
import { FsError, type FsErrorCode } from "../core/base/errors.ts";
import { errnoWords } from "./errno-words.ts";

/** A file system error whose message begins with the path concerned. */
export class EntryError extends FsError {
  constructor(
    code: FsErrorCode,
    path: string,
    words: string = errnoWords(code),
    options?: ErrorOptions,
  ) {
    super(code, `${path}: ${words}`, options);
  }
}

/** Adds the path to a file system error that has none; other errors stay as they are. */
export function withPath(error: unknown, path: string): unknown {
  if (!(error instanceof FsError) || error instanceof EntryError) return error;
  return new EntryError(error.code, path, errnoWords(error.code), { cause: error });
}
