/**
 * What became different in a file system when its vault went on to a newer commit, as far as the kernel may have cached it.
 *
 * The kernel holds a reference to every inode it knows something about, so only these are looked at: their attributes and
 * contents, and for directories the names in them, also such as were looked up in vain.
 *
 * @module
 */
import { getU64 } from "../base/bytes.ts";
import { KEY_PREFIX, KeyKind } from "../tree/key.ts";
import type { InodeSpan, TreeDifference } from "../tree/tree-difference.ts";
import { ROOT_INO } from "./file-system.ts";
import type { LookupCounts } from "./lookup-counts.ts";

/** Something that is no longer what it was. */
export type FsChange =
  | { readonly kind: "attributes"; readonly ino: number }
  /** Attributes may be different too. */
  | { readonly kind: "contents"; readonly ino: number }
  | { readonly kind: "entry"; readonly parent: number; readonly name: Uint8Array };

/** Takes a vault to its newest commit. */
export type Advance = (
  isWanted: (span: InodeSpan) => boolean,
) => Promise<TreeDifference | undefined>;

/** Follows the vault. @returns what the kernel is to be told, each once */
export async function follow(
  lookups: LookupCounts,
  advance: Advance,
): Promise<readonly FsChange[]> {
  const isWanted = ({ first, last }: InodeSpan): boolean =>
    (first <= ROOT_INO && ROOT_INO <= last) || lookups.hasWithin(first, last);
  const difference = await advance(isWanted);
  if (difference === undefined) return [];
  const inodes = new Map<number, "attributes" | "contents">();
  const entries: FsChange[] = [];
  for (const key of difference.keys) {
    const ino = getU64(key, 0);
    const kind = key[KEY_PREFIX - 1];
    if (kind === KeyKind.dentry) {
      entries.push({ kind: "entry", parent: ino, name: key.slice(KEY_PREFIX) });
    } else if (kind === KeyKind.extent) inodes.set(ino, "contents");
    else if (!inodes.has(ino)) inodes.set(ino, "attributes");
  }
  for (const { first, last } of difference.unknown) {
    for (const ino of lookups.within(first, last)) inodes.set(ino, "contents");
  }
  return [...entries, ...Array.from(inodes, ([ino, kind]) => ({ kind, ino }))];
}
