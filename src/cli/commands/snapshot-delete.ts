/**
 * `dvault snapshot delete`: gives back what only a snapshot needs.
 *
 * @module
 */
import { type Command, defineCommand } from "../command.ts";
import { openingOptions } from "../opening-options.ts";
import { vaultBefore } from "../operands.ts";
import { PASSWORD_NOTE } from "../password/sources.ts";
import { publishOptions } from "../publish.ts";
import { withSnapshots } from "../snapshots/with-snapshots.ts";

/** Deletes a snapshot. */
export const snapshotDeleteCommand: Command = defineCommand({
  names: ["delete", "rm"],
  summary: "Delete a snapshot, and free what only it has",
  usage: "[mountpoint|vault] <name>",
  operands: [1, 2],
  options: { ...publishOptions, ...openingOptions },
  examples: [["dvault snapshot delete work before-upgrade", "the files of today stay"]],
  notes: `Looks through the trees of all snapshots. Stopped at any point, either all of the snapshot is there or nothing. ${PASSWORD_NOTE}`,
  async run(context, { operands, options }) {
    const [target, name] = vaultBefore(operands);
    const choice = { target, opening: options, publication: options };
    return withSnapshots(context, choice, async (snapshots) => {
      await snapshots.delete(name);
      return undefined;
    });
  },
});
