/**
 * `dvault mv`: renames and moves inside a vault.
 *
 * @module
 */
import { UsageError } from "../../core/base/errors.ts";
import type { FileSystem, NamePlace } from "../../core/fs/file-system.ts";
import { encodeName } from "../argument-bytes.ts";
import { type Command, defineCommand } from "../command.ts";
import { parseLocations } from "../config/location.ts";
import { EntryError, withPath } from "../entry-error.ts";
import { openingOptions } from "../opening-options.ts";
import { PASSWORD_NOTE } from "../password/sources.ts";
import { publishOptions } from "../publish.ts";
import { writeVault } from "../vault-access.ts";
import { baseName, findPath, isDirectory, resolveParent, resolvePath } from "../vault-path.ts";

/** Moves entries. */
export const mvCommand: Command = defineCommand({
  names: ["mv"],
  summary: "Rename or move files and directories inside a vault",
  usage: "[vault] <[vault:]path...> <[vault:]target>",
  operands: [2, Number.POSITIVE_INFINITY],
  options: {
    "no-clobber": { alias: "n", type: "boolean", default: false, describe: "Replace nothing" },
    ...publishOptions,
    ...openingOptions,
  },
  examples: [
    ["dvault mv /a.txt /b.txt", "rename"],
    ["dvault mv work:/a work:/b work:/docs/", "move into a directory"],
  ],
  notes: PASSWORD_NOTE,
  async run(context, { operands, options }) {
    const { vault, paths } = parseLocations(operands);
    const target = paths.at(-1);
    if (target === undefined || paths.length < 2) {
      throw new UsageError("USAGE", "give what to move, and where to");
    }
    return writeVault(
      context,
      { vault, opening: options, publication: options },
      async ({ fs }) => {
        for (const source of paths.slice(0, -1)) {
          await move(fs, { source, target, isSeveral: paths.length > 2 }, options["no-clobber"]);
        }
      },
    );
  },
});

interface Move {
  readonly source: string;
  readonly target: string;
  /** Several sources go into one target, which must be a directory. */
  readonly isSeveral: boolean;
}

async function move(
  fs: FileSystem,
  { source, target, isSeveral }: Move,
  noClobber: boolean,
): Promise<void> {
  const from = await resolveParent(fs, source);
  const moved = await resolvePath(fs, source, "keep");
  const existing = await findPath(fs, target.replace(/\/+$/, "") || "/");
  const goesInto = existing !== undefined && isDirectory(existing);
  if (existing === undefined && target.endsWith("/") && !isDirectory(moved)) {
    throw new EntryError("ENOENT", target);
  }
  if (isSeveral && !goesInto) throw new EntryError("ENOTDIR", target);
  const to: NamePlace = goesInto
    ? { parent: existing.ino, name: encodeName(baseName(source)) }
    : await resolveParent(fs, target);
  try {
    await fs.rename(from, to, noClobber ? "no-replace" : "replace");
  } catch (error) {
    throw withPath(error, target);
  }
}
