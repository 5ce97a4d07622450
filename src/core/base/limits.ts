/**
 * Sizes and bounds of the vault format (FORMAT.md §1), in bytes unless the name says otherwise.
 *
 * @module
 */

/** Payload of a page, and so the size of a file's logical block. */
export const PAGE_SIZE = 65_536;

/** Pages per segment: addresses are `segment << 7 | index`, index 0 to 126. */
export const PAGES_PER_SEGMENT = 127;

/** Largest object a segment may become: 127 pages of the largest stored size fit below it. */
export const MAX_SEGMENT_BYTES = 8 * 1024 * 1024;

/** Longest name of a directory entry (NAME_MAX). */
export const NAME_MAX = 255;

/** Longest symbolic link target (PATH_MAX without its NUL). */
export const SYMLINK_MAX = 4095;

/** Longest value of an extended attribute (XATTR_SIZE_MAX). */
export const XATTR_SIZE_MAX = 65_536;

/** Most hard links an inode may have (as ext4 has). */
export const LINK_MAX = 65_000;

/** Largest file: block numbers are 37 bits, so 8 EiB - 1 (off_t) is the bound. */
export const FILE_SIZE_MAX = Number.MAX_SAFE_INTEGER;

/** Files up to this size stand in the tree, beside their inode. */
export const INLINE_MAX = 1024;

/** Sealing with random nonces stays safe for 2^32 messages a key; a new epoch key comes before. */
export const SEALS_PER_EPOCH = 2 ** 31;
