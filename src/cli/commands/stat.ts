/**
 * `dvault stat`: everything a vault knows about an entry.
 *
 * @module
 */
import { type FileSystem, S_IFLNK, S_IFMT } from "../../core/fs/file-system.ts";
import { decodeName, encodeName } from "../argument-bytes.ts";
import { type Command, defineCommand } from "../command.ts";
import { parseLocations } from "../config/location.ts";
import { openingOptions } from "../opening-options.ts";
import { type EntryRecord, entryRecord } from "../output/entry-record.ts";
import { writeListing } from "../output/listing.ts";
import { PASSWORD_NOTE } from "../password/sources.ts";
import { readVault } from "../vault-access.ts";
import { resolvePath } from "../vault-path.ts";

/** An entry and the names of its extended attributes. */
interface StatRecord extends EntryRecord {
  readonly xattrs: readonly string[];
}

/** Shows attributes. */
export const statCommand: Command = defineCommand({
  names: ["stat"],
  summary: "Show the attributes of files and directories of a vault",
  usage: "[vault] <[vault:]path...>",
  operands: [1, Number.POSITIVE_INFINITY],
  options: {
    json: { type: "boolean", default: false, describe: "Print an array of objects" },
    ...openingOptions,
  },
  examples: [["dvault stat work:/docs/a.txt", "sizes, owner, times, extended attributes"]],
  notes: PASSWORD_NOTE,
  async run(context, { operands, options }) {
    const { vault, paths } = parseLocations(operands);
    return readVault(context, { vault, opening: options }, async ({ fs }) => {
      const records: StatRecord[] = [];
      for (const path of paths.length === 0 ? ["/"] : paths) records.push(await record(fs, path));
      await writeListing(context.stdout, records, options.json ? "json" : statLines);
    });
  },
});

async function record(fs: FileSystem, path: string): Promise<StatRecord> {
  const attributes = await resolvePath(fs, path, "keep");
  const isLink = (attributes.mode & S_IFMT) === S_IFLNK;
  const target = isLink ? decodeName(await fs.readlink(attributes.ino)) : undefined;
  const xattrs = (await fs.listxattr(attributes.ino)).map(decodeName);
  return { ...entryRecord(path, attributes, target), xattrs };
}

function statLines(entry: StatRecord): readonly (string | Uint8Array)[] {
  const link = entry.target === undefined ? [] : [" -> ", encodeName(entry.target)];
  const lines = [
    "",
    `  type    ${entry.type}${entry.rdev === undefined ? "" : `, device ${entry.rdev}`}`,
    `  size    ${entry.size} bytes, ${entry.allocated} allocated`,
    `  inode   ${entry.ino}, ${entry.nlink} links`,
    `  mode    ${entry.mode}, owner ${entry.uid}:${entry.gid}`,
    `  access  ${entry.atime}`,
    `  modify  ${entry.mtime}`,
    `  change  ${entry.ctime}`,
    `  birth   ${entry.btime}`,
    ...(entry.xattrs.length > 0 ? [`  xattrs  ${entry.xattrs.join(", ")}`] : []),
  ];
  return [encodeName(entry.path), ...link, lines.join("\n")];
}
