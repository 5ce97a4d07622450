/**
 * Writes the pages of an open vault anew under its vault key, for somebody who waits or for nobody.
 *
 * @module
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { toText } from "../../core/base/bytes.ts";
import { type RenewReport, renewPages } from "../../core/fs/move/renew-pages.ts";
import type { RotationResult } from "../../mount/control-messages.ts";
import type { RotationStatus } from "../../mount/mount-status.ts";
import type { OpenVault } from "../open-vault.ts";

/** Where the pages are, and who is told. */
export interface Renewing {
  readonly open: OpenVault;
  readonly signal: AbortSignal;
  onProgress(progress: Pick<RotationStatus, "movedPages" | "totalPages">): void;
}

/**
 * Renews all there is to renew. On a remote vault what was written is published as it goes, so that the local database
 * stays small.
 *
 * @throws PageError, StoreError, CommitError; the signal's reason. Running it again goes on.
 */
export async function renewVault({
  open: { vault, remote },
  signal,
  onProgress,
}: Renewing): Promise<RotationResult> {
  const publish = async (): Promise<void> => {
    await remote?.flush(undefined, signal);
  };
  const report = await renewPages(vault, {
    signal,
    breathe: () => nextTurn(),
    onCommit: publish,
    onProgress,
  });
  return resultOf(report);
}

function resultOf({ isDone, movedPages, lostPages, heldBy }: RenewReport): RotationResult {
  return { isDone, movedPages, lostPages, heldBy: heldBy.map(({ name }) => toText(name)) };
}
