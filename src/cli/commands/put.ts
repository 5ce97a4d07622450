/**
 * `dvault put`: copies files and trees of this machine into a vault.
 *
 * @module
 */
import { lstatSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { addAbortSignal } from "node:stream";
import { UsageError } from "../../core/base/errors.ts";
import { type FileSystem, type NamePlace, S_IFREG } from "../../core/fs/file-system.ts";
import { encodeName } from "../argument-bytes.ts";
import { callerOf } from "../caller.ts";
import { type Command, defineCommand } from "../command.ts";
import { compressionOption } from "../compression-option.ts";
import { parseLocation } from "../config/location.ts";
import type { CliContext } from "../context.ts";
import { EntryError, withPath } from "../entry-error.ts";
import { openingOptions } from "../opening-options.ts";
import { progressOn } from "../output/progress.ts";
import { PASSWORD_NOTE } from "../password/sources.ts";
import { publishOptions } from "../publish.ts";
import { HostDirectory } from "../transfer/host-directory.ts";
import { TreeImport } from "../transfer/import-tree.ts";
import { measureHost } from "../transfer/measure.ts";
import { placeEntry } from "../transfer/place-entry.ts";
import { Transfer } from "../transfer/transfer.ts";
import { clobberOption, ownerOptions, transferOptions } from "../transfer/transfer-options.ts";
import { writeVault } from "../vault-access.ts";
import { findPath, isDirectory, resolveParent } from "../vault-path.ts";

/** Standard input as a source. */
const STDIN = "-";

/** Copies in. */
export const putCommand: Command = defineCommand({
  names: ["put"],
  summary: "Copy files and directories into a vault",
  usage: "<file...> <[vault:]target>",
  operands: [2, Number.POSITIVE_INFINITY],
  options: {
    ...clobberOption,
    ...ownerOptions,
    ...compressionOption,
    ...publishOptions,
    ...openingOptions,
  },
  examples: [
    ["dvault put notes.txt /", "into the root of the default vault"],
    ["dvault put photos work:/2024", "a tree, as work:/2024, or below it when that is a directory"],
    ["pg_dump db | dvault put - work:/db.sql", "standard input"],
  ],
  notes: `Modes, times, links, special files, extended attributes and holes are kept. A target that is a directory, or ends in /, takes the files under their own names; files there are replaced. ${PASSWORD_NOTE}`,
  async run(context, { operands, options }) {
    const sources = operands.slice(0, -1);
    const { vault, path } = parseLocation(operands.at(-1) ?? "");
    const existing = options["no-clobber"] ? "skip" : "replace";
    const progress = progressOn(context.stderr);
    const copy = transferOptions(existing, options);
    const transfer = new Transfer(context, copy, progress);
    checkSources(sources);
    const { compression } = options;
    return writeVault(
      context,
      { vault, opening: options, publication: options, compression },
      async ({ fs, place }) => {
        if (context.stderr.isTTY === true) await measureHost(transfer, sources);
        const tree = new TreeImport(fs, transfer, callerOf());
        if (place.kind !== "discord") tree.exclude(place.path);
        try {
          for (const source of sources) {
            const target = await targetPlace(fs, { source, path, isSeveral: sources.length > 1 });
            if (source === STDIN) await putStream(context, fs, transfer, { path, target });
            else await putEntry(tree, source, target);
          }
        } finally {
          progress.clear();
        }
        return transfer.exitCode;
      },
    );
  },
});

/** Finds mistakes before a password is asked for. */
function checkSources(sources: readonly string[]): void {
  for (const source of sources) {
    if (source !== STDIN) lstatSync(Buffer.from(encodeName(source)));
    else if (sources.length > 1) throw new UsageError("USAGE", "- must be the only source");
  }
}

interface Target {
  readonly source: string;
  readonly path: string;
  readonly isSeveral: boolean;
}

async function targetPlace(
  fs: FileSystem,
  { source, path, isSeveral }: Target,
): Promise<NamePlace> {
  const existing = await findPath(fs, path.replace(/\/+$/, "") || "/");
  const isInto = path.endsWith("/") || isSeveral;
  if (existing !== undefined && isDirectory(existing)) {
    if (source === STDIN) throw new EntryError("EISDIR", path);
    return { parent: existing.ino, name: encodeName(basename(resolve(source))) };
  }
  if (isInto)
    throw new EntryError("ENOTDIR", path, "it is no directory; make it with dvault mkdir");
  return resolveParent(fs, path);
}

async function putEntry(tree: TreeImport, source: string, target: NamePlace): Promise<void> {
  const path = resolve(source);
  const directory = HostDirectory.open(encodeName(dirname(path)));
  try {
    if (path === "/") throw new UsageError("USAGE", "/ cannot be put whole: name what is in it");
    await tree.copyEntry({ directory, name: encodeName(basename(path)), path: source }, target);
  } finally {
    directory.close();
  }
}

async function putStream(
  context: CliContext,
  fs: FileSystem,
  transfer: Transfer,
  { path, target }: { readonly path: string; readonly target: NamePlace },
): Promise<void> {
  const existing = await findPath(fs, path, "keep");
  if (existing !== undefined && transfer.options.existing === "skip") return;
  const creation = { mode: S_IFREG | 0o644, umask: process.umask(), caller: callerOf() };
  const { ino } = await fs.tmpfile(target.parent, creation);
  fs.retain(ino);
  try {
    transfer.progress.enter(path);
    await copyStream(context, fs, transfer, ino);
    await placeEntry(fs, ino, target, existing);
  } catch (error) {
    throw withPath(error, path);
  } finally {
    await fs.forget(ino, 1);
  }
}

async function copyStream(
  context: CliContext,
  fs: FileSystem,
  transfer: Transfer,
  ino: number,
): Promise<void> {
  const input = addAbortSignal(context.signal, context.stdin);
  let offset = 0;
  try {
    for await (const chunk of input) {
      const bytes: Uint8Array = chunk;
      await fs.write(ino, offset, bytes);
      offset += bytes.length;
      transfer.progress.add(bytes.length);
    }
  } catch (error) {
    context.signal.throwIfAborted();
    throw error;
  }
}
