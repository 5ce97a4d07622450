/**
 * `dvault unmount`: ends a mount when everything is safe.
 *
 * @module
 */
import { requestUnmount } from "../../mount/registry.ts";
import { type Command, defineCommand } from "../command.ts";

/** Unmounts. */
export const unmountCommand: Command = defineCommand({
  names: ["unmount", "umount"],
  summary: "Unmount a vault; returns when everything is safe",
  usage: "<mountpoint>",
  operands: [1, 1],
  options: {},
  examples: [["dvault unmount ~/vault", "make everything safe, then unmount"]],
  notes:
    "Ends with 10 when no vault is mounted there, and refuses while programs have files open on it.",
  async run(_context, { operands: [mountpoint = ""] }) {
    await requestUnmount(mountpoint);
    return undefined;
  },
});
