/**
 * `dvault mount`: mounts a vault and leaves a process behind that serves it.
 *
 * @module
 */
import { lstatSync, mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { StoreError } from "../../core/base/errors.ts";
import type { Credentials } from "../../core/crypto/unlock.ts";
import { DRIVER_NAMES } from "../../mount/driver-names.ts";
import { loadDriver } from "../../mount/load-driver.ts";
import { prepareMountpoint } from "../../mount/mountpoint.ts";
import { FileStore } from "../../stores/file/file-store.ts";
import { callerOf } from "../caller.ts";
import { type Command, defineCommand } from "../command.ts";
import { compressionOption } from "../compression-option.ts";
import type { VaultReference } from "../config/vault-reference.ts";
import { type CliContext, warn } from "../context.ts";
import { mountInBackground } from "../daemon/background.ts";
import { receiveCredentials, sendOutcome } from "../daemon/handover.ts";
import { serveMount } from "../daemon/serve-mount.ts";
import { findVault, isFirstUse, makeDefaultVault, writingMount } from "../find-vault.ts";
import {
  type MountChoice,
  mountArguments,
  readMountChoice,
  withMountWords,
} from "../mount-choice.ts";
import { openVault } from "../open-vault.ts";
import {
  obtainCredentials,
  PASSWORD_NOTE,
  type PasswordChoice,
  passwordOptions,
  wipeCredentials,
} from "../password/sources.ts";

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
    ...passwordOptions,
  },
  examples: [
    ["dvault mount ~/vault", "the default vault, made now if it does not exist"],
    ["dvault mount work /mnt/work -o ro,allow_other", "read-only, for everybody"],
    ["dvault mount --idle 30m ~/vault", "until nobody has used it for half an hour"],
    ["dvault mount ./a.dvault /mnt/a --foreground", "stay in the foreground"],
  ],
  notes: `The mount point must be an empty directory; for the default vault it is made when missing. dvault unmount ends the mount, as do SIGTERM, SIGINT and SIGHUP to its process, when everything is safe. ${PASSWORD_NOTE}`,
  async run(context, call) {
    const { operands } = call;
    const options = withMountWords(call.options);
    const [vault, place] = operands.length === 2 ? operands : ["", operands[0]];
    const choice = readMountChoice(options);
    const request = { vault: vault ?? "", place: place ?? "", choice, password: options };
    if (options["from-handover"]) await mountFromHandover(context, request);
    else await mount(context, request, options.foreground);
    return undefined;
  },
});

interface MountRequest {
  readonly vault: string;
  /** Mount point as written. */
  readonly place: string;
  readonly choice: MountChoice;
  readonly password: PasswordChoice;
}

/** What can be wrong is looked for before a password is asked for. */
async function mount(
  context: CliContext,
  request: MountRequest,
  isForeground: boolean,
): Promise<void> {
  const reference = findVault(context, request.vault);
  const isMadeNow = request.vault === "" && canMakeMountpoint(request.place);
  if (!isMadeNow) await prepareMountpoint(request.place);
  const made = isFirstUse(context, reference)
    ? await makeDefaultVault(context, reference, request.password)
    : undefined;
  await checkFree(reference, request.choice);
  const credentials = made ?? (await obtainCredentials(context, request.password, reference.label));
  try {
    if (isMadeNow) makeMountpoint(context, request.place);
    const mountpoint = await prepareMountpoint(request.place);
    const { choice } = request;
    const compression = choice.compression ?? reference.compression;
    const mounting = { path: reference.path, mountpoint, choice: { ...choice, compression } };
    if (isForeground) await serve(context, mounting, credentials, () => undefined);
    else await leaveBehind(context, mounting, credentials);
  } finally {
    wipeCredentials(credentials);
  }
}

/** The process in the background: takes the credentials that were handed over, and tells how it went. */
async function mountFromHandover(context: CliContext, request: MountRequest): Promise<void> {
  let isReady = false;
  const ready = (): void => {
    isReady = true;
    sendOutcome();
  };
  const credentials = receiveCredentials();
  try {
    const path = resolve(request.vault);
    await serve(context, { ...request, path, mountpoint: request.place }, credentials, ready);
  } catch (error) {
    if (!isReady) sendOutcome(error);
    throw error;
  } finally {
    wipeCredentials(credentials);
  }
}

interface Mounting {
  /** Absolute path of the vault file. */
  readonly path: string;
  /** Canonical. */
  readonly mountpoint: string;
  readonly choice: MountChoice;
}

async function leaveBehind(
  context: CliContext,
  { path, mountpoint, choice }: Mounting,
  credentials: Credentials,
): Promise<void> {
  const args = ["mount", "--from-handover", ...mountArguments(choice), "--", path, mountpoint];
  await mountInBackground(context, { args, mountpoint, credentials });
}

async function serve(
  context: CliContext,
  { path, mountpoint, choice }: Mounting,
  credentials: Credentials,
  ready: () => void,
): Promise<void> {
  const store = FileStore.open(path, { readOnly: choice.readOnly });
  const { compression, cacheBytes } = choice;
  const atime = choice.noatime ? "noatime" : "relatime";
  const open = await openVault(context, store, { credentials, compression, cacheBytes, atime });
  wipeCredentials(credentials);
  const log = (line: string): void => warn(context, line);
  const options = { ...choice, source: path, log };
  const driver = await loadDriver(choice.driver);
  const { idleMs } = choice;
  await serveMount(context, { open, name: path, mountpoint, options, driver, idleMs, ready });
}

/** Whether a mount point is missing, in a directory of the user's own. */
function canMakeMountpoint(place: string): boolean {
  const path = resolve(place);
  const parent = statSync(dirname(path), { throwIfNoEntry: false });
  const isMissing = lstatSync(path, { throwIfNoEntry: false }) === undefined;
  return isMissing && parent?.uid === callerOf().uid;
}

function makeMountpoint(context: CliContext, place: string): void {
  const path = resolve(place);
  mkdirSync(path, { mode: 0o700 });
  warn(context, `made the mount point ${path}`);
}

/** Finds out early what would stop the mount: no file, or another mount that writes to it. */
async function checkFree(reference: VaultReference, choice: MountChoice): Promise<void> {
  FileStore.open(reference.path, { readOnly: true }).close();
  if (choice.readOnly) return;
  const other = await writingMount(reference);
  if (other === undefined) return;
  const advice = "unmount it, or mount read-only with -r";
  throw new StoreError(
    "STORE_BUSY",
    `${reference.label} is mounted on ${other.mountpoint} already: ${advice}`,
  );
}
