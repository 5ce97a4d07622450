/**
 * First pass of a check: every record by itself, extents against their inode, pages against each other.
 *
 * Records come in the order of their keys, so all of one inode come together, its attributes first.
 *
 * @module
 */
import { getU48, getU64 } from "../../base/bytes.ts";
import { FormatError } from "../../base/errors.ts";
import { PAGE_SIZE } from "../../base/limits.ts";
import { isAddress, type PagePointer, pageNumber } from "../../format/address.ts";
import { KEY_PREFIX, KeyKind } from "../../tree/key.ts";
import { decodeDentry } from "../dentry.ts";
import { decodeExtent, type Extent, extentEnd, SHARED_MAX } from "../extent.ts";
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from "../file-system.ts";
import { InodeFlag, InodeRecord } from "../inode-record.ts";
import { xattrPage } from "../xattr-record.ts";
import type { DataPages } from "./data-pages.ts";
import type { Report } from "./finding.ts";
import type { InodeTable } from "./inode-table.ts";
import { type Mend, markTrimming, rebuildInode, removeRecord, setBlocks } from "./mends.ts";
import type { PageUse } from "./page-use.ts";

/** What the pass fills and tells. */
export interface RecordCheckParts {
  readonly inodes: InodeTable;
  readonly use: PageUse;
  /** Generation of the newest commit: nothing points into the future. */
  readonly generation: number;
  readonly report: Report;
  /** Undefined when data is not to be read. */
  readonly data: DataPages | undefined;
}

/** The inode whose records are coming. */
interface Current {
  readonly ino: number;
  readonly record: InodeRecord | undefined;
  /** One past the last block so far. */
  end: number;
  mapped: number;
}

export class RecordCheck {
  readonly #parts: RecordCheckParts;
  #current: Current | undefined;
  /** Pack and shared pages, which several may use. */
  readonly #shareable: PageUse;

  constructor(parts: RecordCheckParts, shareable: PageUse) {
    this.#parts = parts;
    this.#shareable = shareable;
  }

  /** @param key - above all before it; borrowed, as is `value` */
  async record(key: Uint8Array, value: Uint8Array): Promise<void> {
    const { report } = this.#parts;
    if (key.length < KEY_PREFIX) {
      const message = `a record has a key of ${key.length} bytes`;
      report({ code: "record-malformed", message, mend: removeRecord(key.slice()) });
      return;
    }
    const ino = getU64(key, 0);
    if (ino === 0) return;
    try {
      this.#enter(ino, key, value);
      await this.#look(ino, key, value);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      const mend = removeRecord(key.slice());
      report({ code: "record-malformed", ino, message: error.message, mend });
    }
  }

  #enter(ino: number, key: Uint8Array, value: Uint8Array): void {
    if (this.#current?.ino === ino) return;
    this.finish();
    const { inodes, report } = this.#parts;
    const isThere = key[8] === KeyKind.attributes;
    const record = isThere ? new InodeRecord(ino, new Uint8Array(value)) : undefined;
    this.#current = { ino, record, end: 0, mapped: 0 };
    if (record === undefined) {
      const message = `inode ${ino} has records, but no attributes`;
      report({ code: "inode-missing", ino, message, mend: rebuildInode(ino) });
      return;
    }
    const { mode, nlink, parent } = record;
    const isLeft = nlink === 0 || record.has(InodeFlag.trimming);
    inodes.add({ ino, type: mode & S_IFMT, nlink, parent, isLeft });
  }

  async #look(ino: number, key: Uint8Array, value: Uint8Array): Promise<void> {
    const { data } = this.#parts;
    switch (key[8]) {
      case KeyKind.attributes:
        return;
      case KeyKind.dentry:
        decodeDentry(value);
        this.#expectType(ino, [S_IFDIR], "entries");
        return;
      case KeyKind.xattr: {
        const pointer = xattrPage(value);
        if (pointer === undefined) return;
        this.#reach(ino, pointer, false);
        await data?.wantXattr({ ino }, pointer);
        return;
      }
      case KeyKind.extent:
        await this.#extent(ino, decodeExtent(getU48(key, KEY_PREFIX), value));
        return;
      default:
        throw new FormatError("RECORD_MALFORMED", `inode ${ino} has a record of kind ${key[8]}`);
    }
  }

  #expectType(ino: number, types: readonly number[], what: string): void {
    const record = this.#current?.record;
    if (record === undefined || types.includes(record.mode & S_IFMT)) return;
    const message = `inode ${ino} has ${what}, but is of another type`;
    this.#parts.report({ code: "record-malformed", ino, message });
  }

  async #extent(ino: number, extent: Extent): Promise<void> {
    const { report, data } = this.#parts;
    const current = this.#current as Current;
    this.#expectType(ino, [S_IFREG, S_IFLNK], "content");
    if (extent.block < current.end) {
      const span = { start: extent.block * PAGE_SIZE, end: current.end * PAGE_SIZE };
      const message = `extents of inode ${ino} overlap at block ${extent.block}`;
      report({ code: "extent-wrong", ino, span, message });
    }
    current.end = Math.max(current.end, extentEnd(extent));
    current.mapped += extent.count;
    if (extent.kind === "piece") this.#reach(ino, extent, true);
    if (extent.kind === "run") {
      if (extent.shared && extent.count > SHARED_MAX) {
        const message = `a shared run of inode ${ino} has ${extent.count} blocks`;
        report({ code: "extent-wrong", ino, message });
      }
      const first = pageNumber(extent.address);
      for (let n = 0; n < extent.count; n++) {
        this.#reachNumber(ino, first + n, extent.shared);
      }
      this.#checkPointer(ino, extent);
    }
    await data?.want({ ino }, extent);
  }

  #reach(ino: number, pointer: PagePointer, isShareable: boolean): void {
    this.#checkPointer(ino, pointer);
    this.#reachNumber(ino, pageNumber(pointer.address), isShareable);
  }

  #checkPointer(ino: number, { address, generation }: PagePointer): void {
    const { report } = this.#parts;
    const isPossible = isAddress(address) && generation > 0 && generation <= this.#parts.generation;
    if (isPossible) return;
    const message = `inode ${ino} points to page ${address} of generation ${generation}`;
    report({ code: "record-malformed", ino, message });
  }

  #reachNumber(ino: number, number: number, isShareable: boolean): void {
    const { use, report } = this.#parts;
    const wasReached = use.reach(number);
    const mayBe = this.#shareable.has(number);
    if (isShareable) this.#shareable.reach(number);
    if (!wasReached || (isShareable && mayBe)) return;
    const message = `page number ${number} is used by inode ${ino} and another place`;
    report({ code: "page-shared", ino, message });
  }

  /** Looks at the last inode as a whole; call once all records came. */
  finish(): void {
    const current = this.#current;
    this.#current = undefined;
    const record = current?.record;
    if (current === undefined || record === undefined || !record.isFile) return;
    const { report } = this.#parts;
    const { ino, end, mapped } = current;
    const wrong = (message: string, mend: Mend): void =>
      report({ code: "extent-wrong", ino, message, mend });
    if (mapped !== record.mappedBlocks) {
      const message = `inode ${ino} counts ${record.mappedBlocks} blocks, ${mapped} are there`;
      wrong(message, setBlocks(ino, mapped));
    }
    const mayGoOn = record.has(InodeFlag.preallocated) || record.has(InodeFlag.trimming);
    if (!mayGoOn && end > Math.ceil(record.size / PAGE_SIZE)) {
      wrong(`extents of inode ${ino} reach beyond its ${record.size} bytes`, markTrimming(ino));
    }
  }
}
