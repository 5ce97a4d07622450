/**
 * Opens a vault in a store of pages, and the file system in it.
 *
 * @module
 */

import type { Credentials } from "../core/crypto/unlock.ts";
import type { AtimePolicy } from "../core/fs/fs-context.ts";
import { VaultFileSystem } from "../core/fs/vault-file-system.ts";
import { AutoCommit } from "../core/vault/auto-commit.ts";
import type { OpenOptions } from "../core/vault/open-parts.ts";
import { Vault } from "../core/vault/vault.ts";
import { nodePlatform } from "../platform/node-platform.ts";
import type { SegmentStore } from "../stores/segments/segment-store.ts";
import type { Compression } from "./config/config.ts";
import { type CliContext, warn } from "./context.ts";
import { describeError } from "./report-error.ts";
import type { VaultStore } from "./vault-store.ts";

/** An open vault. */
export interface OpenVault {
  readonly vault: Vault;
  readonly fs: VaultFileSystem;
  /** Its store, when that publishes what was committed. */
  readonly remote?: SegmentStore;
  /** Commits what is left, and closes the store, publishing nothing; safe to call again. */
  close(): Promise<void>;
}

/** How a vault is opened. */
export interface OpenVaultOptions {
  /** Borrowed until the promise ends. */
  readonly credentials: Credentials;
  readonly compression?: Compression | undefined;
  readonly cacheBytes?: number | undefined;
  /** Finds the pages in use when the space map is not to be trusted: for repairs. */
  readonly findPages?: OpenOptions["findPages"] | undefined;
  /** When reading changes access times; as relatime when left out. */
  readonly atime?: AtimePolicy | undefined;
  /** Whether programs that sync will use it for long: the first commit then comes soon, and opens a log. */
  readonly isServed?: boolean | undefined;
}

/** Longest time the first change of a served vault waits for the commit that opens its log, ms. */
const FIRST_COMMIT_MS = 20;

/**
 * Unlocks the vault in a store, for writing unless the store is read-only. What was wrong with it is said.
 *
 * @param store - taken over: closed with the vault, also when it does not open
 * @throws FormatError, KeyError, StoreError
 */
export async function openVault(
  context: CliContext,
  store: VaultStore,
  options: OpenVaultOptions,
): Promise<OpenVault> {
  const { credentials, cacheBytes, compression, findPages, atime, isServed } = options;
  try {
    const vault = await Vault.open(store.pages, nodePlatform, credentials, {
      ...(cacheBytes === undefined ? {} : { cacheBytes }),
      ...(findPages === undefined ? {} : { findPages }),
    });
    const warnings = [...(store.remote?.warnings ?? []), ...vault.warnings];
    for (const warning of warnings) warn(context, `${store.pages.name}: ${warning}`);
    return startVault(context, vault, store, { compression, atime, isServed });
  } catch (error) {
    await store.pages.close();
    throw error;
  }
}

/** Puts the file system on a vault, and commits by itself what is done there. */
export function startVault(
  context: CliContext,
  vault: Vault,
  { remote }: VaultStore,
  options: Pick<OpenVaultOptions, "compression" | "atime" | "isServed">,
): OpenVault {
  const { compression = "none", atime = "relatime", isServed = false } = options;
  const fs = new VaultFileSystem(vault, { ...nodePlatform, compression, atime });
  const commits = new AutoCommit({
    vault,
    timer: startTimer,
    ...(isServed && vault.keepLog() && { firstDelayMs: FIRST_COMMIT_MS }),
    onFailure: (error) => warn(context, `cannot commit yet: ${describeError(error)}`),
  });
  return {
    vault,
    fs,
    ...(remote === undefined ? {} : { remote }),
    close: async () => {
      commits.stop();
      await vault.close();
    },
  };
}

function startTimer(delayMs: number, body: () => void): () => void {
  const timer = setTimeout(body, delayMs);
  return () => clearTimeout(timer);
}
