/**
 * Who is told attributes of inodes, see `known-attributes.ts`.
 *
 * @module
 */

/** An inode, in a form that costs nothing to tell. */
export interface StoredInode {
  readonly ino: number;
  /** As it is stored (FORMAT.md §7.1); borrowed. */
  readonly bytes: Uint8Array;
  /** Bytes, as they are shown. */
  readonly shownSize: number;
  /**
   * Room, as it is shown, in units of 512 bytes.
   * @param unmapped - blocks that were written and have no extent yet
   */
  shownSectors(unmapped: number): number;
}

/** Takes attributes. */
export interface AttributeHolder {
  /**
   * Takes those of an inode, until they are told anew or recalled.
   * @param unmapped - as for {@link StoredInode.shownSectors}
   */
  tell(inode: StoredInode, unmapped: number): void;
  /** Whether the attributes of an inode are held; others may have taken their place. */
  holds(ino: number): boolean;
  /** What was told of an inode does not hold any more. */
  recall(ino: number): void;
  recallAll(): void;
}
