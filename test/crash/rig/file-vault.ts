/**
 * Vaults in simulated files: made once, opened as often as it takes.
 *
 * @module
 */
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { VaultFileSystem } from "../../../src/core/fs/vault-file-system.ts";
import type { Vault } from "../../../src/core/vault/vault.ts";
import { FileStore } from "../../../src/stores/file/file-store.ts";
import { newFileSystem } from "../../support/test-file-system.ts";
import { createTestVault, openTestVault } from "../../support/test-vault.ts";
import { DiskImage } from "./disk-image.ts";
import { type Operation, perform } from "./operations.ts";
import { SimulatedDisk } from "./simulated-disk.ts";
import { expectWhole, portraitOf } from "./survey.ts";

/** A name for messages; how much room its disk has is asked of the real one. */
const NAME = join(tmpdir(), "simulated.dvault");

/** An open vault with its file system. */
export interface Session {
  readonly vault: Vault;
  readonly fs: VaultFileSystem;
}

/** A vault file that was made and closed, with some content. */
export async function vaultImage(content: readonly Operation[]): Promise<DiskImage> {
  const disk = new SimulatedDisk(new DiskImage());
  const vault = await createTestVault(new FileStore(NAME, disk, false));
  const fs = await newFileSystem(vault);
  for (const operation of content) await perform(fs, operation);
  await vault.close();
  return disk.durable;
}

/** Opens the vault on a disk for writing. @throws what opening throws; nothing is open then */
export async function openFileVault(disk: SimulatedDisk): Promise<Session> {
  const vault = await openTestVault(new FileStore(NAME, disk, false));
  return { vault, fs: await newFileSystem(vault) };
}

/**
 * Opens what a crash left as anybody would, and checks it.
 * @returns a portrait of what is there
 * @throws Error when it does not open or is not whole
 */
export async function survey(image: DiskImage): Promise<string> {
  const { vault, fs } = await openFileVault(new SimulatedDisk(image));
  const found = await portraitOf(fs);
  await fs.reclaimOrphans();
  await vault.commit();
  await expectWhole(vault);
  await vault.abandon();
  return found;
}
