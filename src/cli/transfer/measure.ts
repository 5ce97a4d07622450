/**
 * Adds up the bytes that are to be copied, so that the progress can tell how far it is.
 *
 * @module
 */
import { lstatSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { isUnreadable } from "../../core/base/errors.ts";
import { type Attributes, type FileSystem, S_IFMT, S_IFREG } from "../../core/fs/file-system.ts";
import { encodeName } from "../argument-bytes.ts";
import { isSystemError } from "../report-error.ts";
import { isDirectory } from "../vault-path.ts";
import { EnteredDirectories } from "./entered-directories.ts";
import { HostDirectory } from "./host-directory.ts";
import type { Transfer } from "./transfer.ts";
import { vaultEntries } from "./vault-entries.ts";

/** Measures files and trees of the host; what cannot be read is left to the copying to tell. */
export async function measureHost(transfer: Transfer, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const whole = resolve(path);
    const directory = HostDirectory.open(encodeName(dirname(whole)));
    try {
      await measureHostEntry(transfer, directory, encodeName(basename(whole)));
    } finally {
      directory.close();
    }
  }
}

/** Measures entries of a vault; a directory counts once, however often a hostile vault shows it. */
export async function measureVault(
  fs: FileSystem,
  transfer: Transfer,
  entries: readonly Attributes[],
): Promise<void> {
  const entered = new EnteredDirectories();
  const measure = async (entry: Attributes): Promise<void> => {
    await transfer.turn();
    const { ino, mode, size, blocks } = entry;
    if ((mode & S_IFMT) === S_IFREG) transfer.progress.expect(Math.min(size, blocks * 512));
    if (!isDirectory(entry)) return;
    try {
      entered.enter(ino);
      for await (const { attributes } of vaultEntries(fs, ino)) {
        if (attributes !== undefined) await measure(attributes);
      }
    } catch (error) {
      if (!isUnreadable(error)) throw error;
    }
  };
  for (const entry of entries) await measure(entry);
}

async function measureHostEntry(
  transfer: Transfer,
  directory: HostDirectory,
  name: Uint8Array,
): Promise<void> {
  await transfer.turn();
  try {
    const stat = lstatSync(directory.path(name));
    if (stat.isFile()) transfer.progress.expect(Math.min(stat.size, stat.blocks * 512));
    if (!stat.isDirectory()) return;
    const below = directory.enter(name);
    try {
      for (const child of below.names()) await measureHostEntry(transfer, below, child);
    } finally {
      below.close();
    }
  } catch (error) {
    if (!isSystemError(error)) throw error;
  }
}
