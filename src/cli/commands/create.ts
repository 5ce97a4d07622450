/**
 * `dvault create`: makes a vault file out of a directory.
 *
 * @module
 */
import { resolve } from "node:path";
import { UsageError } from "../../core/base/errors.ts";
import { ROOT_INO } from "../../core/fs/file-system.ts";
import { encodeName } from "../argument-bytes.ts";
import { callerOf } from "../caller.ts";
import { type Command, defineCommand } from "../command.ts";
import { compressionOption } from "../compression-option.ts";
import { isVaultName, loadConfig } from "../config/config.ts";
import { directories } from "../config/directories.ts";
import { resolveVault } from "../config/vault-reference.ts";
import { chooseKeys, createVault, kdfOptions, newVaultOptions } from "../create-vault.ts";
import { progressOn } from "../output/progress.ts";
import { passwordOptions } from "../password/sources.ts";
import { publishOptions } from "../publish.ts";
import { HostDirectory } from "../transfer/host-directory.ts";
import { TreeImport } from "../transfer/import-tree.ts";
import { measureHost } from "../transfer/measure.ts";
import { Transfer } from "../transfer/transfer.ts";
import { ownerOptions, transferOptions } from "../transfer/transfer-options.ts";
import { finishWork } from "../vault-access.ts";

/** Makes a vault with contents. */
export const createCommand: Command = defineCommand({
  names: ["create"],
  summary: "Make a vault file out of a directory",
  usage: "<file.dvault> <directory>",
  operands: [2, 2],
  options: {
    ...newVaultOptions,
    ...kdfOptions,
    ...compressionOption,
    ...ownerOptions,
    ...publishOptions,
    ...passwordOptions,
  },
  examples: [["dvault create photos.dvault ~/photos", "everything in the directory, encrypted"]],
  notes:
    "Modes, times, links, special files, extended attributes and holes are kept. After Ctrl-C the vault holds the files that were complete; dvault put adds others.",
  async run(context, { operands: [file = "", directory = ""], options }) {
    if (isVaultName(file))
      throw new UsageError("USAGE", `${file}: give a path, such as ${file}.dvault`);
    const places = directories(context.env);
    const { place } = resolveVault(file, loadConfig(places), places);
    const progress = progressOn(context.stderr);
    const copy = transferOptions("replace", options);
    const transfer = new Transfer(context, copy, progress);
    const source = HostDirectory.open(encodeName(directory));
    try {
      const keys = await chooseKeys(context, options, file);
      const { compression } = options;
      const open = await createVault(context, place, { keys, compression }).finally(() =>
        keys.password?.wipe(),
      );
      return await finishWork(context, open, options, async () => {
        if (context.stderr.isTTY === true) await measureHost(transfer, [directory]);
        const tree = new TreeImport(open.fs, transfer, callerOf());
        if (place.kind !== "discord") tree.exclude(place.path);
        await tree.copyContents(source, resolve(directory), ROOT_INO);
        return transfer.exitCode;
      });
    } finally {
      progress.clear();
      source.close();
    }
  },
});
