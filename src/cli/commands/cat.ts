/**
 * `dvault cat`: writes files of a vault to standard output.
 *
 * @module
 */
import { concatBytes } from "../../core/base/bytes.ts";
import { UsageError } from "../../core/base/errors.ts";
import { type Attributes, type FileSystem, S_IFMT, S_IFREG } from "../../core/fs/file-system.ts";
import { type Command, defineCommand } from "../command.ts";
import { parseLocations } from "../config/location.ts";
import { type CliContext, writeTo } from "../context.ts";
import { EntryError, withPath } from "../entry-error.ts";
import { openingOptions } from "../opening-options.ts";
import { PASSWORD_NOTE } from "../password/sources.ts";
import { COPY_SIZE } from "../transfer/transfer.ts";
import { readVault } from "../vault-access.ts";
import { isDirectory, resolvePath } from "../vault-path.ts";

/** Prints files. */
export const catCommand: Command = defineCommand({
  names: ["cat"],
  summary: "Write files of a vault to standard output",
  usage: "[vault] <[vault:]path...>",
  operands: [1, Number.POSITIVE_INFINITY],
  options: { ...openingOptions },
  examples: [
    ["dvault cat /notes.txt", "a file of the default vault"],
    ["dvault cat work:/a.tar.gz | tar tz", "look into an archive"],
  ],
  notes: PASSWORD_NOTE,
  async run(context, { operands, options }) {
    const { vault, paths } = parseLocations(operands);
    if (paths.length === 0) throw new UsageError("USAGE", `${operands[0]}: give a path inside it`);
    return readVault(context, { vault, opening: options }, async ({ fs }) => {
      for (const path of paths) {
        const file = await resolvePath(fs, path);
        checkReadable(file, path);
        await writeFile(context, fs, file).catch((error: unknown) => {
          throw withPath(error, path);
        });
      }
    });
  },
});

function checkReadable(file: Attributes, path: string): void {
  if (isDirectory(file)) throw new EntryError("EISDIR", path);
  if ((file.mode & S_IFMT) !== S_IFREG)
    throw new EntryError("EINVAL", path, "it is no regular file");
}

async function writeFile(context: CliContext, fs: FileSystem, file: Attributes): Promise<void> {
  for (let offset = 0; ; ) {
    context.signal.throwIfAborted();
    const start = offset;
    const part = concatBytes(...(await fs.read(file.ino, start, COPY_SIZE)));
    offset += part.length;
    if (part.length > 0) await writeTo(context.stdout, part);
    if (offset === start) return;
  }
}
