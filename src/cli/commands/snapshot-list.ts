/**
 * `dvault snapshot list`: the snapshots of a vault.
 *
 * @module
 */
import type { SnapshotRecord } from "../../mount/control-messages.ts";
import { type Command, defineCommand } from "../command.ts";
import { openingOptions } from "../opening-options.ts";
import { printable } from "../output/human.ts";
import { writeListing } from "../output/listing.ts";
import { PASSWORD_NOTE } from "../password/sources.ts";
import { withSnapshots } from "../snapshots/with-snapshots.ts";

/** Lists snapshots. */
export const snapshotListCommand: Command = defineCommand({
  names: ["list", "ls"],
  summary: "List the snapshots of a vault, the oldest first",
  usage: "[mountpoint|vault]",
  operands: [0, 1],
  options: {
    json: { type: "boolean", default: false, describe: "Print an array of objects" },
    ...openingOptions,
  },
  examples: [["dvault snapshot list ~/vault", "times and names"]],
  notes: `JSON: name, time, generation. ${PASSWORD_NOTE}`,
  async run(context, { operands: [target = ""], options }) {
    return withSnapshots(context, { target, opening: options }, async (snapshots) => {
      const listed = await snapshots.list();
      await writeListing(context.stdout, listed, options.json ? "json" : lineOf);
      return undefined;
    });
  },
});

function lineOf({ time, name }: SnapshotRecord): readonly string[] {
  return [printable(`${time}  ${name}`)];
}
