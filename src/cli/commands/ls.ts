/**
 * `dvault ls`: lists directories of a vault.
 *
 * @module
 */
import { FormatError } from "../../core/base/errors.ts";
import { type Attributes, type FileSystem, S_IFLNK, S_IFMT } from "../../core/fs/file-system.ts";
import { decodeName, encodeName } from "../argument-bytes.ts";
import { type Command, defineCommand } from "../command.ts";
import { parseLocations } from "../config/location.ts";
import type { CliContext } from "../context.ts";
import { withPath } from "../entry-error.ts";
import type { ExitCode } from "../exit-code.ts";
import { Failures } from "../failures.ts";
import { openingOptions } from "../opening-options.ts";
import { type EntryRecord, entryRecord } from "../output/entry-record.ts";
import { humanSize, listTime, modeString } from "../output/human.ts";
import { jsonListing, type Listing, lineListing } from "../output/listing.ts";
import { PASSWORD_NOTE } from "../password/sources.ts";
import { EnteredDirectories } from "../transfer/entered-directories.ts";
import { vaultEntries } from "../transfer/vault-entries.ts";
import { readVault } from "../vault-access.ts";
import { isDirectory, resolvePath } from "../vault-path.ts";

interface Entry {
  /** Absolute. */
  readonly path: string;
  /** What a line calls it. */
  readonly shown: string;
  readonly attributes: Attributes;
  readonly target?: string;
}

/** Lists directories. */
export const lsCommand: Command = defineCommand({
  names: ["ls", "list"],
  summary: "List files and directories of a vault",
  usage: "[vault] [[vault:]path...]",
  operands: [0, Number.POSITIVE_INFINITY],
  options: {
    long: { alias: "l", type: "boolean", default: false, describe: "Modes, owners, sizes, times" },
    recursive: { alias: "R", type: "boolean", default: false, describe: "What is below, too" },
    human: { alias: "h", type: "boolean", default: false, describe: "Sizes as 1.5 MiB" },
    json: { type: "boolean", default: false, describe: "Print an array of objects" },
    ...openingOptions,
  },
  examples: [
    ["dvault ls", "the root of the default vault"],
    ["dvault ls -l work:/docs", "a directory of the vault named work"],
    ["dvault ls -R --json ./backup.dvault", "everything in a vault file"],
  ],
  notes: PASSWORD_NOTE,
  async run(context, { operands, options }) {
    const { vault, paths } = parseLocations(operands);
    const format = options.long ? longLine(options.human) : shortLine;
    const output = context.stdout;
    const listing = options.json
      ? jsonOf(jsonListing<EntryRecord>(output))
      : lineListing<Entry>(output, format);
    return readVault(context, { vault, opening: options }, async ({ fs }) => {
      const lister = new Lister(context, fs, listing, options.recursive);
      await lister.list(paths.length === 0 ? ["/"] : paths);
      await listing.end();
      return lister.exitCode;
    });
  },
});

/** Walks what is to be listed; entries that cannot be read are noted, and the rest listed. */
class Lister {
  readonly #fs: FileSystem;
  readonly #listing: Listing<Entry>;
  readonly #isRecursive: boolean;
  readonly #failures: Failures;
  readonly #signal: AbortSignal;
  #entered = new EnteredDirectories();

  constructor(context: CliContext, fs: FileSystem, listing: Listing<Entry>, isRecursive: boolean) {
    this.#fs = fs;
    this.#listing = listing;
    this.#isRecursive = isRecursive;
    this.#failures = new Failures(context);
    this.#signal = context.signal;
  }

  get exitCode(): ExitCode {
    return this.#failures.exitCode;
  }

  /** With several paths, each entry is shown with the path it was found under. */
  async list(paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      this.#entered = new EnteredDirectories();
      try {
        const attributes = await resolvePath(this.#fs, path, "keep");
        const plain = path.replace(/\/+$/, "");
        const prefix = paths.length > 1 ? `${plain}/` : "";
        if (isDirectory(attributes)) await this.#listDirectory(attributes.ino, plain, prefix);
        else await this.#add(path, path, attributes);
      } catch (error) {
        this.#failures.fail(path, error);
      }
    }
  }

  async #listDirectory(ino: number, path: string, prefix: string): Promise<void> {
    this.#entered.enter(ino);
    for await (const { name, attributes } of vaultEntries(this.#fs, ino)) {
      this.#signal.throwIfAborted();
      const text = decodeName(name);
      const below = `${path}/${text}`;
      try {
        if (attributes === undefined) {
          throw new FormatError("VAULT_DAMAGED", "its attributes are damaged");
        }
        await this.#add(below, prefix + text, attributes);
        if (this.#isRecursive && isDirectory(attributes)) {
          await this.#listDirectory(attributes.ino, below, `${prefix}${text}/`);
        }
      } catch (error) {
        this.#failures.fail(below, withPath(error, below));
      }
    }
  }

  async #add(path: string, shown: string, attributes: Attributes): Promise<void> {
    const isLink = (attributes.mode & S_IFMT) === S_IFLNK;
    const target = isLink ? decodeName(await this.#fs.readlink(attributes.ino)) : undefined;
    const entry = { path, shown, attributes };
    await this.#listing.add(target === undefined ? entry : { ...entry, target });
  }
}

function jsonOf(listing: Listing<EntryRecord>): Listing<Entry> {
  return {
    add: ({ path, attributes, target }) => listing.add(entryRecord(path, attributes, target)),
    end: () => listing.end(),
  };
}

function shortLine({ shown }: Entry): readonly Uint8Array[] {
  return [encodeName(shown)];
}

function longLine(isHuman: boolean): (entry: Entry) => readonly (string | Uint8Array)[] {
  return ({ shown, attributes, target }) => {
    const size = isHuman ? humanSize(attributes.size) : String(attributes.size);
    const columns = [
      modeString(attributes.mode),
      String(attributes.nlink).padStart(3),
      String(attributes.uid).padStart(5),
      String(attributes.gid).padStart(5),
      size.padStart(isHuman ? 8 : 12),
      listTime(attributes.mtime),
      "",
    ];
    const link = target === undefined ? [] : [" -> ", encodeName(target)];
    return [columns.join(" "), encodeName(shown), ...link];
  };
}
