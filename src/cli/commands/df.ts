/**
 * `dvault df`: how much room a vault has.
 *
 * @module
 */
import { type Command, defineCommand } from "../command.ts";
import { openingOptions } from "../opening-options.ts";
import { humanSize } from "../output/human.ts";
import { writeListing } from "../output/listing.ts";
import { PASSWORD_NOTE } from "../password/sources.ts";
import { readVault } from "../vault-access.ts";

/** Room of one vault, bytes. */
interface RoomRecord {
  readonly vault: string;
  readonly size: number;
  readonly used: number;
  readonly available: number;
  readonly inodes: number;
}

/** Shows room. */
export const dfCommand: Command = defineCommand({
  names: ["df"],
  summary: "Show the room of a vault",
  usage: "[vault]",
  operands: [0, 1],
  options: {
    json: { type: "boolean", default: false, describe: "Print an array of objects" },
    ...openingOptions,
  },
  examples: [["dvault df work", "size, used and free room, and the number of files"]],
  notes: PASSWORD_NOTE,
  async run(context, { operands: [vault = ""], options }) {
    return readVault(context, { vault, opening: options }, async ({ fs, place }) => {
      const { blockSize, blocks, freeBlocks, inodes } = await fs.statfs();
      const room: RoomRecord = {
        vault: place.key,
        size: blocks * blockSize,
        used: (blocks - freeBlocks) * blockSize,
        available: freeBlocks * blockSize,
        inodes,
      };
      await writeListing(context.stdout, [room], options.json ? "json" : roomLine);
    });
  },
});

function roomLine({ vault, size, used, available, inodes }: RoomRecord): readonly string[] {
  const figures = `${humanSize(used)} used, ${humanSize(available)} available`;
  return [`${vault}: ${humanSize(size)} in all, ${figures}, ${inodes} files and directories`];
}
