/**
 * System calls that Node does not offer, typed; the C behind them is in `native-shim/`.
 *
 * Loading is lazy: a machine where the shim cannot be loaded still lists and reads vaults through the CLI, and gets one
 * clear error where a call is really needed.
 *
 * @module
 */

/** A kernel connection on `/dev/fuse`; see `native-shim/fuse.c`. */
export interface FuseChannel {
  /**
   * Begins to deliver requests on the event loop.
   * @param onRequest - called with the length of one request that stands in `buffer` from 0 on; valid until it returns
   * @param onEnd - called once with 0 when the kernel unmounted, else a negative errno
   */
  start(onRequest: (length: number) => void, onEnd: (status: number) => void): void;
  /** The reused request buffer. */
  readonly buffer: Uint8Array;
  /** Writes the pieces as one reply or notification (writev). @returns 0 or a negative errno (-ENOENT: nobody waits any more) */
  send(pieces: readonly Uint8Array[]): number;
  /** Stops delivering and closes the descriptor. */
  close(): void;
}
