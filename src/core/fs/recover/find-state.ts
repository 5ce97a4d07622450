/**
 * The state of a vault to recover: a commit root, and which parts of its TOC are lost.
 *
 * Headers that are all signed say which commit counts. Where one is lost, it may have been the newest, so the newest root
 * whose TOC is whole is taken: a later one may belong to a commit that never came to be. When none is whole, it is the
 * newest. Where headers stand in a log, a later one may be lost without a trace, so a later root whose TOC is whole goes
 * before the newest header that is left.
 *
 * @module
 */

import { FormatError, PageError } from "../../base/errors.ts";
import { type PagePointer, pageNumber } from "../../format/address.ts";
import { type CommitRoot, decodeCommitRoot } from "../../format/commit-root.ts";
import { decodeHeader, type Header, isHeaderSigned } from "../../format/header.ts";
import { fetchPage } from "../../pages/fetch-page.ts";
import type { PageCache } from "../../pages/page-cache.ts";
import type { PageStore } from "../../pages/page-store.ts";
import { walkTree } from "../../tree/walk-tree.ts";
import { PageUse } from "../check/page-use.ts";
import type { PageIndex } from "./page-index.ts";
import type { UnlockedPages } from "./unlock-pages.ts";

/** Roots tried for one whose TOC is whole. */
const ROOTS_TRIED = 8;

const LOWEST = new Uint8Array(0);

/** Keys of the TOC whose records are lost: `from <= key < to`. */
export interface LostPart {
  /** The node that does not open; undefined when no commit root is left. */
  readonly pointer: PagePointer | undefined;
  /** 0 when a leaf is lost, and with it records; above that, only the way to them. */
  readonly level: number;
  readonly from: Uint8Array;
  /** Undefined up to the end. */
  readonly to: Uint8Array | undefined;
  /** No record of the part stands in a page that is newer. */
  readonly generation: number;
  /** Nor in one that is not newer than this. */
  readonly after: number;
}

/** What is left of a vault's newest state. */
export interface FoundState {
  /** What led to it. */
  readonly origin: "header" | "root" | "nothing";
  /** Undefined when none opens. */
  readonly root: CommitRoot | undefined;
  readonly lost: readonly LostPart[];
  /** Whether the root leads to any leaf; without one, the TOC is begun anew. */
  readonly hasLeaves: boolean;
  /** Nodes that are reached from the root. */
  readonly reached: PageUse;
  /** Highest generation of a header that is left, whatever is left of its commit; 0 when none is. */
  readonly announced: number;
}

/** A state as its own pages tell it. */
type ReadState = Omit<FoundState, "announced">;

/** What is looked through. */
export interface StateSearch {
  readonly store: PageStore;
  readonly pages: PageCache;
  readonly index: PageIndex;
  readonly unlocked: UnlockedPages;
}

/** Finds the state to recover. @throws StoreError */
export async function findState(search: StateSearch): Promise<FoundState> {
  const headers = await signedHeaders(search);
  const announced = Math.max(0, ...headers.signed.map(({ generation }) => generation));
  return { ...(await findRead(search, headers)), announced };
}

async function findRead(search: StateSearch, headers: FoundHeaders): Promise<ReadState> {
  const { store, pages, index } = search;
  const named = headers.isWhole ? await rootOfHeader(pages, headers.signed) : undefined;
  const { roots } = index;
  if (named === undefined) {
    const { whole, newest } = await lookForWhole(pages, roots);
    return whole ?? newest ?? nothingFound(index);
  }
  const later = roots.filter(({ generation }) => generation > named.generation);
  const { whole } = await lookForWhole(pages, store.reusesAddresses ? [] : later);
  return whole ?? { origin: "header", ...(await lookThrough(pages, named)) };
}

/** The newest root whose TOC is whole, if there is one among the newest, and the newest that opens at all. */
async function lookForWhole(
  pages: PageCache,
  roots: readonly PagePointer[],
): Promise<{ readonly whole?: ReadState; readonly newest?: ReadState | undefined }> {
  let newest: ReadState | undefined;
  let tried = 0;
  for (const pointer of roots) {
    const root = await readRoot(pages, pointer);
    if (root === undefined) continue;
    const state: ReadState = { origin: "root", ...(await lookThrough(pages, root)) };
    if (state.lost.length === 0) return { whole: state };
    newest ??= state;
    tried += 1;
    if (tried === ROOTS_TRIED) break;
  }
  return { newest };
}

function nothingFound({ generation }: PageIndex): ReadState {
  const level = Number.POSITIVE_INFINITY;
  const lost = [{ pointer: undefined, level, from: LOWEST, to: undefined, generation, after: 0 }];
  return { origin: "nothing", root: undefined, lost, hasLeaves: false, reached: new PageUse() };
}

/** Headers that a holder of the key wrote, newest first. */
interface FoundHeaders {
  readonly signed: readonly Header[];
  /** Whether these are all that the store has. */
  readonly isWhole: boolean;
}

async function signedHeaders({ store, unlocked }: StateSearch): Promise<FoundHeaders> {
  const stored = await readHeaders(store);
  const signed = stored
    .flatMap((bytes) => signedHeader(bytes, unlocked))
    .sort((a, b) => b.generation - a.generation);
  return { signed, isWhole: signed.length === stored.length };
}

async function rootOfHeader(
  pages: PageCache,
  headers: readonly Header[],
): Promise<CommitRoot | undefined> {
  for (const { commitRoot } of headers) {
    const root = await readRoot(pages, commitRoot);
    if (root !== undefined) return root;
  }
  return undefined;
}

/** A store that has lost its headers may say so by an error. */
async function readHeaders(store: PageStore): Promise<readonly (Uint8Array | undefined)[]> {
  try {
    return await store.readHeaders();
  } catch (error) {
    if (error instanceof FormatError) return [];
    throw error;
  }
}

function signedHeader(stored: Uint8Array | undefined, { keys }: UnlockedPages): readonly Header[] {
  if (stored === undefined) return [];
  try {
    const header = decodeHeader(stored);
    return isHeaderSigned(stored, keys) ? [header] : [];
  } catch (error) {
    if (error instanceof FormatError && error.code !== "VERSION_UNKNOWN") return [];
    throw error;
  }
}

async function readRoot(pages: PageCache, pointer: PagePointer): Promise<CommitRoot | undefined> {
  try {
    return decodeCommitRoot((await fetchPage(pages, "root", pointer)).payload);
  } catch (error) {
    if (error instanceof PageError) return undefined;
    if (error instanceof FormatError && error.code !== "VERSION_UNKNOWN") return undefined;
    throw error;
  }
}

async function lookThrough(pages: PageCache, root: CommitRoot): Promise<Omit<ReadState, "origin">> {
  const lost: LostPart[] = [];
  const reached = new PageUse();
  let hasLeaves = false;
  for await (const { damage, pointer, level, from, to } of walkTree(pages, root.toc)) {
    if (damage === undefined) {
      reached.reach(pageNumber(pointer.address));
      hasLeaves ||= level === 0;
    } else lost.push({ pointer, level, from, to, generation: pointer.generation, after: 0 });
  }
  return { root, lost, hasLeaves, reached };
}
