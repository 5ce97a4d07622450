/**
 * Pages as values, pages as stored bytes (FORMAT.md §3).
 *
 *     sealed classes:    header 32 | nonce 12 | ciphertext of (payload | owner 24) | tag 16
 *     clear-text class:  header 32 | payload | owner 24
 *
 *     owner record:   0  1  page class, as in the header
 *                     1  1  flags, 0
 *                     2  2  reserved, 0
 *                     4  8  inode
 *                    12  6  first logical block
 *                    18  6  reserved, 0
 *
 *     associated data:  "dvault page" | vault id 16 | header 32
 *
 * 1. The seal binds vault, class, epoch, address, generation and length: a page moved, replayed or swapped for another
 *    does not open.
 * 2. The header's length decides how much is read; bytes behind the page (slack of a slot) are ignored.
 * 3. A page under a replaced vault key opens only if it is of a generation from before: whoever kept that key makes no new
 *    ones (FORMAT.md §4.3).
 *
 * @module
 */
import { concatBytes, getU48, getU64, putU48, putU64, utf8 } from "../base/bytes.ts";
import { PageError } from "../base/errors.ts";
import { PAGE_SIZE } from "../base/limits.ts";
import { chain, isPending, type MaybePromise, together } from "../base/maybe-promise.ts";
import {
  type AeadBatch,
  type AeadFrame,
  type AeadFraming,
  type AeadKey,
  NONCE_SIZE,
  type Random,
  TAG_SIZE,
} from "../base/platform.ts";
import type { PagePointer } from "./address.ts";
import {
  bodyLengthOf,
  classCode,
  decodePageHeader,
  encodePageHeader,
  OWNER_SIZE,
  PAGE_HEADER_SIZE,
  type PageClass,
  type PageHeader,
} from "./page-header.ts";

const SEALED_AT: number = PAGE_HEADER_SIZE + NONCE_SIZE;

/** Bytes a sealed page is longer than its payload. */
export const PAGE_OVERHEAD: number = SEALED_AT + OWNER_SIZE + TAG_SIZE;

/** Bytes of a sealed page with a full payload; a clear-text page is shorter. */
export const STORED_PAGE_MAX: number = PAGE_SIZE + PAGE_OVERHEAD;

/** Room for a sealed page: {@link STORED_PAGE_MAX} rounded up to a cache line, bytes. */
export const STORED_PAGE_ROOM: number = Math.ceil(STORED_PAGE_MAX / 64) * 64;

/** Who a page belongs to, sealed inside it: the inode and first logical block, or (0, level) for tree pages. */
export interface PageOwner {
  readonly ino: number;
  readonly block: number;
}

/** What stood in a page. */
export interface OpenedPage {
  /** The caller's; a view of a slightly longer buffer. */
  readonly payload: Uint8Array;
  readonly owner: PageOwner;
}

/** The page keys of an unlocked vault. */
export interface PageKeys {
  /** Epoch new pages are sealed in. */
  readonly epoch: number;
  /** The key of an epoch, 1 to 65535. @throws KeyError KEY_CLOSED */
  key(epoch: number): MaybePromise<AeadKey>;
  /** The last generation that may be sealed in an epoch; Infinity unless its vault key was replaced. */
  lastGeneration(epoch: number): number;
}

/** Bytes a sealed page with such a payload takes in a store. */
export function storedSize(payloadLength: number): number {
  return payloadLength + PAGE_OVERHEAD;
}

/** Bytes a page takes in a store, by its header. */
export function storedLength({ pageClass, bodyLength }: PageHeader): number {
  const sealing = pageClass === "key-directory" ? 0 : NONCE_SIZE + TAG_SIZE;
  return PAGE_HEADER_SIZE + bodyLength + sealing;
}

/** A page to be sealed. */
export interface PlainPage extends PagePointer {
  readonly pageClass: PageClass;
  readonly owner: PageOwner;
  /** At most PAGE_SIZE bytes. */
  readonly payload: Uint8Array;
}

/** A stored page, and where it was read from. */
export interface ReadPage extends PagePointer {
  /** Taken over; may be longer than the page. */
  readonly stored: Uint8Array;
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

  /**
   * @param vaultId - 16 bytes, copied
   * @param keys - undefined while the vault is locked: only clear-text pages open then
   * @param random - gives the nonces
   */
  constructor(vaultId: Uint8Array, keys: PageKeys | undefined, random: Random) {
    this.#keys = keys;
    this.#random = random;
    const prefix = concatBytes(utf8("dvault page"), vaultId);
    this.#framing = { prefix, headLength: PAGE_HEADER_SIZE };
  }

  /**
   * Makes the stored form of a page.
   *
   * @param page - its payload is borrowed until the promise ends
   * @param into - {@link STORED_PAGE_MAX} bytes to make it in; a fresh array when left out
   * @returns {@link storedSize} bytes (28 less for a clear-text page), at the begin of `into`
   * @throws KeyError KEY_CLOSED
   */
  seal(page: PlainPage, into?: Uint8Array): MaybePromise<Uint8Array> {
    if (page.pageClass === "key-directory") return this.#frame(page, into, 0);
    return this.#sealIn(this.#unlocked().epoch, page, into);
  }

