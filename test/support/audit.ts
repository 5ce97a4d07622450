/**
 * Checks that the records of a file system agree with each other and with the pages there are.
 *
 * @module
 */
import { getU32, getU48, getU64 } from "../../src/core/base/bytes.ts";
import { PAGE_SIZE } from "../../src/core/base/limits.ts";
import { type Dentry, decodeDentry } from "../../src/core/fs/dentry.ts";
import {
  decodeExtent,
  type Extent,
  extentEnd,
  type PieceExtent,
  pageOfRun,
  SHARED_MAX,
} from "../../src/core/fs/extent.ts";
import { ROOT_INO, S_IFDIR, S_IFMT, S_IFREG } from "../../src/core/fs/file-system.ts";
import { InodeFlag, InodeRecord } from "../../src/core/fs/inode-record.ts";
import { decodePackTable } from "../../src/core/fs/pack.ts";
import { KEY_PREFIX, KeyKind } from "../../src/core/tree/key.ts";

/** What is checked. */
export interface AuditedVault {
  readonly records: Iterable<{ readonly key: Uint8Array; readonly value: Uint8Array }>;
  readonly inodes: number;
  /** Payloads by address, where they are known. */
  readonly pages?: ReadonlyMap<number, { readonly payload: Uint8Array }>;
}

/**
 * To be called when no drafts are left.
 * @returns what is wrong, a sentence each
 */
export function audit(vault: AuditedVault): readonly string[] {
  const check = new Audit(vault);
  check.names();
  check.extents();
  check.pieces();
  check.sharedRuns();
  check.pages();
  return check.faults;
}

class Audit {
  readonly faults: string[] = [];
  readonly #vault: AuditedVault;
  readonly #inodes = new Map<number, InodeRecord>();
  readonly #dentries: (Dentry & { readonly directory: number })[] = [];
  readonly #extents = new Map<number, Extent[]>();
  readonly #orphans = new Set<number>();
  /** Back references, as `address ino block`. */
  readonly #references = new Set<string>();
  /** Back references of shared runs, as `address ino block` -> count. */
  readonly #shared = new Map<string, number>();
  /** Pages that extended attributes stand in. */
  readonly #xattrPages: number[] = [];

  constructor(vault: AuditedVault) {
    this.#vault = vault;
    const owners = new Set<number>();
    for (const { key, value } of vault.records) {
      const ino = getU64(key, 0);
      owners.add(ino === 0 && key[8] === KeyKind.orphan ? getU64(key, KEY_PREFIX) : ino);
      this.#learn(ino, key, value);
    }
    owners.delete(0);
    for (const ino of owners) this.#expect(this.#inodes.has(ino), `inode ${ino} is not there`);
    const counted = `${this.#inodes.size} inodes are there, ${vault.inodes} were counted`;
    this.#expect(this.#inodes.size === vault.inodes, counted);
  }

