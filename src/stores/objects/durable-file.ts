/**
 * Files that appear whole or not at all, and stay after a power loss.
 *
 * @module
 */
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { type ObjectBytes, piecesOf } from "./object-bytes.ts";

const OWNER_ONLY = 0o600;
const OWNER_ONLY_FOLDER = 0o700;

/** Makes a file under a name nothing else has, by way of a temporary one on the same disk. */
export async function writeDurably(
  path: string,
  temporary: string,
  bytes: ObjectBytes,
): Promise<void> {
  try {
    const file = await open(temporary, "wx", OWNER_ONLY);
    try {
      for await (const piece of piecesOf(bytes)) await file.appendFile(piece);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Makes a folder below one that is there, and its name durable; one that is there already is fine. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: OWNER_ONLY_FOLDER });
  } catch (error) {
    if ((error as { readonly code?: string }).code === "EEXIST") return;
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Makes the names in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
