/**
 * `dvault mkdir`: makes directories in a vault.
 *
 * @module
 */
import { UsageError } from "../../core/base/errors.ts";
import type { FileSystem } from "../../core/fs/file-system.ts";
import { callerOf } from "../caller.ts";
import { type Command, defineCommand } from "../command.ts";
import { parseLocations } from "../config/location.ts";
import { EntryError, withPath } from "../entry-error.ts";
import { openingOptions } from "../opening-options.ts";
import { PASSWORD_NOTE } from "../password/sources.ts";
import { publishOptions } from "../publish.ts";
import { writeVault } from "../vault-access.ts";
import { findPath, isDirectory, pathNames, resolveParent } from "../vault-path.ts";

/** Makes directories. */
export const mkdirCommand: Command = defineCommand({
  names: ["mkdir"],
  summary: "Make directories in a vault",
  usage: "[vault] <[vault:]path...>",
  operands: [1, Number.POSITIVE_INFINITY],
  options: {
    parents: { alias: "p", type: "boolean", default: false, describe: "Make missing parents too" },
    mode: { alias: "m", type: "string", default: "755", describe: "Permission bits, octal" },
    ...publishOptions,
    ...openingOptions,
  },
  examples: [["dvault mkdir -p work:/docs/2024", "a directory and those above it"]],
  notes: PASSWORD_NOTE,
  async run(context, { operands, options }) {
    const { vault, paths } = parseLocations(operands);
    if (paths.length === 0) throw new UsageError("USAGE", `${operands[0]}: give a path inside it`);
    const mode = parseMode(options.mode);
    return writeVault(
      context,
      { vault, opening: options, publication: options },
      async ({ fs }) => {
        for (const path of paths) {
          if (options.parents) await makeParents(fs, path, mode);
          else await makeDirectory(fs, path, mode);
        }
      },
    );
  },
});

/** @throws UsageError USAGE for something that is no octal mode */
function parseMode(text: string): number {
  if (/^[0-7]{1,4}$/.test(text)) return Number.parseInt(text, 8);
  throw new UsageError("USAGE", `--mode ${text}: give permission bits in octal, such as 750`);
}

async function makeDirectory(fs: FileSystem, path: string, mode: number): Promise<void> {
  try {
    const { parent, name } = await resolveParent(fs, path);
    await fs.mkdir(parent, name, { mode, umask: 0, caller: callerOf() });
  } catch (error) {
    throw withPath(error, path);
  }
}

async function makeParents(fs: FileSystem, path: string, mode: number): Promise<void> {
  let made = "";
  for (const name of pathNames(path)) {
    made += `/${name}`;
    const existing = await findPath(fs, made);
    if (existing === undefined) await makeDirectory(fs, made, mode);
    else if (!isDirectory(existing)) throw new EntryError("ENOTDIR", made);
  }
}
