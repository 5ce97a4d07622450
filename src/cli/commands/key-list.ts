/**
 * `dvault key list`: the key slots of a vault.
 *
 * @module
 */
import type { KeySlot } from "../../core/crypto/key-slot.ts";
import { type Command, defineCommand } from "../command.ts";
import { openingOptions } from "../opening-options.ts";
import { isoTime, printable } from "../output/human.ts";
import { writeListing } from "../output/listing.ts";
import { PASSWORD_NOTE } from "../password/sources.ts";
import { readVault } from "../vault-access.ts";

/** A key slot as `--json` shows it. */
interface SlotRecord {
  readonly id: string;
  readonly kind: KeySlot["kind"];
  readonly label: string;
  readonly created: string;
  /** Whether the vault was opened with it now. */
  readonly current: boolean;
  readonly recipient?: string;
  readonly memoryKib?: number;
  readonly passes?: number;
  readonly lanes?: number;
}

/** Lists key slots. */
export const keyListCommand: Command = defineCommand({
  names: ["list", "ls"],
  summary: "List the keys that open a vault",
  usage: "[vault]",
  operands: [0, 1],
  options: {
    json: { type: "boolean", default: false, describe: "Print an array of objects" },
    ...openingOptions,
  },
  examples: [["dvault key list work", "ids, kinds and labels; * marks the key used now"]],
  notes: PASSWORD_NOTE,
  async run(context, { operands: [vault = ""], options }) {
    return readVault(context, { vault, opening: options }, async (open) => {
      const { keys } = open.vault;
      const slots = keys.list().map((slot) => slotRecord(slot, slot.id === keys.openedWith));
      await writeListing(context.stdout, slots, options.json ? "json" : slotLine);
      return undefined;
    });
  },
});

function slotRecord(slot: KeySlot, current: boolean): SlotRecord {
  const { id, kind, label } = slot;
  return {
    id,
    kind,
    label,
    created: isoTime(slot.created),
    current,
    ...(slot.kind === "recipient" ? { recipient: slot.recipient } : {}),
    ...(slot.kind === "password" ? slot.argon2 : {}),
  };
}

function slotLine(slot: SlotRecord): readonly string[] {
  const mark = slot.current ? "*" : " ";
  const what = slot.recipient ?? slot.label;
  const label = slot.recipient !== undefined && slot.label !== "" ? `  ${slot.label}` : "";
  const line = `${mark} ${slot.id}  ${slot.kind.padEnd(9)}  ${slot.created.slice(0, 10)}  ${what}${label}`;
  return [printable(line).trimEnd()];
}
