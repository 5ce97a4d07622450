/**
 * Checks a vault: every record of the TOC, what records say of each other, the pages in use against the space map, and,
 * when asked for, every page of every file, those of snapshots included.
 *
 * Memory grows with the number of inodes (29 bytes each) and of pages (a quarter of a byte each), nothing else.
 *
 * @module
 */
import { equalBytes, getU64 } from "../../base/bytes.ts";
import { FormatError, PageError } from "../../base/errors.ts";
import type { Compressor } from "../../base/platform.ts";
import { type PagePointer, pageNumber } from "../../format/address.ts";
import type { Snapshot } from "../../format/commit-root.ts";
import { decodeKeyDirectory } from "../../format/key-directory.ts";
import type { CachedPage } from "../../pages/cached-page.ts";
import { KEY_PREFIX } from "../../tree/key.ts";
import { type DamagedStep, type NodeStep, recordsIn } from "../../tree/walk-tree.ts";
import type { Inspection } from "../../vault/inspection.ts";
import type { Vault } from "../../vault/vault.ts";
import { LinkCheck } from "./check-links.ts";
import { RecordCheck } from "./check-records.ts";
import { checkSnapshotLeaf } from "./check-snapshot.ts";
import { DataPages } from "./data-pages.ts";
import { findPaths } from "./find-paths.ts";
import { reachReturned } from "./find-used-pages.ts";
import type { Finding } from "./finding.ts";
import { InodeTable } from "./inode-table.ts";
import { countInodes } from "./mends.ts";
import { PageUse } from "./page-use.ts";

/** Findings that are told one by one; more are counted. */
const FINDINGS_MAX = 10_000;

/** How a vault is checked. */
export interface CheckOptions {
  /** Whether every page of every file is read, not only the TOC. */
  readonly readData: boolean;
  readonly compressor: Compressor;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: CheckProgress) => void;
}

/** How far a check is. */
export interface CheckProgress {
  readonly step: "records" | "links" | "snapshots" | "space";
  /** Inodes seen in the first step. */
  readonly inodes: number;
  /** Bytes of files read. */
  readonly bytes: number;
}

/** A finding with where it shows. */
export interface LocatedFinding extends Finding {
  /** A path of the inode, as bytes, when names lead there. */
  readonly path?: Uint8Array;
}

/** What a check has found. */
export interface CheckReport {
  readonly generation: number;
  readonly inodes: number;
  /** Pages that are in use. */
  readonly pages: number;
  /** Bytes of files that were read. */
  readonly bytes: number;
  /** Pages that count as used and are not: room that is lost until a repair, no harm. */
  readonly leakedPages: number;
  /** The first ten thousand. */
  readonly findings: readonly LocatedFinding[];
  /** Findings beyond those. */
  readonly more: number;
}

/**
 * Checks a vault that nobody changes meanwhile.
 * @throws StoreError when the store is out of reach; whatever the signal was aborted with
 */
export async function checkVault(vault: Vault, options: CheckOptions): Promise<CheckReport> {
  const check = new Check(vault, options);
  await check.records();
  await check.links();
  await check.snapshots();
  const leakedPages = await check.space();
  return check.report(leakedPages);
}

class Check {
  readonly #vault: Vault;
  readonly #options: CheckOptions;
  readonly #inspection: Inspection;
  readonly #inodes = new InodeTable();
  readonly #use = new PageUse();
  /** Pages that came back from a snapshot, in use or not. */
  readonly #returned = new PageUse();
  readonly #data: DataPages | undefined;
  readonly #findings: Finding[] = [];
  #more = 0;

