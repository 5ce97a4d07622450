/**
 * A commit of a vault, as this machine remembers having seen it.
 *
 * @module
 */
import { keyFingerprint } from "../../core/crypto/key-fingerprint.ts";
import type { OlderKey, VaultSecret } from "../../core/crypto/key-slot.ts";
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
  /** Names the vault key it needs; empty where that was not noted. */
  readonly vaultKey: string;
  /** Names of vault keys that were in use before. */
  readonly replaced: readonly string[];
}

/** Names of the vault keys of an open vault. */
export type KeyNames = Pick<SeenCommit, "vaultKey" | "replaced">;

/** The vault key of now, and those of before that pages still need. */
interface KeysInUse extends VaultSecret {
  readonly older: readonly OlderKey[];
}

/** Names vault keys. */
export function namesOfKeys({ vaultId, vaultKey, older }: KeysInUse): KeyNames {
  const replaced = older.map(({ key }) => keyFingerprint(vaultId, key));
  return { vaultKey: keyFingerprint(vaultId, vaultKey), replaced };
}

/** What a commit is compared by when its keys are not known. */
export function seenState({ generation, toc }: CommitRoot): Pick<SeenCommit, "generation" | "toc"> {
  return { generation, toc: nameOf(toc.pointer) };
}

/** Describes a commit. */
export function seenCommit(
  root: CommitRoot,
  keyDirectory: PagePointer | undefined,
  keyNames: KeyNames,
): SeenCommit {
  return { ...seenState(root), time: isoTime(root.time), keys: nameOf(keyDirectory), ...keyNames };
}

/** The newest commit of an open vault. */
export function newestCommit(vault: Vault, keyNames: KeyNames): SeenCommit {
  const { root, keyDirectories } = vault.inspect();
  return seenCommit(root, keyDirectories[0], keyNames);
}

function nameOf(pointer: PagePointer | undefined): string {
  return pointer === undefined ? "-" : `${pointer.address}.${pointer.generation}`;
}
