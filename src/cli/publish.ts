/**
 * Brings what was done in a vault to where it survives the loss of this machine.
 *
 * @module
 */
import type { PublicationProgress } from "../stores/segments/publish/publication-loop.ts";
import type { SegmentStore } from "../stores/segments/segment-store.ts";
import { type CliContext, warn } from "./context.ts";
import type { OpenVault } from "./open-vault.ts";
import { humanSize, printable } from "./output/human.ts";

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
    if (!choice["no-wait"]) await flushVisibly(context, remote);
  } finally {
    tellRest(context, remote);
  }
}

/**
 * Publishes all that is committed, as far as anybody sees: with progress on a terminal, elsewhere a line when it does not
 * go on.
 * @throws what `SegmentStore.flush` throws; the signal's reason
 */
export async function flushVisibly(
  context: CliContext,
  remote: Pick<SegmentStore, "flush">,
): Promise<void> {
  const { stderr, signal } = context;
  signal.throwIfAborted();
  const isWatched = stderr.isTTY === true;
  try {
    await remote.flush(isWatched ? showProgress(context) : tellProblems(context), signal);
  } finally {
    if (isWatched) stderr.write("\r\x1b[K");
  }
}

type Watcher = (progress: PublicationProgress) => void;

function showProgress({ stderr }: CliContext): Watcher {
  return ({ pendingBytes, problem }) => {
    const line = `publishing, ${humanSize(pendingBytes)} left${problem === undefined ? "" : `; ${problem}`}`;
    const width = Math.max(20, (stderr.columns ?? 80) - 1);
    stderr.write(`\r${Array.from(printable(line)).slice(0, width).join("")}\x1b[K`);
  };
}

/** One line whenever there is a new reason for waiting. */
function tellProblems(context: CliContext): Watcher {
  let told: string | undefined;
  return ({ problem }) => {
    if (problem === undefined || problem === told) return;
    told = problem;
    warn(context, printable(`cannot publish yet: ${problem}; trying again`));
  };
}

function tellRest(context: CliContext, remote: SegmentStore): void {
  const { pendingBytes, pendingCommits } = remote.status();
  if (pendingCommits === 0) return;
  warn(
    context,
    `${humanSize(pendingBytes)} are on this machine only: the next command that writes, or mount, publishes them`,
  );
}