  #sealIn(epoch: number, page: PlainPage, into: Uint8Array | undefined): MaybePromise<Uint8Array> {
    if (page.pageClass === "key-directory") return this.#frame(page, into, 0);
    const stored = this.#frame(page, into, epoch);
    return chain(this.#unlocked().key(epoch), (key) => {
      const sealing = key.sealFrame(this.#framing, toSeal(page, stored), page.payload);
      return chain(sealing, () => stored);
    });
  }

  /**
   * As {@link PageCodec.seal}, for many: on another thread where the machine offers that. All are of the epoch of now, also
   * when another begins meanwhile.
   * @param buffer - gives {@link STORED_PAGE_MAX} bytes to make a page in
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
        const stored = pages.map((page) => this.#frame(page, buffer(), epoch));
        return this.#sealBatches(pages, stored, batch);
      }
      return together(pages.map((page) => this.#sealIn(epoch, page, buffer())));
    });
  }

  async #sealBatches(
    pages: readonly PlainPage[],
    stored: readonly Uint8Array[],
    batch: AeadBatch,
  ): Promise<readonly Uint8Array[]> {
    const frames: AeadFrame[] = [];
    const plains: Uint8Array[] = [];
    for (const [i, page] of pages.entries()) {
      if (page.pageClass === "key-directory") continue;
      frames.push(toSeal(page, stored[i] as Uint8Array));
      plains.push(page.payload);
    }
    for (let at = 0; at < frames.length; at += batch.limit) {
      const end = at + batch.limit;
      await batch.sealFrames(this.#framing, frames.slice(at, end), plains.slice(at, end));
    }
    return stored;
  }

  /** Writes what of a stored page is in clear, and where it will be sealed, the owner record. */
  #frame(page: PlainPage, into: Uint8Array | undefined, epoch: number): Uint8Array {
    const { pageClass, address, generation, owner, payload } = page;
    const bodyLength = payload.length + OWNER_SIZE;
    if (payload.length > PAGE_SIZE) throw new Error(`${payload.length} bytes do not fit a page`);
    if (pageClass === "key-directory") {
      const length = PAGE_HEADER_SIZE + bodyLength;
      const clear = into?.subarray(0, length) ?? new Uint8Array(length);
      clear.set(payload, PAGE_HEADER_SIZE);
      putOwner(clear, PAGE_HEADER_SIZE + payload.length, pageClass, owner);
      encodePageHeader({ pageClass, epoch: 0, address, generation, bodyLength }, clear);
      return clear;
    }
    const length = storedSize(payload.length);
    const stored = into?.subarray(0, length) ?? new Uint8Array(length);
    encodePageHeader({ pageClass, epoch, address, generation, bodyLength }, stored);
    this.#random.fill(stored.subarray(PAGE_HEADER_SIZE, SEALED_AT));
    putOwner(stored, SEALED_AT + payload.length, pageClass, owner);
    return stored;
  }

  /**
   * Checks a stored page and takes it apart.
   *
   * @throws PageError PAGE_CORRUPT naming what differs; KeyError KEY_CLOSED
   */
  open(pageClass: PageClass, page: ReadPage): MaybePromise<OpenedPage> {
    const { stored } = page;
    if (pageClass === "key-directory") {
      const { bodyLength } = this.#expect(pageClass, page);
      return takeApart(pageClass, page, PAGE_HEADER_SIZE, bodyLength);
    }
    const keys = this.#unlocked();
    let { epoch } = keys;
    let length = lengthNow(keys, pageClass, page);
    if (length < 0) ({ epoch, bodyLength: length } = this.#expect(pageClass, page));
    const isRight = chain(keys.key(epoch), (key) =>
      key.openFrame(this.#framing, { bytes: stored, length }),
    );
    return chain(isRight, (isRight) => {
      if (!isRight) throw this.#refusal(pageClass, page);
      return takeApart(pageClass, page, SEALED_AT, length);
    });
  }

  /** What is wrong with a page whose tag is: its header, or no more than that. */
  #refusal(pageClass: PageClass, page: ReadPage): PageError {
    try {
      this.#expect(pageClass, page);
    } catch (error) {
      if (error instanceof PageError) return error;
      throw error;
    }
    return corrupt(page, "tag mismatch");
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
    try {
      await this.open(pageClass, { address, generation, stored });
      return true;
    } catch (error) {
      if (error instanceof PageError) return false;
      throw error;
    }
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
      return this.#openEach(pageClass, pages);
    }
    return this.#openBatches(pageClass, pages, key.batch);
  }

  #openEach(
    pageClass: PageClass,
    pages: readonly ReadPage[],
  ): MaybePromise<readonly (OpenedPage | PageError)[]> {
    return together(pages.map((page) => refusable(() => this.open(pageClass, page))));
  }

  async #openBatches(
    pageClass: PageClass,
    pages: readonly ReadPage[],
    batch: AeadBatch,
  ): Promise<readonly (OpenedPage | PageError)[]> {
    const results: (OpenedPage | PageError)[] = [];
    for (let at = 0; at < pages.length; at += batch.limit) {
      const part = pages.slice(at, at + batch.limit);
      results.push(...(await this.#openTogether(pageClass, part, batch)));
    }
    return results;
  }

  /** Opens pages of the epoch of now with one call, others one by one. */
  async #openTogether(
    pageClass: PageClass,
    pages: readonly ReadPage[],
    batch: AeadBatch,
  ): Promise<readonly (OpenedPage | PageError)[]> {
    const keys = this.#unlocked();
    const frames: AeadFrame[] = [];
    const isTogether = pages.map((page) => {
      const length = lengthNow(keys, pageClass, page);
      if (length < 0) return false;
      frames.push({ bytes: page.stored, length });
      return true;
    });
    const isRight = await batch.openFrames(this.#framing, frames);
    let next = 0;
    return Promise.all(
      pages.map((page, i) => {
        if (isTogether[i] !== true) return refusable(() => this.open(pageClass, page));
        const { length } = frames[next] as AeadFrame;
        if (isRight[next++] !== true) return this.#refusal(pageClass, page);
        return refusable(() => takeApart(pageClass, page, SEALED_AT, length));
      }),
    );
  }

  /** The header of a stored page that may open. @throws PageError */
  #expect(pageClass: PageClass, page: ReadPage): PageHeader {
    const header = expectHeader(pageClass, page, page.stored);
    const { epoch, generation } = header;
    if (pageClass !== "key-directory" && generation > this.#unlocked().lastGeneration(epoch)) {
      throw corrupt(page, `it is of generation ${generation}, under a vault key replaced before`);
    }
    return header;
  }

  #unlocked(): PageKeys {
    if (this.#keys !== undefined) return this.#keys;
    throw new Error("a sealed page was asked for before the vault was unlocked");
  }
}

