/**
 * `dvault flush`: brings everything to where it survives the loss of this machine.
 *
 * @module
 */
import type { Asker } from "../../mount/control-messages.ts";
import type { Unpublished } from "../../mount/mount-status.ts";
import { requestFlush } from "../../mount/registry.ts";
import { type Command, defineCommand } from "../command.ts";
import type { VaultReference } from "../config/vault-reference.ts";
import { type CliContext, writeTo } from "../context.ts";
import { ExitCode } from "../exit-code.ts";
import { describeRest, WorkLine } from "../output/work-line.ts";
import { publishAll } from "../remote-work.ts";
import { openVaultStore } from "../vault-store.ts";
import { findWorkTarget } from "../work-target.ts";

const NOTHING: Unpublished = { pendingBytes: 0, pendingCommits: 0 };

/** Publishes. */
export const flushCommand: Command = defineCommand({
  names: ["flush"],
  summary: "Publish everything that is on this machine only, and wait until it is done",
  usage: "[mountpoint|vault]",
  operands: [0, 1],
  options: {
    json: { type: "boolean", default: false, describe: "Print an object" },
  },
  examples: [
    ["dvault flush ~/vault", "commit and publish what was done on a mount"],
    ["dvault flush work", "publish what the last mount left, without the password"],
  ],
  notes:
    "For a vault in a local file it commits only: there is nothing beyond the file. Ctrl-C ends the waiting; a mount goes on publishing. JSON: vault, pendingBytes, pendingCommits (what is left).",
  async run(context, { operands: [text = ""], options }) {
    const target = await findWorkTarget(context, text);
    const line = new WorkLine(context);
    const asker: Asker = { signal: context.signal, tell: (progress) => line.tell(progress) };
    let left: Unpublished;
    try {
      left =
        target.kind === "mount"
          ? await requestFlush(target.mountpoint, asker)
          : await publishUnmounted(context, target.reference, asker);
    } finally {
      line.clear();
    }
    const { pendingBytes, pendingCommits } = left;
    if (options.json) {
      const record = { vault: target.label, pendingBytes, pendingCommits };
      await writeTo(context.stdout, `${JSON.stringify(record)}\n`);
    } else if (pendingCommits > 0) {
      const rest = describeRest(pendingBytes, pendingCommits);
      await writeTo(context.stdout, `${target.label}: ${rest}\n`);
    }
    return pendingCommits > 0 ? ExitCode.interrupted : undefined;
  },
});

/** What is published is sealed already, so no password is needed. */
async function publishUnmounted(
  context: CliContext,
  { place }: VaultReference,
  asker: Asker,
): Promise<Unpublished> {
  const readOnly = place.kind === "file";
  const { pages, remote } = await openVaultStore(context, place, { readOnly });
  try {
    return remote === undefined ? NOTHING : await publishAll(remote, asker);
  } finally {
    await pages.close();
  }
}
