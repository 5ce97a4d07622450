/**
 * Pages as values, pages as stored bytes (FORMAT.md §3).
 *
 *     sealed, whole:     header 32 | nonce 12 | ciphertext of (payload | owner 24) | tag 16
 *     sealed, in parts:  header 32 | nonce 12 | 3 times (ciphertext 16384 | tag 16) | ciphertext of (16384 | owner 16) | tag 16
 *     clear-text class:  header 32 | payload | owner 24
 *
 *     associated data:   "dvault page" | vault id 16 | header 32
 *
 * 1. The seal binds vault, class, layout, epoch, address, generation and length: a page moved, replayed or swapped for another
 *    does not open. The nonce of a part binds its place, and the page it is of.
 * 2. A page opens as a whole or not at all, also one in parts.
 *
 * @module
 */
import { concatBytes, utf8 } from "../base/bytes.ts";
import { PageError } from "../base/errors.ts";
import { PAGE_SIZE } from "../base/limits.ts";
import { chain, isPending, type MaybePromise, rescue, together } from "../base/maybe-promise.ts";
import {
  type AeadBatch,
  type AeadFrame,
  type AeadFraming,
  type AeadKey,
  type Random,
  TAG_SIZE,
} from "../base/platform.ts";
import type { PagePointer } from "./address.ts";
import type { FullPages } from "./full-pages.ts";
import {
  decodePageHeader,
  encodePageHeader,
  PAGE_HEADER_SIZE,
  type PageClass,
  type PageHeader,
} from "./page-header.ts";
import { IN_PARTS, type PageLayout, WHOLE } from "./page-layout.ts";
import { type PageOwner, putOwner } from "./page-owner.ts";
import { SEALED_AT, sealedSize } from "./page-size.ts";
import {
  corrupt,
  expectHeader,
  frameOf,
  frameOfEpoch,
  type OpenedPage,
  type PageFrame,
  type PageRules,
  type ReadPage,
  takeApart,
} from "./stored-page.ts";

/** The page keys of an unlocked vault. */
export interface PageKeys {
  /** Epoch new pages are sealed in. */
  readonly epoch: number;
  /** The key of an epoch, 1 to 65535. @throws KeyError KEY_CLOSED */
  key(epoch: number): MaybePromise<AeadKey>;
  /** The last generation that may be sealed in an epoch; Infinity unless its vault key was replaced. */
  lastGeneration(epoch: number): number;
}

/** Whose pages they are: a header says it. */
export interface PagesOf {
  /** 16 bytes, copied. */
  readonly vaultId: Uint8Array;
  /** Whether full pages of content are sealed in parts; whole ones open as well. */
  readonly hasPageParts: boolean;
}

/** A page to be sealed. */
export interface PlainPage extends PagePointer {
  readonly pageClass: PageClass;
  readonly owner: PageOwner;
  /** At most PAGE_SIZE bytes. */
  readonly payload: Uint8Array;
}

/** Fewer pages than this are not worth a trip to another thread when they are opened: it costs as much as five or six. */
const BATCH_MIN = 8;

/** Fewer bytes than this are not worth a trip to another thread when they are sealed. */
const BATCH_MIN_BYTES = 4 * PAGE_SIZE;

/** Seals and opens the pages of one vault. */
export class PageCodec {
  readonly #keys: PageKeys | undefined;
  readonly #random: Random;
  readonly #framing: AeadFraming;
  #full: FullPages | undefined;
  readonly #rules: PageRules;

  /**
   * @param keys - undefined while the vault is locked: only clear-text pages open then
   * @param random - gives the nonces
   */
  constructor({ vaultId, hasPageParts }: PagesOf, keys: PageKeys | undefined, random: Random) {
    this.#keys = keys;
    this.#random = random;
    const prefix = concatBytes(utf8("dvault page"), vaultId);
    this.#framing = { prefix, headLength: PAGE_HEADER_SIZE };
    const lastGeneration = (epoch: number): number => this.#unlocked().lastGeneration(epoch);
    this.#rules = { hasPageParts, lastGeneration };
  }

  /**
   * Makes the stored form of a page.
   *
   * @param page - its payload is borrowed until the promise ends
   * @param into - STORED_PAGE_MAX bytes to make it in; a fresh array when left out
   * @returns the page, exactly, at the begin of `into`
   * @throws KeyError KEY_CLOSED
   */
  seal(page: PlainPage, into?: Uint8Array): MaybePromise<Uint8Array> {
    if (page.pageClass === "key-directory") return inClear(page, into);
    return this.#sealIn(this.#unlocked().epoch, page, into);
  }

