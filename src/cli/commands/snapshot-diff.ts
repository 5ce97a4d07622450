/**
 * `dvault snapshot diff`: what changed since a snapshot, or from one to another.
 *
 * @module
 */
import { type Command, defineCommand } from "../command.ts";
import { warn } from "../context.ts";
import { ExitCode } from "../exit-code.ts";
import { openingOptions } from "../opening-options.ts";
import { changeLine } from "../output/change-lines.ts";
import { writeListing } from "../output/listing.ts";
import { PASSWORD_NOTE } from "../password/sources.ts";
import { withSnapshots } from "../snapshots/with-snapshots.ts";

/** Compares. */
export const snapshotDiffCommand: Command = defineCommand({
  names: ["diff"],
  summary: "List what changed since a snapshot, or from one to another",
  usage: "<mountpoint|vault> <name|time> [name|time]",
  operands: [2, 3],
  options: {
    json: { type: "boolean", default: false, describe: "Print an array of objects" },
    ...openingOptions,
  },
  examples: [
    ["dvault snapshot diff work monday", "from then to now"],
    ["dvault snapshot diff work monday tuesday", "from one to the other"],
  ],
  notes: `+ is new, - is gone, M is changed, R is moved. Ends with 15 when parts of either cannot be read. JSON: kind, path, from. ${PASSWORD_NOTE}`,
  async run(context, { operands: [target = "", from = "", to], options }) {
    return withSnapshots(context, { target, opening: options }, async (snapshots) => {
      const { changes, isWhole } = await snapshots.diff(from, to);
      await writeListing(context.stdout, changes, options.json ? "json" : changeLine);
      if (isWhole) return undefined;
      warn(context, "parts of the vault cannot be read, and what changed there is not listed");
      return ExitCode.damaged;
    });
  },
});
