/**
 * Work on a remote vault that takes its time, for somebody who waits and is told how far it is.
 *
 * @module
 */
import type { Asker, CleaningResult, WorkProgress } from "../mount/control-messages.ts";
import type { Unpublished } from "../mount/mount-status.ts";
import type { SegmentStore } from "../stores/segments/segment-store.ts";

/** How often the asker is told, ms. */
const TELL_MS = 500;

/**
 * Publishes all that is committed. Publishing goes on when the asker leaves.
 * @returns what is not published yet: nothing, unless the asker left
 * @throws what `SegmentStore.flush` throws
 */
export async function publishAll(remote: SegmentStore, asker: Asker): Promise<Unpublished> {
  const { signal } = asker;
  try {
    await whileTelling(remote, asker, () => remote.flush(undefined, signal));
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return unpublished(remote);
}

/**
 * Cleans, or says what would be done. Stops, to be resumed by the next cleaning, when the asker leaves.
 * @throws what `SegmentStore.gc` throws; the signal's reason
 */
export async function cleanUp(
  remote: SegmentStore,
  dryRun: boolean,
  asker: Asker,
): Promise<CleaningResult> {
  const { signal } = asker;
  const { unreadable, ...report } = await whileTelling(remote, asker, (note) =>
    remote.gc({ dryRun, signal, onProgress: note }),
  );
  return { ...report, unreadable: unreadable.length };
}

/** What is safe on this machine only. */
export function unpublished(remote: SegmentStore): Unpublished {
  const { pendingBytes, pendingCommits, problem } = remote.status();
  return { pendingBytes, pendingCommits, problem };
}

type Moved = Pick<WorkProgress, "movedBytes" | "totalBytes">;

/** Runs work and tells how far it is, from the beginning to the end. */
async function whileTelling<T>(
  remote: SegmentStore,
  { signal, tell }: Asker,
  work: (note: (moved: Moved) => void) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  let moved: Moved = {};
  const limitedBefore = remote.status().traffic.limitedMs;
  const tellNow = (): void => {
    const { traffic } = remote.status();
    const limitedMs = traffic.limitedMs - limitedBefore;
    tell({ ...unpublished(remote), limitedMs, stopped: traffic.stopped, ...moved });
  };
  const timer = setInterval(tellNow, TELL_MS);
  tellNow();
  try {
    return await work((now) => {
      moved = now;
    });
  } finally {
    clearInterval(timer);
    tellNow();
  }
}
