/**
 * `dvault rm`: removes files and trees from a vault.
 *
 * @module
 */
import { UsageError } from "../../core/base/errors.ts";
import type { FileSystem, NamePlace } from "../../core/fs/file-system.ts";
import { type Command, defineCommand } from "../command.ts";
import { parseLocations } from "../config/location.ts";
import type { CliContext } from "../context.ts";
import { EntryError, withPath } from "../entry-error.ts";
import { openingOptions } from "../opening-options.ts";
import { PASSWORD_NOTE } from "../password/sources.ts";
import { publishOptions } from "../publish.ts";
import { EnteredDirectories } from "../transfer/entered-directories.ts";
import { vaultEntries } from "../transfer/vault-entries.ts";
import { writeVault } from "../vault-access.ts";
import { findPath, isDirectory, resolveParent } from "../vault-path.ts";

/** Removes entries. */
export const rmCommand: Command = defineCommand({
  names: ["rm"],
  summary: "Remove files and directories from a vault",
  usage: "[vault] <[vault:]path...>",
  operands: [1, Number.POSITIVE_INFINITY],
  options: {
    recursive: { alias: "r", type: "boolean", default: false, describe: "Directories, too" },
    force: { alias: "f", type: "boolean", default: false, describe: "Ignore what is not there" },
    ...publishOptions,
    ...openingOptions,
  },
  examples: [
    ["dvault rm /notes.txt", "remove a file"],
    ["dvault rm -r work:/old", "remove a directory and everything in it"],
  ],
  notes: PASSWORD_NOTE,
  async run(context, { operands, options }) {
    const { vault, paths } = parseLocations(operands);
    if (paths.length === 0) throw new UsageError("USAGE", `${operands[0]}: give a path inside it`);
    return writeVault(
      context,
      { vault, opening: options, publication: options },
      async ({ fs }) => {
        for (const path of paths) await remove(context, fs, path, options);
      },
    );
  },
});

interface RemoveOptions {
  readonly recursive: boolean;
  readonly force: boolean;
}

async function remove(
  context: CliContext,
  fs: FileSystem,
  path: string,
  { recursive, force }: RemoveOptions,
): Promise<void> {
  const entry = await findPath(fs, path, "keep");
  if (entry === undefined) {
    if (force) return;
    throw new EntryError("ENOENT", path);
  }
  try {
    const place = await resolveParent(fs, path);
    if (!isDirectory(entry)) {
      await fs.unlink(place.parent, place.name);
    } else if (recursive) {
      await new TreeRemoval(context, fs).remove(place, entry.ino);
    } else {
      throw new EntryError("EISDIR", path, "it is a directory; -r removes it");
    }
  } catch (error) {
    throw withPath(error, path);
  }
}

/** Removes trees; a directory that a damaged vault shows inside itself is refused. */
class TreeRemoval {
  readonly #context: CliContext;
  readonly #fs: FileSystem;
  readonly #entered = new EnteredDirectories();

  constructor(context: CliContext, fs: FileSystem) {
    this.#context = context;
    this.#fs = fs;
  }

  async remove(place: NamePlace, ino: number): Promise<void> {
    this.#entered.enter(ino);
    for await (const { name, attributes } of vaultEntries(this.#fs, ino)) {
      this.#context.signal.throwIfAborted();
      const below = { parent: ino, name };
      if (attributes !== undefined && isDirectory(attributes)) {
        await this.remove(below, attributes.ino);
      } else {
        await this.#fs.unlink(below.parent, below.name);
      }
    }
    await this.#fs.rmdir(place.parent, place.name);
  }
}
