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
 *
 * @module
 */
import { concatBytes, getU48, getU64, putU48, putU64, utf8 } from "../base/bytes.ts";
import { PageError } from "../base/errors.ts";
import { PAGE_SIZE } from "../base/limits.ts";
import { chain, isPending, type MaybePromise } from "../base/maybe-promise.ts";
import { type AeadKey, NONCE_SIZE, type Random, TAG_SIZE } from "../base/platform.ts";
import type { PagePointer } from "./address.ts";
import {
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
}

/** Bytes a sealed page with such a payload takes in a store. */
export function storedSize(payloadLength: number): number {
  return payloadLength + PAGE_OVERHEAD;
}

/** Seals and opens the pages of one vault. */
export class PageCodec {
  readonly #keys: PageKeys | undefined;
  readonly #random: Random;
  readonly #aadPrefix: Uint8Array;
  #aad: Uint8Array;
  #body = new Uint8Array(PAGE_SIZE + OWNER_SIZE);

  /**
   * @param vaultId - 16 bytes, copied
   * @param keys - undefined while the vault is locked: only clear-text pages open then
   * @param random - gives the nonces
   */
  constructor(vaultId: Uint8Array, keys: PageKeys | undefined, random: Random) {
    this.#keys = keys;
    this.#random = random;
    this.#aadPrefix = concatBytes(utf8("dvault page"), vaultId);
    this.#aad = this.#newAad();
  }

  /**
   * Makes the stored form of a page.
   *
   * @param payload - at most PAGE_SIZE bytes; borrowed until the call or its promise ends
   * @returns fresh array of {@link storedSize} bytes (28 less for a clear-text page)
   * @throws KeyError KEY_CLOSED
   */
  seal(
    pageClass: PageClass,
    pointer: PagePointer,
    owner: PageOwner,
    payload: Uint8Array,
  ): MaybePromise<Uint8Array> {
    const { address, generation } = pointer;
    const bodyLength = payload.length + OWNER_SIZE;
    if (payload.length > PAGE_SIZE) throw new Error(`${payload.length} bytes do not fit a page`);
    if (pageClass === "key-directory") {
      const clear = new Uint8Array(PAGE_HEADER_SIZE + bodyLength);
      putBody(clear.subarray(PAGE_HEADER_SIZE), pageClass, owner, payload);
      encodePageHeader({ pageClass, epoch: 0, address, generation, bodyLength }, clear);
      return clear;
    }
    const keys = this.#unlocked();
    const stored = new Uint8Array(storedSize(payload.length));
    encodePageHeader({ pageClass, epoch: keys.epoch, address, generation, bodyLength }, stored);
    return chain(keys.key(keys.epoch), (key) => {
      const body = this.#body.subarray(0, bodyLength);
      putBody(body, pageClass, owner, payload);
      return this.#sealWith(key, body, stored);
    });
  }

  #sealWith(key: AeadKey, body: Uint8Array, stored: Uint8Array): MaybePromise<Uint8Array> {
    const nonce = stored.subarray(PAGE_HEADER_SIZE, SEALED_AT);
    this.#random.fill(nonce);
    const sealed = key.seal(nonce, this.#bind(stored), body, stored.subarray(SEALED_AT));
    if (!isPending(sealed)) return stored;
    this.#giveUpScratch();
    return sealed.then(() => stored);
  }

  /**
   * Checks a stored page and takes it apart.
   *
   * @param stored - borrowed until the call or its promise ends; may be longer than the page
   * @throws PageError PAGE_CORRUPT naming what differs; KeyError KEY_CLOSED
   */
  open(pageClass: PageClass, pointer: PagePointer, stored: Uint8Array): MaybePromise<OpenedPage> {
    const header = expectHeader(pageClass, pointer, stored);
    if (pageClass === "key-directory") {
      const body = stored.slice(PAGE_HEADER_SIZE, PAGE_HEADER_SIZE + header.bodyLength);
      return takeApart(header, body);
    }
    if (header.epoch === 0) throw corrupt(pointer, "it is sealed in no epoch");
    return chain(this.#unlocked().key(header.epoch), (key) => this.#openWith(key, header, stored));
  }

  #openWith(key: AeadKey, header: PageHeader, stored: Uint8Array): MaybePromise<OpenedPage> {
    const nonce = stored.subarray(PAGE_HEADER_SIZE, SEALED_AT);
    const sealed = stored.subarray(SEALED_AT, SEALED_AT + header.bodyLength + TAG_SIZE);
    const opened = key.open(nonce, this.#bind(stored), sealed);
    if (isPending(opened)) this.#giveUpScratch();
    return chain(opened, (body) => {
      if (body === undefined) throw corrupt(header, "tag mismatch");
      return takeApart(header, body);
    });
  }

  /** Associated data of a stored page, valid until the next call unless {@link #giveUpScratch} comes before. */
  #bind(stored: Uint8Array): Uint8Array {
    const aad = this.#aad;
    const at = this.#aadPrefix.length;
    for (let i = 0; i < PAGE_HEADER_SIZE; i++) aad[at + i] = stored[i] as number;
    return aad;
  }

  /** Leaves the scratch arrays to a call that is still pending. */
  #giveUpScratch(): void {
    this.#aad = this.#newAad();
    this.#body = new Uint8Array(PAGE_SIZE + OWNER_SIZE);
  }

  #newAad(): Uint8Array {
    return concatBytes(this.#aadPrefix, new Uint8Array(PAGE_HEADER_SIZE));
  }

  #unlocked(): PageKeys {
    if (this.#keys !== undefined) return this.#keys;
    throw new Error("a sealed page was asked for before the vault was unlocked");
  }
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
  return header;
}

function takeApart(header: PageHeader, body: Uint8Array): OpenedPage {
  const length = header.bodyLength - OWNER_SIZE;
  if (body[length] !== classCode(header.pageClass)) {
    throw corrupt(header, "owner record is of another class");
  }
  const owner = { ino: getU64(body, length + 4), block: getU48(body, length + 12) };
  return { payload: body.subarray(0, length), owner };
}

function putBody(
  out: Uint8Array,
  pageClass: PageClass,
  owner: PageOwner,
  payload: Uint8Array,
): void {
  const at = payload.length;
  out.set(payload);
  out.fill(0, at);
  out[at] = classCode(pageClass);
  putU64(out, at + 4, owner.ino);
  putU48(out, at + 12, owner.block);
}

function corrupt(pointer: PagePointer, reason: string): PageError {
  return new PageError("PAGE_CORRUPT", pointer.address, reason);
}
