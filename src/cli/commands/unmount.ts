/**
 * `dvault unmount`: ends a mount when everything is safe.
 *
 * @module
 */
import type { Asker } from "../../mount/control-messages.ts";
import type { Unpublished } from "../../mount/mount-status.ts";
import { requestUnmount } from "../../mount/registry.ts";
import { type Command, defineCommand } from "../command.ts";
import { type CliContext, warn } from "../context.ts";
import { ExitCode } from "../exit-code.ts";
import { printable } from "../output/human.ts";
import { describeRest, WorkLine } from "../output/work-line.ts";
import { publishOptions } from "../publish.ts";

/** Unmounts. */
export const unmountCommand: Command = defineCommand({
  names: ["unmount", "umount"],
  summary: "Unmount a vault; returns when everything is safe",
  usage: "<mountpoint>",
  operands: [1, 1],
  options: publishOptions,
  examples: [
    ["dvault unmount ~/vault", "make everything safe, publish it, then return"],
    ["dvault unmount --no-wait ~/vault", "leave what is not published to the next mount"],
  ],
  notes:
    "Ends with 10 when no vault is mounted there, and refuses while programs have files open on it. Ctrl-C ends the waiting, not the unmounting: what is left is published by the next mount.",
  async run(context, { operands: [mountpoint = ""], options }) {
    const wait = !options["no-wait"];
    const line = new WorkLine(context);
    const asker: Asker = { signal: context.signal, tell: (progress) => line.tell(progress) };
    let left: Unpublished | undefined;
    try {
      left = await requestUnmount(mountpoint, { wait, asker });
    } finally {
      line.clear();
    }
    if (left === undefined || left.pendingCommits === 0) return undefined;
    tellRest(context, left);
    if (!wait) return undefined;
    return context.signal.aborted ? ExitCode.interrupted : ExitCode.failed;
  },
});

function tellRest(
  context: CliContext,
  { pendingBytes, pendingCommits, problem }: Unpublished,
): void {
  const rest = describeRest(pendingBytes, pendingCommits);
  const reason = problem === undefined ? "" : ` (${printable(problem)})`;
  warn(context, `${rest}: the next mount publishes them${reason}`);
}
