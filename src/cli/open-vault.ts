/**
 * Opens a vault in a store of pages, and the file system in it.
 *
 * @module
 */

import type { Credentials } from "../core/crypto/unlock.ts";
import type { AtimePolicy } from "../core/fs/fs-context.ts";
import { VaultFileSystem } from "../core/fs/vault-file-system.ts";
import type { PageStore } from "../core/pages/page-store.ts";
import { AutoCommit } from "../core/vault/auto-commit.ts";
import type { FoundCommit } from "../core/vault/open-parts.ts";
import { type OpenOptions, Vault } from "../core/vault/vault.ts";
import { nodePlatform } from "../platform/node-platform.ts";
import type { SegmentStore } from "../stores/segments/segment-store.ts";
import type { Compression } from "./config/config.ts";
import type { VaultPlace } from "./config/vault-place.ts";
import { type CliContext, warn } from "./context.ts";
import { describeError } from "./report-error.ts";
import { CommitNotes } from "./seen/commit-notes.ts";
import { type KeyNames, namesOfKeys, newestCommit, seenCommit } from "./seen/seen-commit.ts";
import { VaultMemory } from "./seen/vault-memory.ts";
import type { VaultStore } from "./vault-store.ts";

/** An open vault. */
export interface OpenVault {
  readonly vault: Vault;
  readonly fs: VaultFileSystem;
  /** Its store. */
  readonly pages: PageStore;
  /** The same, when that publishes what was committed. */
  readonly remote?: SegmentStore;
  /** Remembers a commit that a writer elsewhere made, before long. */
  noteCommit(): void;
  /** Commits what is left, and closes the store, publishing nothing; safe to call again. */
  close(): Promise<void>;
}

/** How a vault is opened. */
export interface OpenVaultOptions {
  /** Borrowed until the promise ends. */
  readonly credentials: Credentials;
  readonly place: VaultPlace;
  /** Whether an older state than this machine has seen is opened. */
  readonly allowsRollback?: boolean | undefined;
  readonly compression?: Compression | undefined;
  readonly cacheBytes?: number | undefined;
  /** Finds the pages in use when the space map is not to be trusted: for repairs. */
  readonly findPages?: OpenOptions["findPages"] | undefined;
  /** When reading changes access times; as relatime when left out. */
  readonly atime?: AtimePolicy | undefined;
}

/** What a started vault needs to be told. */
interface StartOptions extends Pick<OpenVaultOptions, "place" | "compression" | "atime"> {
  /** What is remembered of it, when that was asked before. */
  readonly memory?: VaultMemory | undefined;
}

/**
 * Unlocks the vault in a store, for writing unless the store is read-only. What was wrong with it is said.
 *
 * @param store - taken over: closed with the vault, also when it does not open
 * @throws FormatError, KeyError, StoreError; RollbackError VAULT_ROLLED_BACK
 */
export async function openVault(
  context: CliContext,
  store: VaultStore,
  options: OpenVaultOptions,
): Promise<OpenVault> {
  const { credentials, place, allowsRollback = false, cacheBytes, findPages } = options;
  const tell = (warnings: readonly string[]): void => {
    for (const warning of warnings) warn(context, `${store.pages.name}: ${warning}`);
  };
  let told = 0;
  let memory: VaultMemory | undefined;
  const accept = ({ header, root, keys, warnings }: FoundCommit): void => {
    tell([...(store.remote?.warnings ?? []), ...warnings]);
    told = warnings.length;
    memory = new VaultMemory(context, place, header.vaultId);
    const { vaultKey, older } = keys;
    const names = namesOfKeys({ vaultId: header.vaultId, vaultKey, older });
    const commit = seenCommit(root, header.keyDirectory, names);
    if (!allowsRollback) memory.check(commit);
    else if (memory.accept(commit)) store.remote?.passOver();
  };
  try {
    const vault = await Vault.open(store.pages, nodePlatform, credentials, {
      accept,
      ...(cacheBytes === undefined ? {} : { cacheBytes }),
      ...(findPages === undefined ? {} : { findPages }),
    });
    tell(vault.warnings.slice(told));
    return startVault(context, vault, store, { ...options, memory });
  } catch (error) {
    await store.pages.close();
    throw error;
  }
}

/** Puts the file system on a vault, commits by itself what is done there, and remembers the newest commit. */
export function startVault(
  context: CliContext,
  vault: Vault,
  { pages, remote }: VaultStore,
  options: StartOptions,
): OpenVault {
  const { place, compression = "none", atime = "relatime" } = options;
  const { memory = new VaultMemory(context, place, vault.id) } = options;
  const onWriteFailure = (error: unknown): void =>
    warn(context, `a write was not stored: ${describeError(error)}`);
  const fs = new VaultFileSystem(vault, { ...nodePlatform, compression, atime, onWriteFailure });
  const keyNames = (): KeyNames => namesOfKeys({ ...vault.keys.secret, older: vault.keys.older });
  const remember = (names = keyNames()): boolean => {
    // What is on this machine only may be given up yet.
    const isFinal = (remote?.status().pendingCommits ?? 0) === 0;
    if (isFinal) memory.note(newestCommit(vault, names));
    return isFinal;
  };
  const notes = new CommitNotes({ timer: startPassingTimer, note: () => remember() });
  const noteCommit = (): void => notes.expect();
  if (!remember()) noteCommit();
  const commits = new AutoCommit({
    vault,
    timer: startTimer,
    onFailure: (error) => warn(context, `cannot commit yet: ${describeError(error)}`),
    onCommit: noteCommit,
  });
  let isClosed = false;
  return {
    vault,
    fs,
    pages,
    ...(remote === undefined ? {} : { remote }),
    noteCommit,
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      commits.stop();
      notes.stop();
      const names = keyNames();
      if (remote !== undefined) remember(names);
      await vault.close();
      if (remote === undefined) remember(names);
    },
  };
}

function startTimer(delayMs: number, body: () => void): () => void {
  const timer = setTimeout(body, delayMs);
  return () => clearTimeout(timer);
}

/** As {@link startTimer}, but nothing stays running for it. */
function startPassingTimer(delayMs: number, body: () => void): () => void {
  const timer = setTimeout(body, delayMs).unref();
  return () => clearTimeout(timer);
}
