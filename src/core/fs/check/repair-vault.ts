/**
 * Sets right what a check finds, as far as that takes no guessing.
 *
 * Mending one thing may show another (an inode whose directory is gone has no name), so it goes on in rounds until a
 * check finds nothing more to mend. What was lost stays lost: pages that do not open go on to give EIO where they are,
 * and inodes whose names are gone are found in `lost+found`.
 *
 * @module
 */
import { FsError, PageError } from "../../base/errors.ts";
import type { Vault } from "../../vault/vault.ts";
import {
  type CheckOptions,
  type CheckReport,
  checkVault,
  type LocatedFinding,
} from "./check-vault.ts";
import type { Mend, Owner } from "./mends.ts";

/** Rounds after which mending is given up: every level of a lost tree part takes one at most. */
const ROUNDS_MAX = 12;

/** How a vault is repaired. */
export interface RepairOptions extends CheckOptions {
  /** Who owns what has lost its attributes. */
  readonly owner: Owner;
}

/** What a repair did. */
export interface RepairReport {
  /** What was set right, in the order it was done. */
  readonly mended: readonly LocatedFinding[];
  /** How the vault is now. */
  readonly after: CheckReport;
}

/**
 * Repairs a vault that is open for writing and used by nobody else; open it with `findPages`, so that nothing in use
 * is overwritten meanwhile.
 *
 * @throws StoreError, CommitError
 */
export async function repairVault(vault: Vault, options: RepairOptions): Promise<RepairReport> {
  const mended: LocatedFinding[] = [];
  const structure = { ...options, readData: false };
  // The space map was found anew and is to be kept, whatever else there is to mend.
  vault.markDirty();
  if (await hasDamagedDirectory(vault)) await vault.keys.renew();
  for (let round = 0; round < ROUNDS_MAX; round++) {
    await vault.commit();
    const { findings } = await checkVault(vault, structure);
    const done = await mendAll(vault, findings, options.owner);
    mended.push(...done);
    if (done.length === 0) break;
  }
  await vault.commit();
  return { mended, after: await checkVault(vault, options) };
}

/** Whether a copy of the key directory does not open; the slots are known from the other. */
async function hasDamagedDirectory(vault: Vault): Promise<boolean> {
  const inspection = vault.inspect();
  const copies = await inspection.read("key-directory", inspection.keyDirectories);
  return copies.some((page) => page instanceof PageError);
}

/**
 * First what is lost is taken out, since links can be counted only in a tree that is whole.
 * @returns what was mended
 */
async function mendAll(
  vault: Vault,
  findings: readonly LocatedFinding[],
  owner: Owner,
): Promise<readonly LocatedFinding[]> {
  const done: LocatedFinding[] = [];
  for (const finding of findings) {
    if (finding.node !== undefined && (await vault.nodes.prune(finding.node))) done.push(finding);
  }
  if (done.length > 0) return done;
  for (const finding of findings) {
    if (finding.mend !== undefined && (await tryMend(vault, finding.mend, owner)))
      done.push(finding);
  }
  return done;
}

/** @returns false when something that is damaged or missing is in the way */
async function tryMend(vault: Vault, mend: Mend, owner: Owner): Promise<boolean> {
  try {
    await vault.transact((transaction) => mend(transaction, owner));
    return true;
  } catch (error) {
    if (error instanceof PageError || error instanceof FsError) return false;
    throw error;
  }
}
