/**
 * Small files of text for their owner only. What is written is durable, and a file that is replaced holds the old text or the
 * new one at any time.
 *
 * @module
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

const OWNER_ONLY = 0o600;
const OWNER_ONLY_FOLDER = 0o700;

/** The text of a file; undefined when there is none. @throws the system's error when it cannot be read */
export function readOwnerFile(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Makes a file or replaces it; folders missing above it are made for the owner only. @throws the system's error */
export function replaceOwnerFile(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: OWNER_ONLY_FOLDER });
  const fresh = `${path}.${process.pid}`;
  writeFileSync(fresh, text, { mode: OWNER_ONLY, flush: true });
  renameSync(fresh, path);
}

/** Makes a file. @throws the system's error, EEXIST when there is one */
export function makeOwnerFile(path: string, text: string): void {
  writeFileSync(path, text, { mode: OWNER_ONLY, flag: "wx", flush: true });
}
