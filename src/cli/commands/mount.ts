/**
 * `dvault mount`: mounts a vault and leaves a process behind that serves it.
 *
 * @module
 */
import { lstatSync, mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { StoreError } from "../../core/base/errors.ts";
import type { FileSystem } from "../../core/fs/file-system.ts";
import { VaultFileSystem } from "../../core/fs/vault-file-system.ts";
import { DRIVER_NAMES } from "../../mount/driver-names.ts";
import { loadDriver } from "../../mount/load-driver.ts";
import { prepareMountpoint } from "../../mount/mountpoint.ts";
import { compileEagerly, compileForBursts } from "../../platform/node-engine.ts";
import { nodePlatform } from "../../platform/node-platform.ts";
import { callerOf } from "../caller.ts";
import { type Command, defineCommand } from "../command.ts";
import { compressionOption } from "../compression-option.ts";
import { parsePlace, type VaultPlace } from "../config/vault-place.ts";
import type { VaultReference } from "../config/vault-reference.ts";
import { type CliContext, warn } from "../context.ts";
import { mountInBackground } from "../daemon/background.ts";
import { type MountSecrets, receiveSecrets, sendOutcome } from "../daemon/handover.ts";
import { rehearse } from "../daemon/rehearsal.ts";
import { serveMount } from "../daemon/serve-mount.ts";
import { type DiscordSecrets, type TokenChoice, tokenOptions } from "../discord/discord-secrets.ts";
import { findVault, isFirstUse, makeDefaultVault, writingMount } from "../find-vault.ts";
import {
  type MountChoice,
  mountArguments,
  readMountChoice,
  withMountWords,
} from "../mount-choice.ts";
import { type OpenVault, openVault } from "../open-vault.ts";
import { openingOptions } from "../opening-options.ts";
import { vaultBefore } from "../operands.ts";
import {
  obtainCredentials,
  PASSWORD_NOTE,
  type PasswordChoice,
  wipeCredentials,
} from "../password/sources.ts";
import { describeError } from "../report-error.ts";
import { snapshotAt } from "../snapshots/snapshot-at.ts";
import { findVaultStore, obtainStoreSecrets, openVaultStore } from "../vault-store.ts";

/** Time between two looks for newer commits unless told otherwise, ms. */
const FOLLOW_MS = 30_000;

/** Mounts. */
export const mountCommand: Command = defineCommand({
  names: ["mount"],
  summary: "Mount a vault; returns when the mount answers",
  usage: "[vault] <mountpoint>",
  operands: [1, 2],
  options: {
    foreground: { alias: "f", type: "boolean", default: false, describe: "Stay, until Ctrl-C" },
    "read-only": { alias: "r", type: "boolean", default: false, describe: "Let nobody write" },
    "allow-other": {
      type: "boolean",
      default: false,
      describe: "Let other users in, as far as modes allow",
    },
    idle: {
      type: "string",
      describe: "Unmount when nobody has used the mount for so long, such as 30m",
      requiresArg: true,
    },
    "cache-size": {
      type: "string",
      describe: "Memory for pages, such as 256M",
      requiresArg: true,
    },
    "cpu-latency": {
      type: "string",
      describe:
        "Microseconds that waking a processor may take while the mount is busy, or any; auto unless told, where root mounts",
      requiresArg: true,
    },
    "store-cache": {
      type: "string",
      describe: "Room on this machine for pages of a vault that is elsewhere, such as 4G",
      requiresArg: true,
    },
    "local-budget": {
      type: "string",
      describe: "Most that may wait on this machine to be published; then writers get ENOSPC",
      requiresArg: true,
    },
    "take-over": {
      type: "boolean",
      default: false,
      describe: "Take the right to write from another machine, which then publishes nothing more",
    },
    "older-commit": {
      type: "boolean",
      default: false,
      describe:
        "Go on from an older commit when the newest one cannot be read; what it changed is lost",
    },
    "discard-local": {
      type: "boolean",
      default: false,
      describe: "Give up changes of this machine that another writer's stand against",
    },
    follow: {
      type: "string",
      describe:
        "Seconds between two looks for newer commits, read-only; 30 unless told, 0 for never",
      requiresArg: true,
    },
    at: {
      type: "string",
      describe: "Show a snapshot, or the newest one up to a time, read-only",
      requiresArg: true,
    },
    keep: {
      type: "string",
      describe: "Make snapshots by itself and keep some, such as hourly:24,daily:7,monthly:12",
      requiresArg: true,
    },
    o: {
      type: "string",
      array: true,
      describe: "Mount options as of mount(8); the manual has the list",
      requiresArg: true,
    },
    driver: {
      choices: DRIVER_NAMES,
      describe: "How the kernel is reached (kernel when left out)",
      requiresArg: true,
    },
    sloppy: { alias: "s", type: "boolean", default: false, hidden: true },
    "from-handover": { type: "boolean", default: false, hidden: true },
    ...compressionOption,
    ...openingOptions,
    ...tokenOptions,
  },
  examples: [
    ["dvault mount ~/vault", "the default vault, made now if it does not exist"],
    ["dvault mount work /mnt/work -o ro,allow_other", "read-only, for everybody"],
    ["dvault mount --idle 30m ~/vault", "until nobody has used it for half an hour"],
    ["dvault mount -r --follow 5 work /mnt/work", "what another machine writes, seconds later"],
    ["dvault mount ./a.dvault /mnt/a --foreground", "stay in the foreground"],
    ["dvault mount --keep hourly:24,daily:7 work /mnt/work", "with snapshots by itself"],
    ["dvault mount --at 2026-11-20T18:00Z work /mnt/then", "as it was on that evening"],
  ],
  notes: `The mount point must be an empty directory; for the default vault it is made when missing. dvault unmount ends the mount, as do SIGTERM, SIGINT and SIGHUP to its process, when everything is safe. ${PASSWORD_NOTE}`,
  async run(context, call) {
    const options = withMountWords(call.options);
    const [vault, target] = vaultBefore(call.operands);
    const choice = readMountChoice(options);
    const request = { vault, target, choice, secrets: options };
    if (options["from-handover"]) await mountFromHandover(context, request);
    else await mount(context, request, options.foreground);
    return undefined;
  },
});

interface MountRequest {
  readonly vault: string;
  /** Mount point as written. */
  readonly target: string;
  readonly choice: MountChoice;
  readonly secrets: PasswordChoice & TokenChoice;
}

/** What can be wrong is looked for before a password is asked for. */
async function mount(
  context: CliContext,
  request: MountRequest,
  isForeground: boolean,
): Promise<void> {
  const reference = findVault(context, request.vault);
  const isMadeNow = request.vault === "" && canMakeMountpoint(request.target);
  if (!isMadeNow) await prepareMountpoint(request.target);
  const made = isFirstUse(context, reference)
    ? await makeDefaultVault(context, reference, request.secrets)
    : undefined;
  const store = await obtainStoreSecrets(context, reference.place, request.secrets);
  await checkFree(context, reference, request.choice.readOnly, store);
  const credentials = made ?? (await obtainCredentials(context, request.secrets, reference.label));
  try {
    if (isMadeNow) makeMountpoint(context, request.target);
    const mountpoint = await prepareMountpoint(request.target);
    const { choice } = request;
    const compression = choice.compression ?? reference.compression;
    const mounting = { place: reference.place, mountpoint, choice: { ...choice, compression } };
    if (isForeground) await serve(context, mounting, { credentials, store }, () => undefined);
    else await leaveBehind(context, mounting, { credentials, store });
  } finally {
    wipeCredentials(credentials);
  }
}

/** The process in the background: takes the secrets that were handed over, and tells how it went. */
async function mountFromHandover(context: CliContext, request: MountRequest): Promise<void> {
  let isReady = false;
  const ready = (): void => {
    isReady = true;
    sendOutcome();
  };
  const secrets = receiveSecrets();
  try {
    const place = parsePlace(request.vault);
    await serve(context, { ...request, place, mountpoint: request.target }, secrets, ready);
  } catch (error) {
    if (!isReady) sendOutcome(error);
    throw error;
  } finally {
    wipeCredentials(secrets.credentials);
  }
}

interface Mounting {
  readonly place: VaultPlace;
  /** Canonical. */
  readonly mountpoint: string;
  readonly choice: MountChoice;
}

async function leaveBehind(
  context: CliContext,
  { place, mountpoint, choice }: Mounting,
  secrets: MountSecrets,
): Promise<void> {
  const args = ["mount", "--from-handover", ...mountArguments(choice), "--", place.key, mountpoint];
  await mountInBackground(context, { args, mountpoint, secrets });
}

async function serve(
  context: CliContext,
  { place, mountpoint, choice }: Mounting,
  { credentials, store: secrets }: MountSecrets,
  ready: () => void,
): Promise<void> {
  // Whoever asks for an older commit accepts one.
  const allowsRollback = choice.allowsRollback || choice.olderCommit;
  const store = await openVaultStore(context, place, { ...choice, allowsRollback, secrets });
  const { compression, cacheBytes, followMs = FOLLOW_MS, idleMs, atime } = choice;
  const opening = { credentials, place, allowsRollback, compression, cacheBytes, atime };
  compileEagerly();
  const rehearsed = rehearse()
    .catch((error: unknown) =>
      warn(context, `cannot rehearse, the first calls will take longer: ${describeError(error)}`),
    )
    .finally(compileForBursts);
  const open = await openVault(context, store, opening);
  wipeCredentials(credentials);
  await rehearsed;
  const log = (line: string): void => warn(context, line);
  const options = { ...choice, source: place.key, log };
  const driver = await loadDriver(choice.driver);
  const fs = choice.at === undefined ? undefined : await openAt(open, choice.at);
  const served = { open, name: place.key, mountpoint, options, driver, fs, keep: choice.keep };
  await serveMount(context, { ...served, followMs, idleMs, ready });
}

/** The file system as a snapshot has it; the vault is closed when there is none. */
async function openAt({ vault: { snapshots }, close }: OpenVault, at: string): Promise<FileSystem> {
  try {
    const snapshot = snapshotAt(snapshots.list(), at);
    return new VaultFileSystem(snapshots.view(snapshot), nodePlatform);
  } catch (error) {
    await close();
    throw error;
  }
}

/** Whether a mount point is missing, in a directory of the user's own. */
function canMakeMountpoint(target: string): boolean {
  const path = resolve(target);
  const parent = statSync(dirname(path), { throwIfNoEntry: false });
  return parent?.uid === callerOf().uid && isMissing(path);
}

/** A mount whose process is gone is there, though it answers nothing but ENOTCONN. */
function isMissing(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}

function makeMountpoint(context: CliContext, target: string): void {
  const path = resolve(target);
  mkdirSync(path, { mode: 0o700 });
  warn(context, `made the mount point ${path}`);
}

/** Finds out early what would stop the mount: no vault, or another mount that writes to it. */
async function checkFree(
  context: CliContext,
  reference: VaultReference,
  readOnly: boolean,
  secrets: DiscordSecrets | undefined,
): Promise<void> {
  await findVaultStore(context, reference.place, secrets);
  if (readOnly) return;
  const other = await writingMount(reference);
  if (other === undefined) return;
  const advice = "unmount it, or mount read-only with -r";
  throw new StoreError(
    "STORE_BUSY",
    `${reference.label} is mounted on ${other.mountpoint} already: ${advice}`,
  );
}
