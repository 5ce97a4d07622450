/**
 * The key slots of an open vault. Each change writes a new key directory and commits; data stays as it is, so an old copy
 * of the vault still opens with a slot that was removed since.
 *
 * @module
 */
import type { KeySlot, VaultSecret } from "../crypto/key-slot.ts";
import { addSlot, removeSlot, replaceSlot } from "../crypto/slot-list.ts";
import { encodeKeyDirectory } from "../format/key-directory.ts";
import type { Committer, VaultParts } from "./committer.ts";
import { addKeyDirectories } from "./key-directories.ts";
import type { OpenedState } from "./open-state.ts";

export class KeyRing {
  readonly #parts: VaultParts;
  readonly #committer: Committer;
  readonly #commit: () => Promise<void>;
  /** Id of the slot that opened the vault. */
  readonly openedWith: string;
  #slots: readonly KeySlot[];

  /** @param commit - commits the vault, with what waits in it */
  constructor(
    parts: VaultParts,
    committer: Committer,
    state: OpenedState,
    commit: () => Promise<void>,
  ) {
    this.#parts = parts;
    this.#committer = committer;
    this.#slots = state.slots;
    this.openedWith = state.slotId;
    this.#commit = commit;
  }

  list(): readonly KeySlot[] {
    return this.#slots;
  }

  /** What a new slot wraps; borrowed. */
  get secret(): VaultSecret {
    return { vaultId: this.#committer.header.vaultId, vaultKey: this.#parts.keys.vaultKey };
  }

  add(slot: KeySlot): Promise<void> {
    return this.#change(addSlot(this.#slots, slot));
  }

  /** @throws KeyError NO_SUCH_SLOT, LAST_SLOT */
  remove(id: string): Promise<void> {
    return this.#change(removeSlot(this.#slots, id));
  }

  /** Puts a slot in another's place: a new password. @throws KeyError NO_SUCH_SLOT */
  replace(id: string, by: KeySlot): Promise<void> {
    return this.#change(replaceSlot(this.#slots, id, by));
  }

  /** Writes the key directory and its spare anew, when one of them is damaged. */
  renew(): Promise<void> {
    return this.#change(this.#slots);
  }

  async #change(slots: readonly KeySlot[]): Promise<void> {
    const payload = encodeKeyDirectory({ vaultId: this.secret.vaultId, slots });
    this.#committer.moveKeyDirectories(addKeyDirectories(this.#parts.pages, payload));
    this.#slots = slots;
    await this.#commit();
  }
}