  #expect(condition: boolean, fault: string): void {
    if (!condition) this.faults.push(fault);
  }

  #learn(ino: number, key: Uint8Array, value: Uint8Array): void {
    const subkey = key.subarray(KEY_PREFIX);
    switch (key[8]) {
      case KeyKind.attributes:
        this.#inodes.set(ino, new InodeRecord(ino, value));
        break;
      case KeyKind.dentry:
        this.#dentries.push({ directory: ino, ...decodeDentry(value) });
        break;
      case KeyKind.extent:
        this.#extents.set(ino, [...this.#extentsOf(ino), decodeExtent(getU48(subkey, 0), value)]);
        break;
      case KeyKind.orphan:
        this.#orphans.add(getU64(subkey, 0));
        break;
      case KeyKind.piece:
        this.#references.add(referenceIn(subkey));
        break;
      case KeyKind.shared:
        this.#shared.set(referenceIn(subkey), getU32(value, 6));
        break;
      case KeyKind.xattr:
        if (value[0] === 1) this.#xattrPages.push(getU48(value, 1));
        break;
    }
  }

  #extentsOf(ino: number): readonly Extent[] {
    return this.#extents.get(ino) ?? [];
  }

  /** Names lead to inodes of their type, and links are counted right. */
  names(): void {
    const links = new Map<number, number>([[ROOT_INO, 2]]);
    const count = (ino: number, more: number) => links.set(ino, (links.get(ino) ?? 0) + more);
    for (const { directory, ino, type } of this.#dentries) {
      const inode = this.#inodes.get(ino);
      this.#expect(inode !== undefined, `a name leads to inode ${ino}, which is not there`);
      this.#expect(((inode?.mode ?? 0) & S_IFMT) === type, `inode ${ino} has another type`);
      count(ino, type === S_IFDIR ? 2 : 1);
      if (type !== S_IFDIR) continue;
      count(directory, 1);
      this.#expect(inode?.parent === directory, `directory ${ino} has another parent`);
    }
    for (const [ino, { nlink }] of this.#inodes) {
      const expected = links.get(ino) ?? 0;
      this.#expect(nlink === expected, `inode ${ino} has ${nlink} links, not ${expected}`);
    }
    for (const [ino, inode] of this.#inodes) {
      const isLeft = inode.nlink === 0 || inode.has(InodeFlag.trimming);
      this.#expect(isLeft === this.#orphans.has(ino), `orphan record of ${ino}: not ${isLeft}`);
    }
  }

  /** Extents follow each other, are counted right, and stay below the size. */
  extents(): void {
    for (const [ino, inode] of this.#inodes) {
      if ((inode.mode & S_IFMT) !== S_IFREG) continue;
      let end = 0;
      let mapped = 0;
      for (const extent of this.#extentsOf(ino)) {
        this.#expect(extent.block >= end, `extents of inode ${ino} overlap at ${extent.block}`);
        end = extentEnd(extent);
        mapped += extent.count;
      }
      const counted = inode.mappedBlocks;
      this.#expect(mapped === counted, `inode ${ino} has ${mapped} blocks, not ${counted}`);
      const mayGoOn = inode.has(InodeFlag.preallocated) || inode.has(InodeFlag.trimming);
      const isWithin = mayGoOn || end <= Math.ceil(inode.size / PAGE_SIZE);
      this.#expect(isWithin, `extents of inode ${ino} reach beyond its ${inode.size} bytes`);
    }
  }

  /** Pieces and back references belong together, and the packs' tables say the same. */
  pieces(): void {
    const left = new Set(this.#references);
    for (const [ino, extents] of this.#extents) {
      for (const extent of extents) {
        if (extent.kind !== "piece") continue;
        const { address, block } = extent;
        const hasWay = left.delete(`${address} ${ino} ${block}`);
        this.#expect(hasWay, `no way back from page ${address} to inode ${ino}`);
        this.#checkTable(extent);
      }
    }
    for (const reference of left) this.faults.push(`back reference without piece: ${reference}`);
  }

  /** Shared runs and their back references belong together. */
  sharedRuns(): void {
    const left = new Map(this.#shared);
    for (const [ino, extents] of this.#extents) {
      for (const extent of extents) {
        if (extent.kind !== "run" || !extent.shared) continue;
        const reference = `${extent.address} ${ino} ${extent.block}`;
        const isSame = left.get(reference) === extent.count && extent.count <= SHARED_MAX;
        this.#expect(isSame, `the back reference of shared run ${reference} is wrong`);
        left.delete(reference);
      }
    }
    for (const reference of left.keys()) this.faults.push(`no shared run: ${reference}`);
  }

  #checkTable(piece: PieceExtent): void {
    const { address, offset, storedLength, plainLength, codec } = piece;
    const payload = this.#vault.pages?.get(address)?.payload;
    if (payload === undefined) return;
    const entry = decodePackTable(payload).find((candidate) => candidate.offset === offset);
    const isSame =
      entry?.storedLength === storedLength &&
      entry.plainLength === plainLength &&
      entry.codec === codec;
    this.#expect(isSame, `the table of page ${address} says otherwise at ${offset}`);
  }

  /** Pages that are used are there; pages that are there are used; none is used twice unless it is shared. */
  pages(): void {
    const used = new Set(this.#xattrPages);
    for (const extent of [...this.#extents.values()].flat()) {
      if (extent.kind === "piece") used.add(extent.address);
      if (extent.kind !== "run") continue;
      for (let block = extent.block; block < extentEnd(extent); block++) {
        const { address } = pageOfRun(extent, block);
        this.#expect(extent.shared || !used.has(address), `page ${address} is used twice`);
        used.add(address);
      }
    }
    const { pages } = this.#vault;
    if (pages === undefined) return;
    for (const address of used) this.#expect(pages.has(address), `page ${address} is not there`);
    for (const address of pages.keys()) {
      this.#expect(used.has(address), `page ${address} is not used`);
    }
  }
}

/** A back reference in a subkey, as `address ino block`. */
function referenceIn(subkey: Uint8Array): string {
  return `${getU48(subkey, 0)} ${getU64(subkey, 6)} ${getU48(subkey, 14)}`;
}
