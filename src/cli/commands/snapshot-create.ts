/**
 * `dvault snapshot create`: keeps a vault as it is now.
 *
 * @module
 */
import { type Command, defineCommand } from "../command.ts";
import { writeTo } from "../context.ts";
import { openingOptions } from "../opening-options.ts";
import { vaultBefore } from "../operands.ts";
import { printable } from "../output/human.ts";
import { PASSWORD_NOTE } from "../password/sources.ts";
import { publishOptions } from "../publish.ts";
import { withSnapshots } from "../snapshots/with-snapshots.ts";

/** Makes a snapshot. */
export const snapshotCreateCommand: Command = defineCommand({
  names: ["create"],
  summary: "Keep a vault as it is now, under a name",
  usage: "[mountpoint|vault] <name>",
  operands: [1, 2],
  options: {
    json: { type: "boolean", default: false, describe: "Print an object" },
    ...publishOptions,
    ...openingOptions,
  },
  examples: [["dvault snapshot create ~/vault before-upgrade", "of the vault mounted there"]],
  notes: `Takes the same short time whatever the size of the vault; room is taken by what changes later. A mount is asked, without a password. JSON: name, time, generation. ${PASSWORD_NOTE}`,
  async run(context, { operands, options }) {
    const [target, name] = vaultBefore(operands);
    const choice = { target, opening: options, publication: options };
    return withSnapshots(context, choice, async (snapshots) => {
      const made = await snapshots.create(name);
      const line = options.json ? JSON.stringify(made) : printable(`${made.time}  ${made.name}`);
      await writeTo(context.stdout, `${line}\n`);
      return undefined;
    });
  },
});
