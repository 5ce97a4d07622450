/**
 * Everything a request can be answered with, as plain values; `encode-answer.ts` turns them into bytes.
 *
 * @module
 */
import type { Attributes, Statistics } from "../../core/fs/file-system.ts";
import type { Agreement } from "./init.ts";

/** What goes back to the kernel for one request. */
export type Answer =
  /** Nothing at all: FORGET and the like wait for no reply. */
  | { readonly kind: "silence" }
  | { readonly kind: "done" }
  /** @property errno - positive */
  | { readonly kind: "refused"; readonly errno: number }
  | { readonly kind: "init"; readonly agreement: Agreement }
  /** A name and its inode, which the kernel then holds a reference to. */
  | { readonly kind: "entry"; readonly attributes: Attributes }
  /** No such name; the kernel may remember that. */
  | { readonly kind: "absent" }
  /** As `entry`, and open. */
  | { readonly kind: "created"; readonly attributes: Attributes }
  | { readonly kind: "attributes"; readonly attributes: Attributes }
  | { readonly kind: "statx"; readonly attributes: Attributes }
  | { readonly kind: "opened"; readonly handle: number; readonly flags: number }
  /** Bytes that WRITE or COPY_FILE_RANGE took. */
  | { readonly kind: "taken"; readonly count: number }
  /** As `taken`, for COPY_FILE_RANGE_64. */
  | { readonly kind: "copied"; readonly count: number }
  /** Room that an extended attribute or the list of them needs. */
  | { readonly kind: "room"; readonly size: number }
  | { readonly kind: "offset"; readonly offset: number }
  | { readonly kind: "statistics"; readonly statistics: Statistics }
  /** Contents; borrowed until the reply is sent. */
  | { readonly kind: "contents"; readonly pieces: readonly Uint8Array[] }
  /** A directory listing; the kernel then holds a reference to each inode in `entered`. */
  | { readonly kind: "listing"; readonly bytes: Uint8Array; readonly entered: readonly number[] };

export const SILENCE: Answer = { kind: "silence" };
export const DONE: Answer = { kind: "done" };
export const ABSENT: Answer = { kind: "absent" };

/** Refuses with an errno. @param errno - positive */
export function refused(errno: number): Answer {
  return { kind: "refused", errno };
}
