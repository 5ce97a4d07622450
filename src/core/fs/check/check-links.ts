/**
 * Second pass of a check: records that speak of each other. Names are held against inodes, back references against
 * extents, orphan records against links.
 *
 * @module
 */
import { getU48, getU64 } from "../../base/bytes.ts";
import { isDamage } from "../../base/errors.ts";
import { KEY_PREFIX, KeyKind } from "../../tree/key.ts";
import type { TransactionalVault } from "../../vault/transaction.ts";
import { decodeDentry } from "../dentry.ts";
import { decodeExtent, type Extent } from "../extent.ts";
import { ROOT_INO, S_IFDIR } from "../file-system.ts";
import { findExtent } from "../find-extents.ts";
import {
  decodeReferenceKey,
  referenceCount,
  referenceKey,
  referenceValue,
} from "./back-reference.ts";
import type { Report } from "./finding.ts";
import type { InodeTable } from "./inode-table.ts";
import {
  adopt,
  type Mend,
  rebuildInode,
  removeDangling,
  removeRecord,
  retypeName,
  setLinks,
  setOrphan,
  setParent,
  setRecord,
} from "./mends.ts";

/** What the pass reads and tells. */
export interface LinkCheckParts {
  readonly vault: TransactionalVault;
  /** Filled by the first pass. */
  readonly inodes: InodeTable;
  readonly report: Report;
}

export class LinkCheck {
  readonly #parts: LinkCheckParts;
  /** Directories that a name led to already. */
  readonly #entered = new Set<number>();

  constructor(parts: LinkCheckParts) {
    this.#parts = parts;
    this.#count(ROOT_INO, 2);
  }

  #count(ino: number, links: number): void {
    const at = this.#parts.inodes.find(ino);
    if (at >= 0) this.#parts.inodes.countLinks(at, links);
  }

  /** @param key - borrowed, as is `value` */
  async record(key: Uint8Array, value: Uint8Array): Promise<void> {
    if (key.length < KEY_PREFIX) return;
    try {
      await this.#look(getU64(key, 0), key, value);
    } catch (error) {
      // What does not decode was told by the first pass; what stands behind a damaged page cannot be compared.
      if (!isDamage(error)) throw error;
    }
  }

  async #look(ino: number, key: Uint8Array, value: Uint8Array): Promise<void> {
    switch (key[8]) {
      case KeyKind.dentry:
        this.#name(ino, key, value);
        return;
      case KeyKind.orphan:
        this.#orphan(getU64(key, KEY_PREFIX));
        return;
      case KeyKind.extent:
        await this.#extent(ino, decodeExtent(getU48(key, KEY_PREFIX), value));
        return;
      case KeyKind.piece:
      case KeyKind.shared:
        await this.#reference(key, value);
        return;
    }
  }

  #name(directory: number, key: Uint8Array, value: Uint8Array): void {
    const { inodes, report } = this.#parts;
    const { ino, type } = decodeDentry(value);
    const at = inodes.find(ino);
    if (at < 0) {
      const message = `a name in directory ${directory} leads to inode ${ino}, which is not there`;
      report({ code: "inode-missing", ino, message, mend: removeDangling(key.slice()) });
      return;
    }
    const facts = inodes.factsAt(at);
    const wrong = (message: string, mend: Mend): void =>
      report({ code: "name-wrong", ino, message, mend });
    if (facts.type !== type) {
      wrong(`a name of inode ${ino} gives it another type`, retypeName(key.slice(), ino));
    }
    if (facts.type !== S_IFDIR) {
      inodes.countLinks(at, 1);
      return;
    }
    inodes.countLinks(at, 2);
    this.#count(directory, 1);
    if (this.#entered.has(ino)) {
      wrong(`directory ${ino} has a second name`, removeRecord(key.slice()));
      return;
    }
    this.#entered.add(ino);
    if (facts.parent !== directory) {
      const message = `directory ${ino} stands in ${directory}, but says ${facts.parent}`;
      wrong(message, setParent(ino, directory));
    }
  }

  #orphan(ino: number): void {
    const { inodes, report } = this.#parts;
    const at = inodes.find(ino);
    if (at >= 0) inodes.markOrphan(at);
    else {
      const message = `inode ${ino} waits to be removed, but is not there`;
      report({ code: "inode-missing", ino, message, mend: setOrphan(ino, false) });
    }
  }

  async #extent(ino: number, extent: Extent): Promise<void> {
    const isShared = extent.kind === "run" && extent.shared;
    if (extent.kind !== "piece" && !isShared) return;
    const { vault, report } = this.#parts;
    const { address, block, count } = extent;
    const reference = { kind: isShared ? "shared" : "piece", address, ino, block } as const;
    const isThere = await vault.transact((transaction) => {
      const value = transaction.get(referenceKey(reference));
      return value !== undefined && referenceCount(reference, value) === count;
    });
    if (isThere) return;
    const message = `no way back from page ${address} to block ${block} of inode ${ino}`;
    const value = referenceValue(reference, extent);
    const mend = setRecord(referenceKey(reference), value);
    report({ code: "reference-wrong", ino, message, mend });
  }

  async #reference(key: Uint8Array, value: Uint8Array): Promise<void> {
    const { vault, report } = this.#parts;
    const reference = decodeReferenceKey(key);
    const { kind, address, ino, block } = reference;
    const count = referenceCount(reference, value);
    const isUsed = await vault.transact((transaction) => {
      const extent = findExtent(transaction, ino, block);
      if (extent?.kind !== (kind === "shared" ? "run" : "piece")) return false;
      return extent.block === block && extent.address === address && extent.count === count;
    });
    if (isUsed) return;
    const message = `page ${address} is kept for block ${block} of inode ${ino}, which is elsewhere`;
    report({ code: "reference-wrong", ino, message, mend: removeRecord(key.slice()) });
  }

  /** Compares what was counted; call once all records came. */
  finish(): void {
    const { inodes, report } = this.#parts;
    if (inodes.find(ROOT_INO) < 0) {
      const message = "the root directory is not there";
      report({ code: "inode-missing", ino: ROOT_INO, message, mend: rebuildInode(ROOT_INO) });
    }
    for (let at = 0; at < inodes.size; at++) this.#compare(at);
  }

  #compare(at: number): void {
    const { inodes, report } = this.#parts;
    const { ino, type, nlink, isLeft } = inodes.factsAt(at);
    const counted = inodes.countedAt(at);
    const isOrphan = inodes.isOrphanAt(at);
    const isNamed = type === S_IFDIR ? ino === ROOT_INO || this.#entered.has(ino) : counted > 0;
    if (isLeft !== isOrphan && (isLeft || counted > 0)) {
      const message = isLeft
        ? `inode ${ino} is to be removed, and nothing says so`
        : `inode ${ino} is in use, but waits to be removed`;
      report({ code: "name-wrong", ino, message, mend: setOrphan(ino, isLeft) });
    }
    // Directories below one that is to be removed count in it, and go with it.
    const isGoing = type === S_IFDIR && isLeft && isOrphan;
    if (counted === nlink || isGoing) return;
    if (isNamed) {
      const message = `inode ${ino} counts ${nlink} links, names make ${counted}`;
      report({ code: "name-wrong", ino, message, mend: setLinks(ino, counted) });
    } else {
      const message = `no name leads to inode ${ino}`;
      report({ code: "inode-unnamed", ino, message, mend: adopt(ino) });
    }
  }
}
