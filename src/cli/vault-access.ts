/**
 * Runs a command's work on the vault it means: finds, unlocks, opens, and closes it again whatever happens.
 *
 * @module
 */
import { CommitError, PageError, StoreError } from "../core/base/errors.ts";
import type { Credentials } from "../core/crypto/unlock.ts";
import { requestFlush, requestSync } from "../mount/registry.ts";
import type { Compression } from "./config/config.ts";
import type { VaultPlace } from "./config/vault-place.ts";
import type { VaultReference } from "./config/vault-reference.ts";
import type { CliContext } from "./context.ts";
import { ExitCode } from "./exit-code.ts";
import { findVault, isFirstUse, makeDefaultVault, writingMount } from "./find-vault.ts";
import { type OpenVault, type OpenVaultOptions, openVault } from "./open-vault.ts";
import type { OpeningChoice } from "./opening-options.ts";
import { obtainCredentials, wipeCredentials } from "./password/sources.ts";
import { type PublishChoice, publish, visibly } from "./publish.ts";
import { openVaultStore, type VaultStore } from "./vault-store.ts";

/** Which vault, and how to unlock it. */
export interface VaultChoice {
  /** Reference as written; empty for the default vault. */
  readonly vault: string;
  readonly opening: OpeningChoice;
  /** What opens it, when that was obtained already; borrowed. */
  readonly credentials?: Credentials;
  /** How new data is stored, when the command line says so. */
  readonly compression?: Compression | undefined;
  /** Whether published pages are taken from this machine where they are kept, as they are unless told. */
  readonly readsCache?: boolean;
}

/** Which vault is written to, and whether to wait until that is published. */
export interface WriteChoice extends VaultChoice {
  readonly publication: PublishChoice;
  /** See {@link OpenVaultOptions.findPages}. */
  readonly findPages?: OpenVaultOptions["findPages"];
}

/** What is done with an open vault. @returns an exit code when it is not simply done */
export type VaultWork = (
  open: OpenVault & { readonly place: VaultPlace },
) => Promise<ExitCode | undefined>;

/**
 * Works on a vault opened for reading, as of its last commit. A mount that writes to it commits first, so that what was
 * done there is seen.
 */
export async function readVault(
  context: CliContext,
  choice: VaultChoice,
  work: VaultWork,
): Promise<ExitCode> {
  const reference = findVault(context, choice.vault);
  const open = await unlock(context, reference, { ...choice, readOnly: true });
  try {
    return (await work({ ...open, place: reference.place })) ?? ExitCode.done;
  } catch (error) {
    throw error instanceof PageError ? await explainPage(error, reference) : error;
  } finally {
    await open.close();
  }
}

/**
 * Works on a vault opened for writing, and publishes what was done. What was done stays when the work ends early: at
 * Ctrl-C, or by an error of its own.
 *
 * @throws StoreError STORE_BUSY when it is mounted or another command writes to it
 */
export async function writeVault(
  context: CliContext,
  choice: WriteChoice,
  work: VaultWork,
): Promise<ExitCode> {
  const reference = findVault(context, choice.vault);
  const mount = await writingMount(reference);
  if (mount !== undefined) {
    const place = mount.mountpoint;
    throw new StoreError(
      "STORE_BUSY",
      `${reference.label} is mounted on ${place}: work there, or unmount it`,
    );
  }
  const open = await unlock(context, reference, { ...choice, readOnly: false });
  const body = (): ReturnType<VaultWork> => work({ ...open, place: reference.place });
  return finishWork(context, open, choice.publication, body);
}

/** Runs work on a vault that is open for writing, publishes what was done, and closes it. */
export async function finishWork(
  context: CliContext,
  open: OpenVault,
  publication: PublishChoice,
  work: () => Promise<ExitCode | undefined>,
): Promise<ExitCode> {
  let exitCode: ExitCode | undefined;
  try {
    exitCode = await work();
  } catch (error) {
    if (error instanceof StoreError || error instanceof CommitError) await open.vault.abandon();
    else await publishAndClose(context, open, publication);
    throw error;
  }
  await publishAndClose(context, open, publication);
  return exitCode ?? ExitCode.done;
}

async function publishAndClose(
  context: CliContext,
  open: OpenVault,
  publication: PublishChoice,
): Promise<void> {
  try {
    await publish(context, open, publication);
  } finally {
    await open.close();
  }
}

interface Unlocking extends VaultChoice {
  readonly readOnly: boolean;
  readonly findPages?: OpenVaultOptions["findPages"];
}

/** The store is opened before the password is asked for, so that what is wrong with it is told first. */
async function unlock(
  context: CliContext,
  reference: VaultReference,
  { opening, credentials: obtained, compression, readOnly, readsCache, findPages }: Unlocking,
): Promise<OpenVault> {
  const allowsRollback = opening["allow-rollback"];
  const made = isFirstUse(context, reference)
    ? await makeDefaultVault(context, reference, opening)
    : undefined;
  const store = await openVaultStore(context, reference.place, {
    readOnly,
    readsCache,
    allowsRollback,
  });
  const credentials =
    made ?? obtained ?? (await obtainCredentials(context, opening, reference.label));
  try {
    if (readOnly) await settleMount(context, reference, store);
    return await openVault(context, store, {
      credentials,
      place: reference.place,
      allowsRollback,
      compression: compression ?? reference.compression,
      findPages,
    });
  } finally {
    if (credentials !== obtained) wipeCredentials(credentials);
  }
}

/** Lets a store that is open for reading see what was done on a mount that writes to it. */
async function settleMount(
  context: CliContext,
  reference: VaultReference,
  { remote }: VaultStore,
): Promise<void> {
  const mount = await writingMount(reference);
  if (mount === undefined) return;
  if (remote === undefined) {
    await requestSync(mount.mountpoint);
    return;
  }
  await visibly(context, (asker) => requestFlush(mount.mountpoint, asker));
  await remote.refresh(context.signal);
}

/** A page may also be missing because a mount went on and used its place again. */
async function explainPage(error: PageError, reference: VaultReference): Promise<PageError> {
  const mount = await writingMount(reference);
  if (mount === undefined) return error;
  const advice = `${error.message}; perhaps the mount on ${mount.mountpoint} changed it meanwhile: read it there`;
  return Object.assign(new PageError(error.code, error.address, "", { cause: error }), {
    message: advice,
  });
}
