/**
 * Reads the pages that files stand in, many at a time, and says which do not hold what they should.
 *
 * @module
 */
import { FormatError, PageError } from "../../base/errors.ts";
import { PAGE_SIZE } from "../../base/limits.ts";
import type { Compressor } from "../../base/platform.ts";
import type { PagePointer } from "../../format/address.ts";
import type { CachedPage } from "../../pages/cached-page.ts";
import type { Inspection } from "../../vault/inspection.ts";
import { type Extent, type PieceExtent, pageOfRun, type RunExtent } from "../extent.ts";
import { decodePackTable } from "../pack.ts";
import { XATTR_BLOCK } from "../xattr-record.ts";
import type { Report } from "./finding.ts";

/** Pages read together: as many as the page cache surely holds at once. */
const BATCH = 32;

/** Whose pages are read. */
export interface PageUser {
  readonly ino: number;
  /** Snapshot that has the inode; the vault as it is, when left out. */
  readonly snapshot?: Uint8Array;
}

/** A page to be read, and who wants what of it. */
interface WantedPage extends PageUser {
  readonly block: number;
  readonly pointer: PagePointer;
  /** The piece that stands in it; undefined for a page of its own. */
  readonly piece?: PieceExtent;
}

/** What reading stands on. */
export interface DataPagesParts {
  readonly inspection: Inspection;
  readonly compressor: Compressor;
  readonly report: Report;
}

export class DataPages {
  readonly #parts: DataPagesParts;
  readonly #wanted: { data: WantedPage[]; pack: WantedPage[] } = { data: [], pack: [] };
  /** Bytes of payload that were opened. */
  bytes = 0;

  constructor(parts: DataPagesParts) {
    this.#parts = parts;
  }

  /** Reads what an extent stands in, now or with later ones. @throws StoreError */
  async want(user: PageUser, extent: Extent): Promise<void> {
    if (extent.kind === "run") await this.#wantRun(user, extent);
    else if (extent.kind === "piece") {
      const { block } = extent;
      await this.#add("pack", { ...user, block, pointer: extent, piece: extent });
    }
  }

  /** Reads the page an extended attribute stands in. */
  wantXattr(user: PageUser, pointer: PagePointer): Promise<void> {
    return this.#add("data", { ...user, block: XATTR_BLOCK, pointer });
  }

  async #wantRun(user: PageUser, run: RunExtent): Promise<void> {
    const { block, count } = run;
    for (let at = block; at < block + count; at++) {
      await this.#add("data", { ...user, block: at, pointer: pageOfRun(run, at) });
    }
  }

  async #add(pageClass: "data" | "pack", page: WantedPage): Promise<void> {
    this.#wanted[pageClass].push(page);
    if (this.#wanted[pageClass].length >= BATCH) await this.#read(pageClass);
  }

  /** Reads what is still wanted. @throws StoreError */
  async finish(): Promise<void> {
    await this.#read("data");
    await this.#read("pack");
  }

  async #read(pageClass: "data" | "pack"): Promise<void> {
    const wanted = this.#wanted[pageClass];
    this.#wanted[pageClass] = [];
    const byAddress = new Map(wanted.map((page) => [page.pointer.address, page.pointer]));
    const pointers = [...byAddress.values()];
    const pages = await this.#parts.inspection.read(pageClass, pointers);
    const found = new Map(pointers.map(({ address }, i) => [address, pages[i]]));
    for (const page of pages) if (!(page instanceof PageError)) this.bytes += page.payload.length;
    for (const page of wanted) {
      const problem = await this.#problem(page, found.get(page.pointer.address));
      if (problem !== undefined) this.#tell(page, problem);
    }
  }

  /** The seal binds address and generation, so a page that opens is the right one; of a piece the place counts too. */
  async #problem(
    { piece }: WantedPage,
    page: CachedPage | PageError | undefined,
  ): Promise<string | undefined> {
    if (page === undefined || page instanceof PageError) return page?.message ?? "it was not read";
    return piece === undefined ? undefined : this.#pieceProblem(piece, page.payload);
  }

  async #pieceProblem(piece: PieceExtent, payload: Uint8Array): Promise<string | undefined> {
    const { address, offset, storedLength, plainLength, codec } = piece;
    const place = `page ${address}: the piece at ${offset}`;
    if (offset + storedLength > payload.length) return `${place} reaches beyond it`;
    try {
      const entry = decodePackTable(payload).find((candidate) => candidate.offset === offset);
      if (entry?.storedLength !== storedLength) return `${place} is not in its table`;
      if (codec === "plain") return undefined;
      const packed = payload.slice(offset, offset + storedLength);
      await this.#parts.compressor.inflate(packed, plainLength);
      return undefined;
    } catch (error) {
      return `${place}: ${error instanceof FormatError ? error.message : "it does not inflate"}`;
    }
  }

  #tell({ block, piece, pointer: _, ...user }: WantedPage, problem: string): void {
    const { report } = this.#parts;
    const finding = { code: "page-damaged", ...user, message: problem } as const;
    if (block === XATTR_BLOCK) {
      report({ ...finding, message: `an extended attribute is lost: ${problem}` });
      return;
    }
    const start = block * PAGE_SIZE;
    report({ ...finding, span: { start, end: start + (piece?.plainLength ?? PAGE_SIZE) } });
  }
}
