/**
 * `dvault key remove`: a password or recipient opens a vault no more.
 *
 * @module
 */
import { KeyError } from "../../core/base/errors.ts";
import type { KeySlot } from "../../core/crypto/key-slot.ts";
import { type Command, defineCommand } from "../command.ts";
import { warn } from "../context.ts";
import { openingOptions } from "../opening-options.ts";
import { vaultBefore } from "../operands.ts";
import { PASSWORD_NOTE } from "../password/sources.ts";
import { publishOptions } from "../publish.ts";
import { writeVault } from "../vault-access.ts";

/** Removes key slots. */
export const keyRemoveCommand: Command = defineCommand({
  names: ["remove", "rm"],
  summary: "Let a key open a vault no more",
  usage: "[vault] <key id>",
  operands: [1, 2],
  options: { ...publishOptions, ...openingOptions },
  examples: [
    ["dvault key remove work 3f", "the key whose id begins so; dvault key list shows ids"],
  ],
  notes: `The last key cannot be removed. Whoever has opened the vault with the key may have kept what lies behind it, so only dvault key rotate shuts them out of what is written from then on; a copy of the vault that was made before still opens. ${PASSWORD_NOTE}`,
  async run(context, { operands, options }) {
    const [vault, id] = vaultBefore(operands);
    const access = { vault, opening: options, publication: options };
    return writeVault(context, access, async ({ vault: { keys } }) => {
      const slot = findSlotByPrefix(keys.list(), id);
      await keys.remove(slot.id);
      warn(
        context,
        `removed key ${slot.id}; whoever has opened the vault with it can go on reading it: run dvault key rotate to shut them out. Copies of the vault made before still open with it`,
      );
      return undefined;
    });
  },
});

/** @throws KeyError NO_SUCH_SLOT when none, or more than one, begins so */
export function findSlotByPrefix(slots: readonly KeySlot[], prefix: string): KeySlot {
  const [found, ...others] = slots.filter((slot) => prefix !== "" && slot.id.startsWith(prefix));
  if (found === undefined) throw new KeyError("NO_SUCH_SLOT", `the vault has no key ${prefix}`);
  if (others.length > 0) {
    throw new KeyError("NO_SUCH_SLOT", `several keys begin with ${prefix}: give more digits`);
  }
  return found;
}
