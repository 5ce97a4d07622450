/**
 * `dvault snapshot restore`: brings files of a snapshot back.
 *
 * @module
 */
import type { SnapshotRestoration } from "../../mount/control-messages.ts";
import { type Command, defineCommand } from "../command.ts";
import { type CliContext, writeTo } from "../context.ts";
import { EntryError } from "../entry-error.ts";
import { openingOptions } from "../opening-options.ts";
import { changeLine } from "../output/change-lines.ts";
import { printable } from "../output/human.ts";
import { writeListing } from "../output/listing.ts";
import { PASSWORD_NOTE } from "../password/sources.ts";
import { publishOptions } from "../publish.ts";
import { withSnapshots } from "../snapshots/with-snapshots.ts";

/** Restores. */
export const snapshotRestoreCommand: Command = defineCommand({
  names: ["restore"],
  summary: "Bring files and directories of a snapshot back",
  usage: "<mountpoint|vault> <name|time> [path…]",
  operands: [2, Number.POSITIVE_INFINITY],
  options: {
    force: { type: "boolean", default: false, describe: "Replace what is there and different" },
    delete: {
      type: "boolean",
      default: false,
      describe: "Remove what a directory did not have then",
    },
    to: { type: "string", describe: "Put the path there instead", requiresArg: true },
    "dry-run": {
      alias: "n",
      type: "boolean",
      default: false,
      describe: "Only list what would be done",
    },
    json: { type: "boolean", default: false, describe: "Print an object" },
    ...publishOptions,
    ...openingOptions,
  },
  examples: [
    ["dvault snapshot restore ~/vault monday docs/plan.txt", "a file that is gone"],
    ["dvault snapshot restore work monday docs --to docs-monday", "beside what is there now"],
    [
      "dvault snapshot restore work 2026-11-20T18:00Z -n --force --delete",
      "what going back changes",
    ],
  ],
  notes: `Without a path, everything. What is there already and the same stays as it is; where something else is, nothing at all is restored without --force. All names change in one moment, and no data is copied. Lines begin with + for what is added, M for what is replaced, - for what is removed. JSON: isDone, changes (kind, path). ${PASSWORD_NOTE}`,
  async run(context, { operands: [target = "", name = "", ...paths], options }) {
    const choice = { target, opening: options, publication: options };
    return withSnapshots(context, choice, async (snapshots) => {
      const wanted = paths.length === 0 ? ["/"] : paths;
      const { force, delete: removes, "dry-run": dryRun, to } = options;
      const wish = { paths: wanted, to, force, delete: removes, dryRun };
      const done = await snapshots.restore(name, wish);
      if (!(done.isDone || dryRun)) throw inTheWay(done);
      await tell(context, done, options.json);
      return undefined;
    });
  },
});

function tell(context: CliContext, done: SnapshotRestoration, json: boolean): Promise<void> {
  if (json) return writeTo(context.stdout, `${JSON.stringify(done, undefined, 2)}\n`);
  return writeListing(context.stdout, done.changes, changeLine);
}

function inTheWay({ changes }: SnapshotRestoration): EntryError {
  const replaced = changes.filter(({ kind }) => kind === "changed");
  const others = replaced.length > 1 ? `, and ${replaced.length - 1} more` : "";
  const advice = "nothing was restored; --force replaces it, --dry-run lists all";
  const path = printable(replaced[0]?.path ?? "");
  return new EntryError("EEXIST", path, `something else is there now${others}: ${advice}`);
}
