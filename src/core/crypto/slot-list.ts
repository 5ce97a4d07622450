/**
 * Changes to the list of key slots; each gives a new list.
 *
 * @module
 */
import { utf8 } from "../base/bytes.ts";
import { KeyError, UsageError } from "../base/errors.ts";
import { type KeySlot, LABEL_MAX } from "./key-slot.ts";

/** @throws UsageError USAGE when the label is too long */
export function addSlot(slots: readonly KeySlot[], slot: KeySlot): readonly KeySlot[] {
  if (utf8(slot.label).length > LABEL_MAX) {
    throw new UsageError("USAGE", `the label of a key slot has at most ${LABEL_MAX} bytes`);
  }
  return [...slots, slot];
}

/** @throws KeyError NO_SUCH_SLOT; LAST_SLOT when none would be left that this program can open */
export function removeSlot(slots: readonly KeySlot[], id: string): readonly KeySlot[] {
  findSlot(slots, id);
  const rest = slots.filter((slot) => slot.id !== id);
  if (rest.every((slot) => slot.kind === "unknown")) {
    throw new KeyError(
      "LAST_SLOT",
      `key slot ${id} is the last one: add another before removing it`,
    );
  }
  return rest;
}

/**
 * Puts a slot in another's place: how a password is changed.
 * @throws KeyError NO_SUCH_SLOT
 */
export function replaceSlot(
  slots: readonly KeySlot[],
  id: string,
  by: KeySlot,
): readonly KeySlot[] {
  findSlot(slots, id);
  return slots.map((slot) => (slot.id === id ? by : slot));
}

/** @throws KeyError NO_SUCH_SLOT */
export function findSlot(slots: readonly KeySlot[], id: string): KeySlot {
  const found = slots.find((slot) => slot.id === id);
  if (found === undefined) throw new KeyError("NO_SUCH_SLOT", `the vault has no key slot ${id}`);
  return found;
}
