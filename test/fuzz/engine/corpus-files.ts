/**
 * The inputs that are kept in the tree: `test/fuzz/corpus/<target>/<first digits of SHA-256>`.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const NAME_DIGITS = 16;

/** Reads what is kept for a target. @param root - of the checkout */
export function loadCorpus(root: string, target: string): readonly Uint8Array[] {
  const directory = join(root, "test/fuzz/corpus", target);
  try {
    const names = readdirSync(directory).sort();
    return names.map((name) => new Uint8Array(readFileSync(join(directory, name))));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** Puts other inputs in the place of those that are kept. */
export function saveCorpus(root: string, target: string, inputs: readonly Uint8Array[]): void {
  const directory = join(root, "test/fuzz/corpus", target);
  rmSync(directory, { recursive: true, force: true });
  for (const input of inputs) saveInput(directory, input);
}

/** Writes an input under its name. @returns its path */
export function saveInput(directory: string, input: Uint8Array): string {
  mkdirSync(directory, { recursive: true });
  const name = createHash("sha256").update(input).digest("hex").slice(0, NAME_DIGITS);
  const path = join(directory, name);
  writeFileSync(path, input);
  return path;
}
