/**
 * `dvault key export-recovery`: a code that opens a vault when every password is lost.
 *
 * @module
 */
import { unlinkSync } from "node:fs";
import { UsageError } from "../../core/base/errors.ts";
import { makeRecoverySlot } from "../../core/crypto/recovery-slot.ts";
import { nodePlatform } from "../../platform/node-platform.ts";
import { type Command, defineCommand } from "../command.ts";
import { makeOwnerFile } from "../config/owner-file.ts";
import { warn, writeTo } from "../context.ts";
import { openingOptions } from "../opening-options.ts";
import { PASSWORD_NOTE } from "../password/sources.ts";
import { publishOptions } from "../publish.ts";
import { isSystemError, reasonOf } from "../report-error.ts";
import { writeVault } from "../vault-access.ts";

/** Makes a recovery code. */
export const keyExportRecoveryCommand: Command = defineCommand({
  names: ["export-recovery"],
  summary: "Make a recovery code, which opens a vault when every password is lost",
  usage: "[vault]",
  operands: [0, 1],
  options: {
    output: {
      alias: "o",
      type: "string",
      describe: "Write the code to a new file of mode 0600 instead",
      requiresArg: true,
    },
    label: { type: "string", default: "", describe: "What to call the key", requiresArg: true },
    json: { type: "boolean", default: false, describe: "Print an object" },
    ...publishOptions,
    ...openingOptions,
  },
  examples: [
    ["dvault key export-recovery work", "prints the code, once: write it down"],
    ["dvault mount work --recovery-code", "asks for the code instead of a password"],
  ],
  notes: `The code is kept nowhere, and whoever has it opens the vault. Each run makes a further code; dvault key list shows them, dvault key remove takes them back. JSON: vault, id, and code or file. ${PASSWORD_NOTE}`,
  async run(context, { operands: [vault = ""], options }) {
    const { label, output, json } = options;
    const access = { vault, opening: options, publication: options };
    return writeVault(context, access, async ({ vault: { keys }, place }) => {
      const { slot, code } = await makeRecoverySlot(nodePlatform, keys.secret, label);
      const { id } = slot;
      if (output === undefined) await keys.add(slot);
      else await addWithFile(output, code, () => keys.add(slot));
      const given = output === undefined ? { code } : { file: output };
      const plain = output === undefined ? code : id;
      const text = json ? JSON.stringify({ vault: place.key, id, ...given }) : plain;
      await writeTo(context.stdout, `${text}\n`);
      if (!json) warn(context, `key ${id} is this recovery code; it is not shown again`);
      return undefined;
    });
  },
});

/**
 * Writes a code to a new file first, and removes that again when the slot cannot be added.
 * @throws UsageError USAGE when there is such a file or it cannot be written
 */
async function addWithFile(
  path: string,
  code: string,
  addSlot: () => Promise<void>,
): Promise<void> {
  try {
    makeOwnerFile(path, `${code}\n`);
  } catch (error) {
    throw unwritable(path, error);
  }
  try {
    await addSlot();
  } catch (error) {
    unlinkSync(path);
    throw error;
  }
}

function unwritable(path: string, cause: unknown): UsageError {
  const reason = isSystemError(cause) ? reasonOf(cause) : String(cause);
  return new UsageError("USAGE", `cannot write the recovery code to ${path}: ${reason}`, { cause });
}
