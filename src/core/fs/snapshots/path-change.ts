/**
 * A file or directory that is not what it was.
 *
 * @module
 */

/** What became of it; paths are absolute. */
export type PathChange =
  | { readonly kind: "added" | "removed" | "changed"; readonly path: Uint8Array }
  | { readonly kind: "moved"; readonly path: Uint8Array; readonly from: Uint8Array };
