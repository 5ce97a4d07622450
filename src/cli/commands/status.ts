/**
 * `dvault status`: which vaults are mounted where, and what is not yet safe.
 *
 * @module
 */
import { listMounts } from "../../mount/registry.ts";
import { type Command, defineCommand } from "../command.ts";
import { writeListing } from "../output/listing.ts";
import { mountReport } from "../output/mount-report.ts";

/** Lists mounts. */
export const statusCommand: Command = defineCommand({
  names: ["status"],
  summary: "Show the mounts of this user, and what is not yet safe or published in them",
  usage: "",
  operands: [0, 0],
  options: {
    json: { type: "boolean", default: false, describe: "Print an array of objects" },
  },
  examples: [
    ["dvault status", "a few lines a mount"],
    ["dvault status --json | jq '.[].unsafeBytes'", "bytes that a crash would lose now"],
    ["dvault status --json | jq '.[].remote.pendingBytes'", "bytes that are on this machine only"],
  ],
  notes:
    "JSON: vault, mountpoint, pid, generation (last commit), unsafeBytes (lost if the machine stopped now), readOnly, driver, since; for a remote vault also remote: pendingBytes, pendingCommits, problem, publication, lease, cachedBytes, cacheBudgetBytes, pendingBudgetBytes, objects, objectBytes, liveBytes, traffic (lanes, limitedMs, stopped).",
  async run(context, { options }) {
    await writeListing(context.stdout, await listMounts(), options.json ? "json" : mountReport);
    return undefined;
  },
});
