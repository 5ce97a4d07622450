/**
 * Keeps a read-only mount of a remote vault up to date with its writer elsewhere: looks for a newer commit now and then, goes
 * on with it while calls are served, and tells the kernel what it must not believe any longer.
 *
 * Files stay open throughout; what is read from them is the newest commit's. A file that the writer removed answers ENOENT.
 *
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import type { FsChange } from "../../core/fs/follow.ts";
import type { Notifier } from "../../mount/driver.ts";
import { type CliContext, warn } from "../context.ts";
import type { OpenVault } from "../open-vault.ts";
import { describeError } from "../report-error.ts";

/** What follows what. */
export interface Following {
  readonly open: OpenVault;
  readonly notifier: Notifier;
  /** Time between two looks, ms. */
  readonly everyMs: number;
}

/**
 * Follows until the signal comes. A look that fails is told once, and tried again.
 * @returns when the last look has ended
 */
export async function followWriter(
  context: CliContext,
  { open, notifier, everyMs }: Following,
  signal: AbortSignal,
): Promise<void> {
  let told: string | undefined;
  for (;;) {
    await delay(everyMs, undefined, { signal, ref: false }).catch(() => undefined);
    if (signal.aborted) return;
    try {
      await followOnce(open, notifier, signal);
      told = undefined;
    } catch (error) {
      const reason = describeError(error);
      if (signal.aborted) return;
      if (reason !== told) warn(context, `cannot look for newer commits: ${reason}; trying again`);
      told = reason;
    }
  }
}

/**
 * Looks once, and goes on with what is newer.
 * @throws StoreError, FormatError, PageError; the vault stays where it is then
 */
async function followOnce(open: OpenVault, notifier: Notifier, signal: AbortSignal): Promise<void> {
  const { vault, fs, remote } = open;
  const { generation } = vault;
  await remote?.refresh(signal);
  const changes = await fs.follow((isWanted) => vault.advance(isWanted));
  if (vault.generation !== generation) open.noteCommit();
  for (const change of changes) await notify(notifier, change);
}

function notify(notifier: Notifier, change: FsChange): Promise<void> {
  switch (change.kind) {
    case "entry":
      return notifier.entry(change.parent, change.name);
    case "contents":
      return notifier.inode(change.ino, 0, 0);
    default:
      return notifier.inode(change.ino);
  }
}
