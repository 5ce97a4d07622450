/**
 * `dvault snapshot diff`: what changed since a snapshot, or from one to another.
 *
 * @module
 */
import { changesBetween, type PathChange } from "../../core/fs/snapshots/changes-between.ts";
import { decodeName } from "../argument-bytes.ts";
import { type Command, defineCommand } from "../command.ts";
import { warn } from "../context.ts";
import { ExitCode } from "../exit-code.ts";
import { writeListing } from "../output/listing.ts";
import { PASSWORD_NOTE, passwordOptions } from "../password/sources.ts";
import { snapshotAt } from "../snapshots/snapshot-at.ts";
import { readVault } from "../vault-access.ts";

const MARKS = { added: "+", removed: "-", changed: "M", moved: "R" } as const;

/** Compares. */
export const snapshotDiffCommand: Command = defineCommand({
  names: ["diff"],
  summary: "List what changed since a snapshot, or from one to another",
  usage: "<vault> <name|time> [name|time]",
  operands: [2, 3],
  options: {
    json: { type: "boolean", default: false, describe: "Print an array of objects" },
    ...passwordOptions,
  },
  examples: [
    ["dvault snapshot diff work monday", "from then to the last commit"],
    ["dvault snapshot diff work monday tuesday", "from one to the other"],
  ],
  notes: `+ is new, - is gone, M is changed, R is moved. Ends with 15 when parts of either cannot be read. JSON: kind, path, from. ${PASSWORD_NOTE}`,
  async run(context, { operands: [vault = "", from = "", to], options }) {
    return readVault(context, { vault, password: options }, async (open) => {
      const { snapshots } = open.vault;
      const listed = snapshots.list();
      const before = snapshotAt(listed, from).toc;
      const after = to === undefined ? open.vault.inspect().root.toc : snapshotAt(listed, to).toc;
      const { changes, isWhole } = await changesBetween(snapshots, before, after);
      if (options.json) await writeListing(context.stdout, changes.map(recordOf), "json");
      else await writeListing(context.stdout, changes, lineOf);
      if (isWhole) return undefined;
      warn(context, "parts of the vault cannot be read, and what changed there is not listed");
      return ExitCode.damaged;
    });
  },
});

function recordOf(change: PathChange): object {
  const { kind, path } = change;
  const record = { kind, path: decodeName(path) };
  return change.kind === "moved" ? { ...record, from: decodeName(change.from) } : record;
}

function lineOf(change: PathChange): readonly (string | Uint8Array)[] {
  const mark = `${MARKS[change.kind]} `;
  return change.kind === "moved" ? [mark, change.from, " -> ", change.path] : [mark, change.path];
}
