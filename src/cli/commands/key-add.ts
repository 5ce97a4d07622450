/**
 * `dvault key add`: lets another password or recipient open a vault.
 *
 * @module
 */
import type { Argon2Cost } from "../../core/base/platform.ts";
import type { KeySlot, VaultSecret } from "../../core/crypto/key-slot.ts";
import { makePasswordSlot } from "../../core/crypto/password-slot.ts";
import { makeRecipientSlot } from "../../core/crypto/recipient-slot.ts";
import { nodePlatform } from "../../platform/node-platform.ts";
import { type Command, defineCommand } from "../command.ts";
import { type CliContext, writeTo } from "../context.ts";
import { costOf, kdfOptions } from "../create-vault.ts";
import { openingOptions } from "../opening-options.ts";
import {
  type NewPasswordChoice,
  newPasswordOptions,
  obtainNewPassword,
  PASSWORD_NOTE,
} from "../password/sources.ts";
import { publishOptions } from "../publish.ts";
import { writeVault } from "../vault-access.ts";

/** Adds key slots. */
export const keyAddCommand: Command = defineCommand({
  names: ["add"],
  summary: "Let another password, or an age recipient, open a vault",
  usage: "[vault]",
  operands: [0, 1],
  options: {
    recipient: {
      type: "string",
      describe: "Add an age recipient (age1…) instead of a password",
      requiresArg: true,
    },
    label: { type: "string", default: "", describe: "What to call the key", requiresArg: true },
    ...kdfOptions,
    ...publishOptions,
    ...openingOptions,
    ...newPasswordOptions,
  },
  examples: [
    [
      "dvault key add work --label laptop",
      "asks for a password of the vault, then for the new one",
    ],
    ["dvault key add work --recipient age1…", "somebody opens it with an identity file"],
  ],
  notes: `Prints the id of the new key. The new password may also stand in DVAULT_NEW_PASSWORD. ${PASSWORD_NOTE}`,
  async run(context, { operands: [vault = ""], options }) {
    const argon2 = costOf(options);
    return writeVault(
      context,
      { vault, opening: options, publication: options },
      async ({ vault: { keys } }) => {
        const slot = await makeSlot(context, keys.secret, { ...options, argon2 });
        await keys.add(slot);
        await writeTo(context.stdout, `${slot.id}\n`);
        return undefined;
      },
    );
  },
});

interface NewSlot extends NewPasswordChoice {
  readonly recipient: string | undefined;
  readonly label: string;
  readonly argon2: Argon2Cost;
}

async function makeSlot(context: CliContext, secret: VaultSecret, slot: NewSlot): Promise<KeySlot> {
  const { recipient, label, argon2 } = slot;
  if (recipient !== undefined) {
    return makeRecipientSlot(nodePlatform, secret, { label, recipient });
  }
  const password = await obtainNewPassword(context, slot, label === "" ? "the key" : label);
  try {
    return await makePasswordSlot(nodePlatform, secret, password, { label, argon2 });
  } finally {
    password.wipe();
  }
}
