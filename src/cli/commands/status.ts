/**
 * `dvault status`: which vaults are mounted where, and what is not yet safe.
 *
 * @module
 */
import type { MountStatus } from "../../mount/mount-status.ts";
import { listMounts } from "../../mount/registry.ts";
import { encodeName } from "../argument-bytes.ts";
import { type Command, defineCommand } from "../command.ts";
import { humanSize } from "../output/human.ts";
import { writeListing } from "../output/listing.ts";

/** Lists mounts. */
export const statusCommand: Command = defineCommand({
  names: ["status"],
  summary: "Show the mounts of this user, and what is not yet safe in them",
  usage: "",
  operands: [0, 0],
  options: {
    json: { type: "boolean", default: false, describe: "Print an array of objects" },
  },
  examples: [
    ["dvault status", "a line a mount"],
    ["dvault status --json | jq '.[].unsafeBytes'", "bytes that a crash would lose now"],
  ],
  notes:
    "JSON: vault, mountpoint, pid, generation (last commit), unsafeBytes (lost if the machine stopped now), readOnly, driver, since.",
  async run(context, { options }) {
    await writeListing(context.stdout, await listMounts(), options.json ? "json" : statusLine);
    return undefined;
  },
});

function statusLine(mount: MountStatus): readonly (string | Uint8Array)[] {
  const { vault, mountpoint, pid, generation, unsafeBytes, readOnly } = mount;
  const safety = unsafeBytes === 0 ? "everything safe" : `${humanSize(unsafeBytes)} not yet safe`;
  const facts = `${readOnly ? "read-only" : "read-write"}, process ${pid}, commit ${generation}`;
  return [encodeName(mountpoint), ": ", encodeName(vault), ` (${facts}), ${safety}`];
}
