/**
 * Inode numbers of several file systems in one: the vault's own stay as they are, those of each snapshot that is looked
 * at stand in a slot of their own.
 *
 *     number = slot * 2^40 + inode
 *
 *     slot 0     the vault
 *     slot 1     the directory of the snapshots
 *     from 2 on  a snapshot each, as long as it is there or the kernel holds one of its inodes
 *
 * @module
 */
import { FsError } from "../../base/errors.ts";
import type { Snapshot } from "../../format/commit-root.ts";

/** Inodes of a slot: vaults that ever made more than 10^12 are out of sight. */
const SLOT_INODES: number = 2 ** 40;

const FIRST_SLOT = 2;

/** Slots that safe integers have room for. */
const SLOTS_MAX: number = 2 ** 13;

/** Number of the directory that lists the snapshots. */
export const SNAPSHOTS_INO: number = SLOT_INODES;

/** A snapshot that is looked at. */
export interface Slot<View> {
  readonly snapshot: Snapshot;
  readonly view: View;
  /** Added to inode numbers of the snapshot. */
  readonly base: number;
  /** References the kernel holds. */
  references: number;
}

export class SnapshotSlots<View> {
  readonly #slots = new Map<number, Slot<View>>();

  /** The slot a number stands in; undefined for numbers of the vault and of the directory. */
  slotOf(number: number): Slot<View> | undefined {
    if (number < SLOT_INODES * FIRST_SLOT) return undefined;
    const slot = this.#slots.get(Math.floor(number / SLOT_INODES));
    if (slot === undefined) throw new FsError("ESTALE", `inode ${number} is of no snapshot`);
    return slot;
  }

  /**
   * The slot of a snapshot, made when it has none.
   * @throws FsError EBUSY when too many are in use
   */
  enter(
    snapshot: Snapshot,
    isListed: (snapshot: Snapshot) => boolean,
    view: () => View,
  ): Slot<View> {
    for (const slot of this.#slots.values()) {
      const { id, generation } = slot.snapshot;
      if (id === snapshot.id && generation === snapshot.generation) return slot;
    }
    for (const [index, slot] of this.#slots) {
      if (slot.references === 0 && !isListed(slot.snapshot)) this.#slots.delete(index);
    }
    for (let index = FIRST_SLOT; index < SLOTS_MAX; index++) {
      if (this.#slots.has(index)) continue;
      const slot = { snapshot, view: view(), base: index * SLOT_INODES, references: 0 };
      this.#slots.set(index, slot);
      return slot;
    }
    throw new FsError("EBUSY", `${SLOTS_MAX} snapshots are in use at once`);
  }
}
