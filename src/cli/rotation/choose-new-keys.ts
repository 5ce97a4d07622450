/**
 * Which keys open a vault under its new vault key.
 *
 * Password slots need their passwords, since nothing public is known of them. Recipients and recovery codes do not, but the
 * key directory is in clear text: whoever could write to the vault, and had its key, may have put a recipient there. So they
 * are shown, and somebody says that they are right.
 *
 * @module
 */
import { UsageError } from "../../core/base/errors.ts";
import type { KeySlot } from "../../core/crypto/key-slot.ts";
import { makeNewKeys, type NewKeys } from "../../core/crypto/new-keys.ts";
import type { SecretBytes } from "../../core/crypto/secret-bytes.ts";
import type { Credentials } from "../../core/crypto/unlock.ts";
import type { Vault } from "../../core/vault/vault.ts";
import { nodePlatform } from "../../platform/node-platform.ts";
import type { CliContext } from "../context.ts";
import { Questions } from "../discord/questions.ts";
import { printable } from "../output/human.ts";
import { obtainOtherPasswords } from "../password/sources.ts";

/** Options that say which keys stay. */
export const newKeysOptions = {
  "other-password-file": {
    type: "string",
    array: true,
    describe: "Keep the keys of the password in this file too",
    requiresArg: true,
  },
  "drop-others": {
    type: "boolean",
    default: false,
    describe: "Remove keys whose passwords are not given",
  },
  yes: {
    alias: "y",
    type: "boolean",
    default: false,
    describe: "The recipients and recovery codes that key list shows are right",
  },
} as const;

/** Values of {@link newKeysOptions}. */
export interface NewKeysChoice {
  readonly "other-password-file": readonly string[] | undefined;
  readonly "drop-others": boolean;
  readonly yes: boolean;
}

/**
 * Makes a new vault key and its slots.
 * @param credentials - what opened the vault
 * @throws UsageError USAGE when passwords are missing, or nobody said that the others are right; CANCELLED
 */
export async function chooseNewKeys(
  context: CliContext,
  { id, keys }: Pick<Vault, "id" | "keys">,
  { password }: Credentials,
  choice: NewKeysChoice,
): Promise<NewKeys> {
  const others = obtainOtherPasswords(context, choice["other-password-file"] ?? []);
  const passwords: readonly SecretBytes[] = [...(password ? [password] : []), ...others];
  try {
    const made = await makeNewKeys(nodePlatform, id, keys.list(), passwords);
    try {
      checkDropped(made, choice["drop-others"]);
      await confirmKept(context, made.slots, choice.yes);
      return made;
    } catch (error) {
      made.vaultKey.wipe();
      throw error;
    }
  } finally {
    for (const other of others) other.wipe();
  }
}

/** @throws UsageError USAGE */
function checkDropped({ slots, dropped }: NewKeys, mayDrop: boolean): void {
  if (slots.length === 0) {
    throw new UsageError("USAGE", "no key would be left that opens the vault");
  }
  if (dropped.length === 0 || mayDrop) return;
  const names = dropped.map((slot) => printable(nameOf(slot))).join(", ");
  throw new UsageError(
    "USAGE",
    `a new vault key needs the passwords of all keys that are to stay; missing: ${names}. Give them by --other-password-file, or let the keys go by --drop-others`,
  );
}

/** @throws UsageError USAGE, CANCELLED */
async function confirmKept(
  context: CliContext,
  slots: readonly KeySlot[],
  isConfirmed: boolean,
): Promise<void> {
  const trusted = slots.filter(({ kind }) => kind === "recipient" || kind === "recovery");
  if (trusted.length === 0 || isConfirmed) return;
  const questions = new Questions(context);
  const names = trusted.map((slot) => printable(nameOf(slot)));
  if (!questions.canAsk) {
    throw new UsageError(
      "USAGE",
      `these keys would open the vault too: ${names.join(", ")}; say --yes when they are right, or remove them first`,
    );
  }
  try {
    for (const name of names) questions.say(`  ${name}`);
    if (await questions.confirm("These keys will open the vault too. Are they right?")) return;
    throw new UsageError("CANCELLED", "nothing was changed; dvault key remove takes a key away");
  } finally {
    await questions.close();
  }
}

function nameOf(slot: KeySlot): string {
  const what = slot.kind === "recipient" ? slot.recipient : slot.kind;
  return [slot.id, what, slot.label].filter(Boolean).join(" ");
}
