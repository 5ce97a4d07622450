/**
 * The end of a mount that nobody uses. One timer, and nothing else runs: it goes off a few times in the span after which
 * a mount counts as idle, and looks whether requests came since.
 *
 * @module
 */
import type { Mount } from "./driver.ts";

/** How often the timer goes off in the span: the mount ends at most this part of it late. */
const LOOKS = 4;

/** What is watched, and what is done. */
export interface IdleWatchOptions {
  readonly mount: Pick<Mount, "uses">;
  /** Time without use after which the mount ends, ms. */
  readonly idleMs: number;
  /** Unmounts; refuses while files are open, and is then tried again after another span without use. */
  readonly unmount: () => Promise<void>;
  /** Calls `body` once after a delay in ms; the answer cancels it. */
  readonly timer: (delayMs: number, body: () => void) => () => void;
}

/**
 * Begins to watch.
 * @returns ends it
 */
export function watchIdle({ mount, idleMs, unmount, timer }: IdleWatchOptions): () => void {
  let seen = mount.uses();
  let quietLooks = 0;
  let isStopped = false;
  let cancel: () => void = () => undefined;
  const arm = (): void => {
    if (!isStopped) cancel = timer(idleMs / LOOKS, look);
  };
  const look = (): void => {
    const uses = mount.uses();
    quietLooks = uses === seen ? quietLooks + 1 : 0;
    seen = uses;
    if (quietLooks < LOOKS) {
      arm();
      return;
    }
    quietLooks = 0;
    unmount().catch(arm);
  };
  arm();
  return () => {
    isStopped = true;
    cancel();
  };
}
