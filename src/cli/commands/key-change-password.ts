/**
 * `dvault key change-password`: puts a new password in the place of an old one; no data is written again.
 *
 * @module
 */
import { UsageError } from "../../core/base/errors.ts";
import type { KeySlot, PasswordSlot } from "../../core/crypto/key-slot.ts";
import { makePasswordSlot } from "../../core/crypto/password-slot.ts";
import type { KeyRing } from "../../core/vault/key-ring.ts";
import { nodePlatform } from "../../platform/node-platform.ts";
import { type Command, defineCommand } from "../command.ts";
import { warn, writeTo } from "../context.ts";
import { costOf, kdfOptions } from "../create-vault.ts";
import { openingOptions } from "../opening-options.ts";
import { newPasswordOptions, obtainNewPassword, PASSWORD_NOTE } from "../password/sources.ts";
import { publishOptions } from "../publish.ts";
import { writeVault } from "../vault-access.ts";
import { findSlotByPrefix } from "./key-remove.ts";

/** Changes passwords. */
export const keyChangePasswordCommand: Command = defineCommand({
  names: ["change-password", "passwd"],
  summary: "Change a password of a vault",
  usage: "[vault]",
  operands: [0, 1],
  options: {
    key: {
      type: "string",
      describe: "Id of the key to change; the one used to open the vault when left out",
      requiresArg: true,
    },
    ...kdfOptions,
    ...publishOptions,
    ...openingOptions,
    ...newPasswordOptions,
  },
  examples: [
    ["dvault key change-password work", "asks for the old password, then the new one twice"],
  ],
  notes: `The data is not sealed anew: a copy of the vault that was made before still opens with the old password. The new password may also stand in DVAULT_NEW_PASSWORD. ${PASSWORD_NOTE}`,
  async run(context, { operands: [vault = ""], options }) {
    const argon2 = costOf(options);
    return writeVault(
      context,
      { vault, opening: options, publication: options },
      async ({ vault: { keys } }) => {
        const old = slotToChange(keys, options.key);
        const password = await obtainNewPassword(context, options, old.label || "the vault");
        try {
          const { label } = old;
          const slot = await makePasswordSlot(nodePlatform, keys.secret, password, {
            label,
            argon2,
          });
          await keys.replace(old.id, slot);
          await writeTo(context.stdout, `${slot.id}\n`);
        } finally {
          password.wipe();
        }
        warn(context, "copies of the vault made before still open with the old password");
        return undefined;
      },
    );
  },
});

function slotToChange(keys: KeyRing, prefix: string | undefined): PasswordSlot {
  const slot: KeySlot = findSlotByPrefix(keys.list(), prefix ?? keys.openedWith);
  if (slot.kind === "password") return slot;
  throw new UsageError("USAGE", `key ${slot.id} is no password: name one with --key, or add one`);
}
