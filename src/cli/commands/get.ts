/**
 * `dvault get`: copies files and trees of a vault to this machine.
 *
 * @module
 */
import { statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { UsageError } from "../../core/base/errors.ts";
import { encodeName } from "../argument-bytes.ts";
import { type Command, defineCommand } from "../command.ts";
import { parseLocations } from "../config/location.ts";
import { openingOptions } from "../opening-options.ts";
import { progressOn } from "../output/progress.ts";
import { PASSWORD_NOTE } from "../password/sources.ts";
import { TreeExport, type VaultEntry } from "../transfer/export-tree.ts";
import { HostDirectory } from "../transfer/host-directory.ts";
import { measureVault } from "../transfer/measure.ts";
import { Transfer } from "../transfer/transfer.ts";
import { clobberOption, ownerOptions, transferOptions } from "../transfer/transfer-options.ts";
import { readVault } from "../vault-access.ts";
import { baseName, resolvePath } from "../vault-path.ts";

/** Copies out. */
export const getCommand: Command = defineCommand({
  names: ["get"],
  summary: "Copy files and directories out of a vault",
  usage: "<[vault:]path...> [target]",
  operands: [1, Number.POSITIVE_INFINITY],
  options: { ...clobberOption, ...ownerOptions, ...openingOptions },
  examples: [
    ["dvault get /notes.txt", "into the current directory"],
    ["dvault get work:/2024 photos", "a tree, as photos, or below it when that is a directory"],
  ],
  notes: `Modes, times, links, special files, extended attributes and holes are kept. A target that is a directory takes the files under their own names; files there are replaced. ${PASSWORD_NOTE}`,
  async run(context, { operands, options }) {
    const sources = operands.length === 1 ? operands : operands.slice(0, -1);
    const target = operands.length === 1 ? "." : (operands.at(-1) ?? ".");
    const { vault, paths } = parseLocations(sources);
    if (paths.length === 0) {
      throw new UsageError("USAGE", `${sources[0]}: give a path inside it, as in ${sources[0]}:/`);
    }
    const place = hostTarget(target, paths);
    const existing = options["no-clobber"] ? "skip" : "replace";
    const progress = progressOn(context.stderr);
    const copy = transferOptions(existing, options);
    const transfer = new Transfer(context, copy, progress);
    return readVault(context, { vault, opening: options }, async ({ fs }) => {
      const directory = HostDirectory.open(encodeName(place.directory));
      try {
        const entries: VaultEntry[] = [];
        for (const path of paths) {
          entries.push({ path, attributes: await resolvePath(fs, path, "keep") });
        }
        if (context.stderr.isTTY === true)
          await measureVault(
            fs,
            transfer,
            entries.map((entry) => entry.attributes),
          );
        const tree = new TreeExport(fs, transfer, directory);
        for (const entry of entries) {
          const name = encodeName(place.name ?? baseName(entry.path));
          await tree.copyEntry(entry, { directory, name, trail: [name] });
        }
      } finally {
        progress.clear();
        directory.close();
      }
      return transfer.exitCode;
    });
  },
});

interface HostTarget {
  readonly directory: string;
  /** Undefined when each entry keeps its own name. */
  readonly name?: string;
}

function hostTarget(target: string, paths: readonly string[]): HostTarget {
  const whole = resolve(target);
  const isDirectory =
    statSync(encodedPath(whole), { throwIfNoEntry: false })?.isDirectory() === true;
  const isRootMeant = paths.some((path) => baseName(path) === "");
  if (isDirectory && !isRootMeant) return { directory: whole };
  if (isDirectory)
    throw new UsageError("USAGE", `${target} exists: use dvault extract for a whole vault`);
  if (target.endsWith("/") || paths.length > 1) {
    throw new UsageError("USAGE", `${target} is no directory`);
  }
  return { directory: dirname(whole), name: basename(whole) };
}

function encodedPath(path: string): Buffer {
  return Buffer.from(encodeName(path));
}
