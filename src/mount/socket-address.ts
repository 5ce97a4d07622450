/**
 * Unix sockets below paths of any length: a socket's address holds 107 bytes (unix(7)), so a longer path is reached
 * through a descriptor of its directory.
 *
 * @module
 */
import { type FileHandle, open } from "node:fs/promises";
import { basename, dirname } from "node:path";

const ADDRESS_MAX = 107;

/** An address that can be bound or connected to until `close`. */
export interface SocketAddress {
  readonly path: string;
  close(): Promise<void>;
}

/** The address of a socket's path. */
export async function openSocketAddress(path: string): Promise<SocketAddress> {
  if (Buffer.byteLength(path) <= ADDRESS_MAX) return { path, close: async () => {} };
  const directory: FileHandle = await open(dirname(path), "r");
  return {
    path: `/proc/self/fd/${directory.fd}/${basename(path)}`,
    close: () => directory.close(),
  };
}
