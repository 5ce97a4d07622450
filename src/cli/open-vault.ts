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
import { type OpenOptions, Vault } from "../core/vault/vault.ts";
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
  /** Its store. */
  readonly pages: PageStore;
  /** The same, when that publishes what was committed. */
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
}

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
  const { credentials, cacheBytes, compression, findPages, atime } = options;
  try {
    const vault = await Vault.open(store.pages, nodePlatform, credentials, {
      ...(cacheBytes === undefined ? {} : { cacheBytes }),
      ...(findPages === undefined ? {} : { findPages }),
    });
    const warnings = [...(store.remote?.warnings ?? []), ...vault.warnings];
    for (const warning of warnings) warn(context, `${store.pages.name}: ${warning}`);
    return startVault(context, vault, store, { compression, atime });
  } catch (error) {
    await store.pages.close();
    throw error;
  }
}

/** Puts the file system on a vault, and commits by itself what is done there. */
export function startVault(
  context: CliContext,
  vault: Vault,
  { pages, remote }: VaultStore,
  { compression = "none", atime = "relatime" }: Pick<OpenVaultOptions, "compression" | "atime">,
): OpenVault {
  const fs = new VaultFileSystem(vault, { ...nodePlatform, compression, atime });
  const commits = new AutoCommit({
    vault,
    timer: startTimer,
    onFailure: (error) => warn(context, `cannot commit yet: ${describeError(error)}`),
  });
  return {
    vault,
    fs,
    pages,
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
