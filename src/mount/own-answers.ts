/**
 * What a channel may answer by itself, told to it by the file system.
 *
 * @module
 */
import type { FileSystem } from "../core/fs/file-system.ts";
import type { FuseChannel } from "../native/fuse-channel.ts";
import { AttributeTable } from "./attribute-table.ts";
import { DirectReads } from "./direct-reads.ts";

/** Has a file system tell a channel, from now on, what it knows. */
export function tellChannel(fs: FileSystem, channel: FuseChannel): void {
  fs.holdLayouts?.(new DirectReads(channel));
  fs.holdBare?.(channel);
  fs.holdAttributes?.(new AttributeTable(channel.attributes));
}
