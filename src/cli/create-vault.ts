/**
 * Makes a vault with its first keys.
 *
 * @module
 */
import { UsageError } from "../core/base/errors.ts";
import type { Argon2Cost } from "../core/base/platform.ts";
import { DEFAULT_ARGON2 } from "../core/crypto/kdf-limits.ts";
import type { KeySlot, VaultSecret } from "../core/crypto/key-slot.ts";
import { makePasswordSlot } from "../core/crypto/password-slot.ts";
import { makeRecipientSlot } from "../core/crypto/recipient-slot.ts";
import type { SecretBytes } from "../core/crypto/secret-bytes.ts";
import { S_IFDIR } from "../core/fs/file-system.ts";
import { Vault } from "../core/vault/vault.ts";
import { nodePlatform } from "../platform/node-platform.ts";
import { callerOf } from "./caller.ts";
import type { Compression } from "./config/config.ts";
import type { VaultPlace } from "./config/vault-place.ts";
import type { CliContext } from "./context.ts";
import type { DiscordSecrets } from "./discord/discord-secrets.ts";
import { type OpenVault, startVault } from "./open-vault.ts";
import { hasPasswordOption, obtainFirstPassword, type PasswordChoice } from "./password/sources.ts";
import { publishVisibly } from "./publish.ts";
import { createVaultStore } from "./vault-store.ts";

/** Mode of a new vault's root directory. */
const ROOT_MODE = S_IFDIR | 0o755;

/** Options of commands that make key slots. */
export const kdfOptions = {
  "kdf-memory": {
    type: "number",
    default: (DEFAULT_ARGON2.memoryKib / 1024) as number,
    describe: "MiB of memory that each guess of the password costs",
    requiresArg: true,
  },
  "kdf-passes": {
    type: "number",
    default: DEFAULT_ARGON2.passes as number,
    describe: "Passes over that memory",
    requiresArg: true,
  },
} as const;

/** Options of commands that make a vault, beside {@link kdfOptions}. */
export const newVaultOptions = {
  recipient: {
    type: "string",
    array: true,
    describe: "Let an age recipient (age1…) open the vault; without a password option, nobody else",
    requiresArg: true,
  },
  label: {
    type: "string",
    default: "",
    describe: "What `dvault key list` calls the keys made now",
    requiresArg: true,
  },
} as const;

/** Values of {@link newVaultOptions} and {@link kdfOptions}. */
export interface NewVaultChoice extends KdfChoice {
  readonly recipient: readonly string[] | undefined;
  readonly label: string;
}

/** Values of {@link kdfOptions}. */
export interface KdfChoice {
  readonly "kdf-memory": number;
  readonly "kdf-passes": number;
}

/** The first keys of a vault. */
export interface FirstKeys {
  /** Absent when only recipients open the vault; the holder's to wipe. */
  readonly password?: SecretBytes;
  readonly recipients: readonly string[];
  readonly label: string;
  readonly argon2: Argon2Cost;
}

/** A vault to be made. */
export interface NewVault {
  /** Borrowed until the vault is made. */
  readonly keys: FirstKeys;
  readonly compression?: Compression | undefined;
  /** Of a place at Discord. */
  readonly secrets?: DiscordSecrets | undefined;
}

/** The keys of a vault about which nothing was said but a password. */
export function passwordOnly(password: SecretBytes): FirstKeys {
  return { password, recipients: [], label: "", argon2: DEFAULT_ARGON2 };
}

/**
 * Asks for what the first keys need.
 *
 * @param subject - what the question calls the vault
 * @throws UsageError USAGE, NO_PASSWORD_SOURCE, CANCELLED
 */
export async function chooseKeys(
  context: CliContext,
  choice: NewVaultChoice & PasswordChoice,
  subject: string,
): Promise<FirstKeys> {
  const recipients = choice.recipient ?? [];
  const keys = { recipients, label: choice.label, argon2: costOf(choice) };
  if (recipients.length > 0 && !hasPasswordOption(choice)) return keys;
  return { ...keys, password: await obtainFirstPassword(context, choice, subject) };
}

/** The cost of deriving a key. @throws UsageError USAGE */
export function costOf(choice: KdfChoice): Argon2Cost {
  const { "kdf-memory": memory, "kdf-passes": passes } = choice;
  if (
    !(memory >= 64 && Number.isSafeInteger(memory) && passes >= 1 && Number.isSafeInteger(passes))
  ) {
    throw new UsageError(
      "USAGE",
      "--kdf-memory takes whole MiB from 64 on, --kdf-passes whole numbers from 1 on",
    );
  }
  return { memoryKib: memory * 1024, passes, lanes: DEFAULT_ARGON2.lanes };
}

/**
 * Makes the store and a vault in it, and publishes that. A file is of mode 0600, directories missing above it of mode 0700. What could not
 * become a vault is removed again.
 *
 * @returns the open vault, the caller's to close
 * @throws StoreError STORE_EXISTS, STORE_DENIED, STORE_FULL, STORE_DOWN; UsageError USAGE for a malformed recipient
 */
export async function createVault(
  context: CliContext,
  place: VaultPlace,
  { keys, compression, secrets }: NewVault,
): Promise<OpenVault> {
  const store = await createVaultStore(context, place, secrets);
  try {
    const { argon2 } = keys;
    const vault = await Vault.create(store.pages, nodePlatform, {
      argon2,
      makeSlots: (secret) => makeSlots(secret, keys),
    });
    const open = startVault(context, vault, store, { place, compression });
    await open.fs.makeRoot({ mode: ROOT_MODE, umask: 0, caller: callerOf() });
    // A vault without a root directory is of no use to whoever finds it after a crash.
    await vault.commit();
    if (store.remote !== undefined) await publishVisibly(context, store.remote);
    return open;
  } catch (error) {
    await store.discard();
    throw error;
  }
}

async function makeSlots(
  secret: VaultSecret,
  { password, recipients, label, argon2 }: FirstKeys,
): Promise<readonly KeySlot[]> {
  const slots: KeySlot[] = [];
  if (password !== undefined) {
    slots.push(await makePasswordSlot(nodePlatform, secret, password, { label, argon2 }));
  }
  for (const recipient of recipients) {
    slots.push(await makeRecipientSlot(nodePlatform, secret, { label, recipient }));
  }
  return slots;
}
