/**
 * Whether one commit may stand for another.
 *
 * @module
 */
import { samePointer } from "../format/address.ts";
import { type CommitRoot, hasSameContent } from "../format/commit-root.ts";
import type { Header } from "../format/header.ts";
import { sameLog } from "../format/log-place.ts";

/** What describes a state: a header, and the commit root it leads to. */
export interface DescribedState {
  readonly header: Header;
  readonly root: CommitRoot;
}

/** Whether two commits describe the same TOC and snapshots, under the same key directory and with the same log. */
export function isSameState(a: DescribedState, b: DescribedState): boolean {
  return (
    hasSameContent(a.root, b.root) &&
    samePointer(a.header.keyDirectory, b.header.keyDirectory) &&
    sameLog(a.root.log, b.root.log)
  );
}
