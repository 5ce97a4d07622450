/**
 * A kernel connection on `/dev/fuse`, as `native-shim/channel.c` makes it.
 *
 * @module
 */

import type { AeadHandle } from "./aead-handle.ts";

/** Requests in, replies out; one request stands in `request` at a time, one reply is built in `reply`. */
export interface RequestChannel {
  /** The reused request buffer: the largest write and its headers fit. */
  readonly request: Uint8Array;
  /** The reused reply buffer: everything but the pieces of a reply is built here. */
  readonly reply: Uint8Array;
  /**
   * Begins to deliver requests on the event loop; the process stays alive until the end.
   *
   * @param onRequest - called with the length of the request that stands in `request`, valid until it returns
   * @param onEnd - called once: 0 when the kernel has unmounted, else a negative errno
   */
  start(onRequest: (length: number) => void, onEnd: (status: number) => void): void;
  /**
   * Writes one reply: the first `length` bytes of `reply`, then the pieces.
   *
   * @param pieces - at most {@link PIECES_MAX}; borrowed until the call returns
   * @returns 0, or a negative errno: -ENOENT when nobody waits for this reply any more, -ENODEV or -EBADF after the end
   */
  send(length: number, pieces?: readonly Uint8Array[]): number;
  /** Stops delivering and closes the descriptor; `onEnd` is not called any more. */
  close(): void;
}

/** A channel to the kernel, which can be told what to answer by itself. */
export interface FuseChannel extends RequestChannel {
  /**
   * Writes one notification, on another thread, since the kernel may have to wait for an answer of ours meanwhile.
   * @param bytes - whole; copied
   * @returns 0, or a negative errno: -ENOENT when the kernel has nothing of the kind cached
   */
  notify(bytes: Uint8Array): Promise<number>;
  /**
   * Answers reads by itself from now on, as far as it is told by {@link FuseChannel.grant}. What it was told before is void.
   *
   * @param prefix - and the head of a page are what its messages are bound to; both are copied
   * @param head - header of page number 0 and generation 0
   */
  readFrom(key: AeadHandle, prefix: Uint8Array, head: Uint8Array, geometry: Float64Array): void;
  /** Says where some blocks of a file stand: {@link LAYOUT_FIELDS} numbers, borrowed. */
  grant(layout: Float64Array): void;
  /** What was said about a file does not hold any more. */
  recall(ino: number): void;
  /** Says whether an inode has no extended attributes: then the channel answers when some are asked for. */
  setBare(ino: number, isBare: boolean): void;
  forgetBare(): void;
  /**
   * Attributes of inodes, written by who knows them (`src/mount/attribute-table.ts`): the channel answers for those that stand
   * here.
   */
  readonly attributes: Uint8Array;
  /** The channel answers requests by name from root only; what others ask, it hands on. */
  serveRoot(): void;
  /**
   * Keeps processors from sleeping so deeply that waking one takes longer than `micros`, while requests come one close behind the
   * other: for as long as the channel serves.
   *
   * @param fd - of `/dev/cpu_dma_latency`, open for writing; taken over
   */
  limitLatency(fd: number, micros: number): void;
  /** How the channel served so far. */
  counters(): ChannelCounters;
}

/** What a channel counts, for tuning and tests. */
export interface ChannelCounters {
  /** Requests read. */
  readonly requests: number;
  /** Those of them that the channel answered by itself. */
  readonly direct: number;
  /** Times the event loop found the device readable. */
  readonly wakeups: number;
  /** Times the channel spun for a next request. */
  readonly spins: number;
  /** Spins that found one. */
  readonly spinHits: number;
  /** Times processors were kept awake because requests came close together. */
  readonly latencyLimits: number;
}

/** Descriptor of the file, offset of page 0, bytes from a page to the next, parts of a page, bytes behind the last one's. */
export const GEOMETRY_FIELDS = 5;

/** Inode, bytes of the file, until when (seconds since the epoch), first block, blocks, first page, generation. */
export const LAYOUT_FIELDS = 7;

/** Most pieces one reply may have (IOV_MAX without the reply's head). */
export const PIECES_MAX = 1023;
