/**
 * `dvault extract`: copies a whole vault into a directory.
 *
 * @module
 */
import { mkdirSync } from "node:fs";
import { UsageError } from "../../core/base/errors.ts";
import { ROOT_INO } from "../../core/fs/file-system.ts";
import { encodeName } from "../argument-bytes.ts";
import { type Command, defineCommand } from "../command.ts";
import { parseLocation } from "../config/location.ts";
import { openingOptions } from "../opening-options.ts";
import { progressOn } from "../output/progress.ts";
import { PASSWORD_NOTE } from "../password/sources.ts";
import { TreeExport } from "../transfer/export-tree.ts";
import { HostDirectory } from "../transfer/host-directory.ts";
import { measureVault } from "../transfer/measure.ts";
import { type Existing, Transfer } from "../transfer/transfer.ts";
import { clobberOption, ownerOptions, transferOptions } from "../transfer/transfer-options.ts";
import { readVault } from "../vault-access.ts";

/** Copies everything out. */
export const extractCommand: Command = defineCommand({
  names: ["extract"],
  summary: "Copy a whole vault into a directory",
  usage: "<vault> <directory>",
  operands: [2, 2],
  options: {
    overwrite: { type: "boolean", default: false, describe: "Replace files that exist already" },
    ...clobberOption,
    ...ownerOptions,
    ...openingOptions,
  },
  examples: [
    ["dvault extract backup.dvault restored", "make a directory and fill it"],
    ["dvault extract work . --no-clobber", "add what is missing here"],
  ],
  notes: `The directory is made when it is missing, and must be empty without --overwrite or --no-clobber. Nothing is ever written outside it, whatever names the vault holds. ${PASSWORD_NOTE}`,
  async run(context, { operands: [vault = "", directory = ""], options }) {
    const progress = progressOn(context.stderr);
    const copy = transferOptions(existingOf(options), options);
    const transfer = new Transfer(context, copy, progress);
    const place = { vault: parseLocation(vault).vault, opening: options };
    return readVault(context, place, async ({ fs }) => {
      const target = openTarget(directory, copy.existing);
      try {
        const root = { attributes: await fs.getattr(ROOT_INO), path: "/" };
        if (context.stderr.isTTY === true) await measureVault(fs, transfer, [root.attributes]);
        await new TreeExport(fs, transfer, target).copyContents(root, target, []);
      } finally {
        progress.clear();
        target.close();
      }
      return transfer.exitCode;
    });
  },
});

function existingOf(options: {
  readonly overwrite: boolean;
  readonly "no-clobber": boolean;
}): Existing {
  if (options.overwrite && options["no-clobber"]) {
    throw new UsageError("USAGE", "--overwrite and --no-clobber exclude each other");
  }
  if (options.overwrite) return "replace";
  return options["no-clobber"] ? "skip" : "refuse";
}

function openTarget(path: string, existing: Existing): HostDirectory {
  mkdirSync(Buffer.from(encodeName(path)), { recursive: true });
  const target = HostDirectory.open(encodeName(path));
  if (existing !== "refuse" || target.isEmpty()) return target;
  target.close();
  throw new UsageError("USAGE", `${path} is not empty: give --overwrite or --no-clobber`);
}
