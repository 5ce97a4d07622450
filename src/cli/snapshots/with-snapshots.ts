/**
 * Work on the snapshots of a vault wherever it is open: by the process that has it mounted, or here.
 *
 * @module
 */
import type { SnapshotWork } from "../../mount/control-messages.ts";
import { snapshotsOfMount } from "../../mount/registry.ts";
import type { CliContext } from "../context.ts";
import { ExitCode } from "../exit-code.ts";
import type { OpeningChoice } from "../opening-options.ts";
import type { PublishChoice } from "../publish.ts";
import { readVault, type VaultWork, writeVault } from "../vault-access.ts";
import { findWorkTarget } from "../work-target.ts";
import { snapshotsOfVault } from "./snapshots-of-vault.ts";

/** Which vault, and how to unlock it when it is not mounted. */
export interface SnapshotTarget {
  /** Mount point or vault as written; empty for the default vault. */
  readonly target: string;
  readonly opening: OpeningChoice;
  /** Whether what is done waits to be published; left out for looking only. */
  readonly publication?: PublishChoice;
}

/** Runs work on snapshots; what a mount does needs no password. @param work - answers as commands do */
export async function withSnapshots(
  context: CliContext,
  { target, opening, publication }: SnapshotTarget,
  work: (snapshots: SnapshotWork) => Promise<ExitCode | undefined>,
): Promise<ExitCode> {
  const found = await findWorkTarget(context, target);
  if (found.kind === "mount") {
    return (await work(snapshotsOfMount(found.mountpoint))) ?? ExitCode.done;
  }
  const choice = { vault: target, opening };
  const body: VaultWork = (open) => work(snapshotsOfVault(open));
  if (publication === undefined) return readVault(context, choice, body);
  return writeVault(context, { ...choice, publication }, body);
}
