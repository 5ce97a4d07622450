/**
 * The keys of an open vault: its slots, and the vault key itself. A changed slot writes a new key directory and commits;
 * data stays as it is, so whoever has the vault key still opens it. Replacing the vault key is what shuts others out:
 *
 *     replace   one commit: a new vault key, slots that wrap it, the key of before sealed under it; new pages need it
 *     renew     pages of before are written anew (core/fs/move), while calls go on
 *     done      one commit: neither the TOC nor the log needs the older key
 *     drop      one commit: no snapshot needs it either, and it is gone from the key directory
 *
 * What comes back from a snapshot may bring pages of before; so until it is dropped, a key may be needed again.
 * A crash at any time leaves the vault with every key its pages need.
 *
 * @module
 */
import type { KeySlot, OlderKey, VaultSecret } from "../crypto/key-slot.ts";
import { type WrappedOlderKey, wrapOlderKey } from "../crypto/older-key.ts";
import type { SecretBytes } from "../crypto/secret-bytes.ts";
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
  #older: readonly WrappedOlderKey[];
  #changing: Promise<unknown> = Promise.resolve();

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
    this.#older = state.older;
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

  /** Vault keys of before that pages still need, the oldest first; borrowed. */
  get older(): readonly OlderKey[] {
    return this.#parts.keys.older;
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

  /** Gives the space map fresh places too. @throws StoreError, CommitError */
  renewWithMap(): Promise<void> {
    this.#parts.space?.renew();
    return this.renew();
  }

  async #change(slots: readonly KeySlot[]): Promise<void> {
    this.#put(slots, this.#older);
    await this.#commit();
  }

  /**
   * Puts a new vault key in the place of the one that is. Resolves when neither header opens with the key of before.
   *
   * @param vaultKey - taken over
   * @param slots - wrap it
   * @throws StoreError, CommitError; when the commit failed it may still come to pass with a later one
   */
  replaceVaultKey(vaultKey: SecretBytes, slots: readonly KeySlot[]): Promise<void> {
    return this.#inTurn(() => this.#replaceVaultKey(vaultKey, slots));
  }

  async #replaceVaultKey(vaultKey: SecretBytes, slots: readonly KeySlot[]): Promise<void> {
    const { pages, keys, space } = this.#parts;
    const secret: VaultSecret = { vaultId: this.secret.vaultId, vaultKey };
    for (let isDone = false; !isDone; ) {
      const lastGeneration = pages.openGeneration;
      const terms = { lastEpoch: keys.epoch, lastGeneration, doneAt: 0 };
      const older = await this.#wrapAll(secret, [...keys.older, { key: keys.vaultKey, ...terms }]);
      this.#committer.atFreeze(({ generation }) => {
        // Another commit may have come in between.
        if (generation !== lastGeneration || isDone) return;
        keys.replaceVaultKey(vaultKey, generation);
        this.#committer.countAnew();
        space?.renew();
        this.#put(slots, older);
        isDone = true;
      });
      await this.#commit();
    }
    await this.#commit();
  }

  /**
   * Takes note that neither the TOC nor the log needs an older key from the state of a generation on. Nothing may come
   * back from a snapshot between that state and this.
   * @throws StoreError, CommitError
   */
  finishReplacing(generation: number): Promise<void> {
    return this.#inTurn(() => this.#noteDone((doneAt) => doneAt || generation));
  }

  /**
   * Takes note, durably, that the TOC may need older keys again, since a state of before is about to come back.
   * @param generation - of the snapshot
   * @throws StoreError, CommitError
   */
  expectOlder(generation: number): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.older.some(({ doneAt }) => generation < doneAt)) return;
      await this.#noteDone((doneAt) => (generation < doneAt ? 0 : doneAt));
    });
  }

  async #noteDone(doneAtOf: (doneAt: number) => number): Promise<void> {
    const { keys } = this.#parts;
    const done = keys.older.map((older) => ({ ...older, doneAt: doneAtOf(older.doneAt) }));
    const wrapped = await this.#wrapAll(this.secret, done);
    keys.keepOlder(done);
    this.#put(this.#slots, wrapped);
    await this.#commit();
  }

  /**
   * Forgets the older keys that neither the TOC nor a snapshot needs. Resolves when no header leads to one of them.
   * @throws StoreError, CommitError
   */
  dropOlder(): Promise<void> {
    return this.#inTurn(() => this.#dropOlder());
  }

  async #dropOlder(): Promise<void> {
    const { keys } = this.#parts;
    const { snapshots } = this.#committer;
    const isNeeded = ({ doneAt }: OlderKey): boolean =>
      doneAt === 0 || snapshots.some(({ generation }) => generation < doneAt);
    const kept = keys.older.filter(isNeeded);
    if (kept.length === keys.older.length) return;
    const wrapped = this.#older.filter((_, i) => isNeeded(keys.older[i] as OlderKey));
    this.#put(this.#slots, wrapped);
    keys.keepOlder(kept);
    await this.#commit();
    await this.#commit();
  }

  /** One change of the vault keys comes after the other: each begins with what the one before left. */
  #inTurn(change: () => Promise<void>): Promise<void> {
    const changing = this.#changing.then(change);
    this.#changing = changing.catch(() => {});
    return changing;
  }

  async #wrapAll(
    secret: VaultSecret,
    older: readonly OlderKey[],
  ): Promise<readonly WrappedOlderKey[]> {
    const wrapped: WrappedOlderKey[] = [];
    for (const key of older) wrapped.push(await wrapOlderKey(this.#parts.platform, secret, key));
    return wrapped;
  }

  /** Makes key directories that are part of the next commit. */
  #put(slots: readonly KeySlot[], older: readonly WrappedOlderKey[]): void {
    const payload = encodeKeyDirectory({ vaultId: this.secret.vaultId, slots, older });
    this.#committer.moveKeyDirectories(addKeyDirectories(this.#parts.pages, payload));
    this.#slots = slots;
    this.#older = older;
  }
}
