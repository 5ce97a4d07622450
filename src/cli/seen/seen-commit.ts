/**
 * A commit of a vault, as this machine remembers having seen it.
 *
 * @module
 */
import type { PagePointer } from "../../core/format/address.ts";
import type { CommitRoot } from "../../core/format/commit-root.ts";
import type { Vault } from "../../core/vault/vault.ts";
import { isoTime } from "../output/human.ts";

/** See the head of this file. */
export interface SeenCommit {
  readonly generation: number;
  /** When it was made, by the writer's clock: RFC 3339. */
  readonly time: string;
  /** Names its TOC, which a commit that only repeats the one before shares. */
  readonly toc: string;
  /** Names its key directory. */
  readonly keys: string;
}

/** Describes a commit. */
export function seenCommit(
  { generation, time, toc }: CommitRoot,
  keyDirectory: PagePointer | undefined,
): SeenCommit {
  const names = { toc: nameOf(toc.pointer), keys: nameOf(keyDirectory) };
  return { generation, time: isoTime(time), ...names };
}

/** The newest commit of an open vault. */
export function newestCommit(vault: Vault): SeenCommit {
  const { root, keyDirectories } = vault.inspect();
  return seenCommit(root, keyDirectories[0]);
}

function nameOf(pointer: PagePointer | undefined): string {
  return pointer === undefined ? "-" : `${pointer.address}.${pointer.generation}`;
}