  #sealIn(epoch: number, page: PlainPage, into: Uint8Array | undefined): MaybePromise<Uint8Array> {
    if (page.pageClass === "key-directory") return inClear(page, into);
    const frame = this.#begin(epoch, page, into);
    return chain(this.#unlocked().key(epoch), (key) =>
      chain(key.sealFrame(this.#framing, frame, page.payload), () => frame.bytes),
    );
  }

  /**
   * As {@link PageCodec.seal}, for many: on another thread where the machine offers that. All are of the epoch of now, also
   * when another begins meanwhile.
   * @param buffer - gives STORED_PAGE_MAX bytes to make a page in
   */
  sealAll(
    pages: readonly PlainPage[],
    buffer: () => Uint8Array,
  ): MaybePromise<readonly Uint8Array[]> {
    const keys = this.#unlocked();
    const { epoch } = keys;
    return chain(keys.key(epoch), ({ batch }) => {
      const bytes = pages.reduce((sum, page) => sum + page.payload.length, 0);
      if (batch !== undefined && bytes >= BATCH_MIN_BYTES) {
        return this.#sealBatches(epoch, pages, batch, buffer);
      }
      return together(pages.map((page) => this.#sealIn(epoch, page, buffer())));
    });
  }

  async #sealBatches(
    epoch: number,
    pages: readonly PlainPage[],
    batch: AeadBatch,
    buffer: () => Uint8Array,
  ): Promise<readonly Uint8Array[]> {
    const frames: AeadFrame[] = [];
    const plains: Uint8Array[] = [];
    const stored = pages.map((page) => {
      if (page.pageClass === "key-directory") return inClear(page, buffer());
      const frame = this.#begin(epoch, page, buffer());
      frames.push(frame);
      plains.push(page.payload);
      return frame.bytes;
    });
    for (let at = 0; at < frames.length; at += batch.limit) {
      const end = at + batch.limit;
      await batch.sealFrames(this.#framing, frames.slice(at, end), plains.slice(at, end));
    }
    return stored;
  }

  /** How many messages sealing pages takes: a key may seal only so many. */
  sealsOf(pages: Iterable<Pick<PlainPage, "pageClass" | "payload">>): number {
    let seals = 0;
    for (const page of pages) seals += this.#layoutOf(page).parts;
    return seals;
  }

  #layoutOf({ pageClass, payload }: Pick<PlainPage, "pageClass" | "payload">): PageLayout {
    const isFull = pageClass === "data" && payload.length === PAGE_SIZE;
    return isFull && this.#rules.hasPageParts ? IN_PARTS : WHOLE;
  }

  /** Writes what of a stored page is in clear, and where it will be sealed, the owner record. */
  #begin(epoch: number, page: PlainPage, into: Uint8Array | undefined): PageFrame {
    const { pageClass, address, generation, payload } = page;
    const layout = this.#layoutOf(page);
    const bodyLength = bodyLengthOf(page, layout);
    const size = sealedSize(layout, bodyLength);
    const stored = into?.subarray(0, size) ?? new Uint8Array(size);
    const header: PageHeader = { pageClass, layout, epoch, address, generation, bodyLength };
    encodePageHeader(header, stored);
    this.#random.fill(stored.subarray(PAGE_HEADER_SIZE, SEALED_AT));
    const ownerAt = SEALED_AT + payload.length + (layout.parts - 1) * TAG_SIZE;
    putOwner(stored, ownerAt, header, page.owner);
    return frameOf(stored, header);
  }

  /**
   * Checks a stored page and takes it apart.
   *
   * @throws PageError PAGE_CORRUPT naming what differs; KeyError KEY_CLOSED
   */
  open(pageClass: PageClass, page: ReadPage): MaybePromise<OpenedPage> {
    if (pageClass === "key-directory") {
      return takeApart(pageClass, page, expectHeader(pageClass, page, this.#rules));
    }
    const keys = this.#unlocked();
    let { epoch } = keys;
    let frame = frameOfEpoch(epoch, pageClass, page, this.#rules);
    if (frame === undefined) {
      const header = expectHeader(pageClass, page, this.#rules);
      ({ epoch } = header);
      frame = frameOf(page.stored, header);
    }
    const opening = frame;
    return chain(keys.key(epoch), (key) =>
      chain(key.openFrame(this.#framing, opening), (isRight) =>
        this.#opened(pageClass, page, opening, isRight),
      ),
    );
  }

  /** @throws PageError */
  #opened(
    pageClass: PageClass,
    page: ReadPage,
    { layout, length }: PageFrame,
    isRight: boolean,
  ): OpenedPage {
    if (isRight) return takeApart(pageClass, page, { layout, bodyLength: length });
    // Either the header is wrong, or no more can be told.
    expectHeader(pageClass, page, this.#rules);
    throw corrupt(page, "tag mismatch");
  }

  /**
   * Whether stored bytes open as the page they say they are.
   * @param stored - taken over
   * @throws KeyError KEY_CLOSED
   */
  async isGenuine(stored: Uint8Array): Promise<boolean> {
    const header = decodePageHeader(stored);
    if (typeof header === "string") return false;
    const { pageClass, address, generation } = header;
    const page = await refusable(() => this.open(pageClass, { address, generation, stored }));
    return !(page instanceof PageError);
  }

  /**
   * As {@link PageCodec.open}, for many: on another thread where the machine offers that.
   * @returns each page, or what is wrong with it
   */
  openAll(
    pageClass: PageClass,
    pages: readonly ReadPage[],
  ): MaybePromise<readonly (OpenedPage | PageError)[]> {
    const key = pages.length < BATCH_MIN ? undefined : this.#keys?.key(this.#keys.epoch);
    if (key === undefined || isPending(key) || key.batch === undefined) {
      return together(pages.map((page) => refusable(() => this.open(pageClass, page))));
    }
    return this.#openBatches(pageClass, pages, key.batch);
  }

  async #openBatches(
    pageClass: PageClass,
    pages: readonly ReadPage[],
    batch: AeadBatch,
  ): Promise<readonly (OpenedPage | PageError)[]> {
    const results: (OpenedPage | PageError)[] = [];
    for (let at = 0; at < pages.length; at += batch.limit) {
      const some = pages.slice(at, at + batch.limit);
      results.push(...(await this.#openTogether(pageClass, some, batch)));
    }
    return results;
  }

  /** Opens pages of the epoch of now with one call, others one by one. */
  async #openTogether(
    pageClass: PageClass,
    pages: readonly ReadPage[],
    batch: AeadBatch,
  ): Promise<readonly (OpenedPage | PageError)[]> {
    const { epoch } = this.#unlocked();
    const frames = pages.map((page) => frameOfEpoch(epoch, pageClass, page, this.#rules));
    const isRight = await batch.openFrames(this.#framing, frames.filter(isThere));
    let next = 0;
    return Promise.all(
      pages.map((page, i) => {
        const frame = frames[i];
        if (frame === undefined) return refusable(() => this.open(pageClass, page));
        const isOpen = isRight[next++] === true;
        return refusable(() => this.#opened(pageClass, page, frame, isOpen));
      }),
    );
  }

  /** How full data pages of the epoch of now open; undefined where their key is not at hand. */
  fullPages(): FullPages | undefined {
    const keys = this.#unlocked();
    const { epoch } = keys;
    const key = keys.key(epoch);
    if (isPending(key)) return undefined;
    if (this.#full?.key === key) return this.#full;
    const layout = this.#rules.hasPageParts ? IN_PARTS : WHOLE;
    const head = new Uint8Array(PAGE_HEADER_SIZE);
    const bodyLength = PAGE_SIZE + layout.ownerSize;
    const first = { pageClass: "data", epoch, address: 0, generation: 0 } as const;
    encodePageHeader({ ...first, layout, bodyLength }, head);
    const { parts, ownerSize: tail } = layout;
    this.#full = { key, prefix: this.#framing.prefix, head, parts, tail };
    return this.#full;
  }

  #unlocked(): PageKeys {
    if (this.#keys !== undefined) return this.#keys;
    throw new Error("a sealed page was asked for before the vault was unlocked");
  }
}

function isThere(frame: PageFrame | undefined): frame is PageFrame {
  return frame !== undefined;
}

function bodyLengthOf({ payload }: PlainPage, { ownerSize }: PageLayout): number {
  if (payload.length > PAGE_SIZE) throw new Error(`${payload.length} bytes do not fit a page`);
  return payload.length + ownerSize;
}

/** The stored form of a page of the class that is not sealed. */
function inClear(page: PlainPage, into: Uint8Array | undefined): Uint8Array {
  const { pageClass, address, generation, owner, payload } = page;
  const bodyLength = bodyLengthOf(page, WHOLE);
  const size = PAGE_HEADER_SIZE + bodyLength;
  const clear = into?.subarray(0, size) ?? new Uint8Array(size);
  clear.set(payload, PAGE_HEADER_SIZE);
  putOwner(clear, PAGE_HEADER_SIZE + payload.length, { pageClass, layout: WHOLE }, owner);
  encodePageHeader({ pageClass, layout: WHOLE, epoch: 0, address, generation, bodyLength }, clear);
  return clear;
}

/** The page, or the PageError in its place. */
function refusable(open: () => MaybePromise<OpenedPage>): MaybePromise<OpenedPage | PageError> {
  return rescue<OpenedPage | PageError>(open, (error) => {
    if (error instanceof PageError) return error;
    throw error;
  });
}