function toSeal({ payload }: PlainPage, bytes: Uint8Array): AeadFrame {
  return { bytes, length: payload.length + OWNER_SIZE };
}

/** The page, or the PageError in its place. */
function refusable(open: () => MaybePromise<OpenedPage>): MaybePromise<OpenedPage | PageError> {
  const asAnswer = (error: unknown): PageError => {
    if (error instanceof PageError) return error;
    throw error;
  };
  try {
    const page = open();
    return isPending(page) ? page.catch(asAnswer) : page;
  } catch (error) {
    return asAnswer(error);
  }
}

/** Length of the body of a page of the epoch of now; -1 when it is none, or its header is not as it should be. */
function lengthNow(keys: PageKeys, pageClass: PageClass, page: ReadPage): number {
  const { epoch } = keys;
  const { stored, generation } = page;
  const length = bodyLengthOf(stored, pageClass, epoch, page);
  const isWhole = stored.length >= SEALED_AT + length + TAG_SIZE;
  return isWhole && generation <= keys.lastGeneration(epoch) ? length : -1;
}

function expectHeader(pageClass: PageClass, pointer: PagePointer, stored: Uint8Array): PageHeader {
  const header = decodePageHeader(stored);
  if (typeof header === "string") throw corrupt(pointer, header);
  const { address, generation, bodyLength } = header;
  if (header.pageClass !== pageClass) {
    throw corrupt(pointer, `class is ${header.pageClass}, not ${pageClass}`);
  }
  if (address !== pointer.address) throw corrupt(pointer, `it says it is page ${address}`);
  if (generation !== pointer.generation) {
    throw corrupt(pointer, `generation is ${generation}, not ${pointer.generation}`);
  }
  const around = pageClass === "key-directory" ? PAGE_HEADER_SIZE : SEALED_AT + TAG_SIZE;
  if (stored.length < around + bodyLength) throw corrupt(pointer, "it is cut short");
  if (pageClass !== "key-directory" && header.epoch === 0) {
    throw corrupt(pointer, "it is sealed in no epoch");
  }
  return header;
}

/** The payload and the owner of a page whose body stands open at an offset. @throws PageError */
function takeApart(
  pageClass: PageClass,
  page: ReadPage,
  at: number,
  bodyLength: number,
): OpenedPage {
  const { stored } = page;
  const end = at + bodyLength - OWNER_SIZE;
  if (stored[end] !== classCode(pageClass)) {
    throw corrupt(page, "owner record is of another class");
  }
  const owner = { ino: getU64(stored, end + 4), block: getU48(stored, end + 12) };
  if (!Number.isSafeInteger(owner.ino)) throw corrupt(page, "owner is out of bounds");
  return { payload: stored.subarray(at, end), owner };
}

function putOwner(out: Uint8Array, at: number, pageClass: PageClass, owner: PageOwner): void {
  out.fill(0, at, at + OWNER_SIZE);
  out[at] = classCode(pageClass);
  putU64(out, at + 4, owner.ino);
  putU48(out, at + 12, owner.block);
}

function corrupt(pointer: PagePointer, reason: string): PageError {
  return new PageError("PAGE_CORRUPT", pointer.address, reason);
}
