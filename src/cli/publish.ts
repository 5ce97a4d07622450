/**
 * Brings what was done in a vault to where it survives the loss of this machine.
 *
 * @module
 */
import type { Asker } from "../mount/control-messages.ts";
import type { SegmentStore } from "../stores/segments/segment-store.ts";
import { type CliContext, warn } from "./context.ts";
import type { OpenVault } from "./open-vault.ts";
import { describeRest, WorkLine } from "./output/work-line.ts";
import { publishAll, unpublished } from "./remote-work.ts";

/** Options of commands that write to a vault. */
export const publishOptions = {
  "no-wait": {
    type: "boolean",
    default: false,
    describe: "Leave publishing to the next command or mount; for vaults in a folder or at Discord",
  },
} as const;

/** Values of {@link publishOptions}. */
export interface PublishChoice {
  readonly "no-wait": boolean;
}

/**
 * Commits, and publishes all that is committed; Ctrl-C leaves the rest for the next time, and says so. A vault in a file
 * has nothing to publish.
 *
 * @throws StoreError STORE_BUSY, STORE_DENIED, CommitError COMMIT_CONFLICT when time would not help; the signal's reason
 */
export async function publish(
  context: CliContext,
  { vault, remote }: Pick<OpenVault, "vault" | "remote">,
  choice: PublishChoice,
): Promise<void> {
  if (remote === undefined) return;
  await vault.commit();
  try {
    if (!choice["no-wait"]) await publishVisibly(context, remote);
  } finally {
    const { pendingBytes, pendingCommits } = unpublished(remote);
    if (pendingCommits > 0) {
      const rest = describeRest(pendingBytes, pendingCommits);
      warn(context, `${rest}: the next command that writes, or mount, publishes them`);
    }
  }
}

/**
 * Publishes all that is committed, and shows how far it is.
 * @throws what `SegmentStore.flush` throws; the signal's reason
 */
export async function publishVisibly(context: CliContext, remote: SegmentStore): Promise<void> {
  const { pendingCommits } = await visibly(context, (asker) => publishAll(remote, asker));
  if (pendingCommits > 0) context.signal.throwIfAborted();
}

/** Lets work that takes its time be watched, and ended by Ctrl-C. */
export async function visibly<T>(
  context: CliContext,
  work: (asker: Asker) => Promise<T>,
): Promise<T> {
  const line = new WorkLine(context);
  try {
    return await work({ signal: context.signal, tell: (progress) => line.tell(progress) });
  } finally {
    line.clear();
  }
}