  constructor(vault: Vault, options: CheckOptions) {
    this.#vault = vault;
    this.#options = options;
    this.#inspection = vault.inspect();
    const { compressor, readData } = options;
    const parts = { inspection: this.#inspection, compressor, report: this.#report };
    this.#data = readData ? new DataPages(parts) : undefined;
  }

  readonly #report = (finding: Finding): void => {
    if (this.#findings.length < FINDINGS_MAX) this.#findings.push(finding);
    else this.#more += 1;
  };

  #progress(step: CheckProgress["step"]): void {
    const { signal, onProgress } = this.#options;
    signal?.throwIfAborted();
    onProgress?.({ step, inodes: this.#inodes.size, bytes: this.#data?.bytes ?? 0 });
  }

  /** First pass: records by themselves, and the data. */
  async records(): Promise<void> {
    const { generation, inodes } = this.#inspection.root;
    const parts = { inodes: this.#inodes, use: this.#use, report: this.#report, generation };
    const check = new RecordCheck({ ...parts, data: this.#data }, new PageUse());
    for await (const step of this.#inspection.toc()) {
      this.#progress("records");
      this.#reachNode(step);
      if (step.damage !== undefined) this.#tellDamage(step);
      else if (step.level === 0) {
        for (const { key, value } of recordsIn(step)) await check.record(key, value);
      }
    }
    check.finish();
    await this.#data?.finish();
    if (inodes === this.#inodes.size) return;
    const message = `${inodes} inodes are counted, ${this.#inodes.size} are there`;
    const mend = countInodes(this.#inodes.size - inodes);
    this.#report({ code: "counter-wrong", message, mend });
  }

  #reachNode({ pointer }: NodeStep | DamagedStep): void {
    const number = pageNumber(pointer.address);
    if (!this.#use.reach(number)) return;
    const message = `page number ${number} is a node of the TOC and used elsewhere`;
    this.#report({ code: "page-shared", message });
  }

  #tellDamage({ pointer, level, from, to, damage }: DamagedStep): void {
    const range = `${keyText(from)} up to ${to === undefined ? "the end" : keyText(to)}`;
    const message = `a node of level ${level} is lost (${damage.message}), and all records from ${range}`;
    this.#report({ code: "tree-damaged", message, node: { pointer, level, from } });
  }

  /** Second pass: records that speak of each other. */
  async links(): Promise<void> {
    const parts = { vault: this.#vault, inodes: this.#inodes, report: this.#report };
    const check = new LinkCheck(parts);
    for await (const step of this.#inspection.toc()) {
      this.#progress("links");
      if (step.damage !== undefined || step.level > 0) continue;
      reachReturned(this.#returned, step);
      for (const { key, value } of recordsIn(step)) await check.record(key, value);
    }
    check.finish();
  }

  /**
   * Holds pages that are reached against the space map.
   * @returns pages that count as used and are not
   */
  async space(): Promise<number> {
    for (const { address } of this.#inspection.ownPages) this.#use.reach(pageNumber(address));
    await this.#openKeyDirectories();
    let leaked = 0;
    for await (const part of this.#inspection.spaceMap()) {
      this.#progress("space");
      if (part instanceof PageError) {
        this.#report({ code: "space-wrong", message: `the space map is damaged: ${part.message}` });
        continue;
      }
      const reachedEnd = Math.max(this.#use.end, this.#returned.end) - part.first;
      const end = Math.min(part.count, Math.max(part.usedEnd, reachedEnd));
      for (let bit = 0; bit < end; bit++) {
        const number = part.first + bit;
        const isReached = this.#use.has(number) || this.#returned.has(number);
        if (part.isUsed(bit) === isReached) continue;
        if (!isReached) leaked += 1;
        else this.#tellFree(number);
      }
    }
    return leaked;
  }

  #tellFree(number: number): void {
    const message = `page number ${number} is in use, but counts as free`;
    this.#report({ code: "space-wrong", message });
  }

  async #openKeyDirectories(): Promise<void> {
    const pointers = this.#inspection.keyDirectories;
    for (const page of await this.#inspection.read("key-directory", pointers)) {
      const problem = page instanceof PageError ? page.message : this.#problemOf(page);
      if (problem === undefined) continue;
      const message = `a copy of the key directory is damaged: ${problem}`;
      this.#report({ code: "keys-damaged", message });
    }
  }

  /** A key directory is in clear text, so it may be another vault's, whole as it is. */
  #problemOf({ address, payload }: CachedPage): string | undefined {
    try {
      const isOwn = equalBytes(decodeKeyDirectory(payload).vaultId, this.#vault.id);
      return isOwn ? undefined : `page ${address}: it is another vault's`;
    } catch (error) {
      if (error instanceof FormatError) return error.message;
      throw error;
    }
  }

  /** Third pass: what only snapshots have. */
  async snapshots(): Promise<void> {
    for (const snapshot of this.#inspection.root.snapshots) await this.#snapshot(snapshot);
    await this.#data?.finish();
  }

  async #snapshot(snapshot: Snapshot): Promise<void> {
    const parts = { snapshot: snapshot.name, use: this.#use, data: this.#data };
    const isKnown = ({ address }: PagePointer): boolean => this.#use.has(pageNumber(address));
    for await (const step of this.#inspection.tocOf(snapshot, isKnown)) {
      this.#progress("snapshots");
      this.#use.reach(pageNumber(step.pointer.address));
      if (step.damage === undefined) {
        if (step.level === 0) await checkSnapshotLeaf(parts, step);
        continue;
      }
      const message = `a node of level ${step.level} is lost (${step.damage.message}); deleting the snapshot frees what can be told of it`;
      this.#report({ code: "tree-damaged", snapshot: snapshot.name, message });
    }
  }

  /** All that was found, each with a path. */
  async report(leakedPages: number): Promise<CheckReport> {
    const findings: LocatedFinding[] = [];
    for (const state of [undefined, ...this.#inspection.root.snapshots]) {
      const found = this.#findings.filter(({ snapshot }) => snapshot === state?.name);
      findings.push(...(await this.#located(found, state)));
    }
    return {
      generation: this.#inspection.root.generation,
      inodes: this.#inodes.size,
      pages: this.#use.count,
      bytes: this.#data?.bytes ?? 0,
      leakedPages,
      findings,
      more: this.#more,
    };
  }

  async #located(
    findings: readonly Finding[],
    snapshot: Snapshot | undefined,
  ): Promise<readonly LocatedFinding[]> {
    const hurt = new Set(findings.flatMap(({ ino }) => (ino === undefined ? [] : [ino])));
    if (hurt.size === 0) return findings;
    const inspection = this.#inspection;
    const toc = snapshot === undefined ? inspection.toc() : inspection.tocOf(snapshot);
    const paths = await findPaths(hurt, toc);
    return findings.map((finding) => {
      const path = finding.ino === undefined ? undefined : paths.get(finding.ino);
      return path === undefined ? finding : { ...finding, path };
    });
  }
}

/** A key of the TOC for people: whose record it is. */
function keyText(key: Uint8Array): string {
  if (key.length < 8) return "the begin";
  const ino = getU64(key, 0);
  return key.length < KEY_PREFIX ? `inode ${ino}` : `inode ${ino}, kind ${key[8]}`;
}
