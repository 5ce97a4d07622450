/**
 * Opens what is left of a damaged vault, without changing it: over its pages a vault is made whose TOC is whole again,
 * to be read like any other.
 *
 * | lost | found by |
 * |---|---|
 * | headers | a scan for the key directory and the newest commit root |
 * | commit roots | leaves of the TOC, the newest first |
 * | nodes above the leaves | leaves that are needed and that nothing leads to |
 * | leaves | older ones, and what pages of content say themselves |
 *
 * What cannot be found is not made up: files that may have lost something are told by {@link RecoveredVault.doubts}.
 *
 * @module
 */
import { getU64, putU64 } from "../../base/bytes.ts";
import { DEFAULT_ARGON2 } from "../../crypto/kdf-limits.ts";
import { addressOf, type PagePointer } from "../../format/address.ts";
import { type CommitRoot, encodeCommitRoot } from "../../format/commit-root.ts";
import { encodeHeader } from "../../format/header.ts";
import { PageCodec } from "../../format/page-codec.ts";
import { OverlayStore } from "../../pages/overlay-store.ts";
import { pageBuffers } from "../../pages/page-buffers.ts";
import { PageCache } from "../../pages/page-cache.ts";
import type { PageScan } from "../../pages/page-scan.ts";
import type { PageStore } from "../../pages/page-store.ts";
import { encodeKey, KEY_PREFIX, KeyKind } from "../../tree/key.ts";
import { Vault } from "../../vault/vault.ts";
import type { LocatedFinding } from "../check/check-vault.ts";
import type { Owner } from "../check/mends.ts";
import { repairVault } from "../check/repair-vault.ts";
import { Doubts } from "./doubts.ts";
import { type FoundState, findState } from "./find-state.ts";
import { Liveness } from "./liveness.ts";
import { indexPages, type PageIndex } from "./page-index.ts";
import type { Salvage } from "./salvage.ts";
import { salvageContent } from "./salvage-content.ts";
import { salvageRecords } from "./salvage-records.ts";
import { type RecoverySource, type UnlockedPages, unlockPages } from "./unlock-pages.ts";

/** Pages kept in memory while the TOC is looked through, bytes. */
const CACHE_BYTES = 4 * 2 ** 20;

/** Inode number for `lost+found`: above any that was given out. */
const FREE_INO: number = 2 ** 48;

/** How a vault is recovered. */
export interface RecoverOptions {
  /** Empty: takes the nodes of the TOC that are made anew. Stays the caller's. */
  readonly upper: PageStore;
  /** Who owns what has lost its attributes. */
  readonly owner: Owner;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: RecoverProgress) => void;
}

/** How far the search is. */
export interface RecoverProgress {
  readonly step: "searching" | "rebuilding";
  /** Pages that were found. */
  readonly pages: number;
}

/** What is left of a vault. */
export interface RecoveredVault {
  /** Open over the damaged one, the caller's to abandon. */
  readonly vault: Vault;
  /** What led to the recovered state. */
  readonly origin: FoundState["origin"];
  /** Commit that was recovered; undefined when no commit root is left. */
  readonly root: CommitRoot | undefined;
  /** Highest generation of any page or header that was found. */
  readonly newest: number;
  /** Whether a commit after the recovered one may be lost. */
  readonly isBehind: boolean;
  /** Pages that were found, of all commits. */
  readonly pages: number;
  /** Nodes of the TOC that are lost. */
  readonly lostNodes: number;
  readonly doubts: Doubts;
  /** Names whose inodes are lost. */
  readonly lostNames: readonly LocatedFinding[];
}

/**
 * Finds everything that is left of a vault.
 * @throws FormatError NOT_A_VAULT, VERSION_UNKNOWN, VAULT_DAMAGED when no key directory is left; KeyError WRONG_KEY,
 *   KDF_LIMITS; StoreError
 */
export async function recoverVault(
  source: RecoverySource & { readonly store: PageStore & PageScan },
  options: RecoverOptions,
): Promise<RecoveredVault> {
  const { store, platform } = source;
  const { signal, onProgress } = options;
  let pages = 0;
  const index = await indexPages(store, () => {
    signal?.throwIfAborted();
    pages += 1;
    onProgress?.({ step: "searching", pages });
  });
  const unlocked = await unlockPages(source, index);
  const codec = new PageCodec(unlocked, unlocked.keys, platform.random);
  store.judgeBy?.((stored) => codec.isGenuine(stored));
  const found = await stateOf(source, index, unlocked).catch((error: unknown) => {
    unlocked.keys.close();
    throw error;
  });
  onProgress?.({ step: "rebuilding", pages });
  const newest = Math.max(index.generation, found.announced);
  const isBehind = isBehindNewest(store, found, index);
  const state = isBehind && found.origin !== "nothing" ? withLaterInodes(found, index) : found;
  const vault = await openOver(source, options.upper, { index, unlocked, state });
  store.judgeBy?.((stored) => vault.inspect().isGenuine(stored));
  try {
    const { lost, root, origin } = state;
    const liveness = await Liveness.load(vault.inspect(), root);
    const doubts = new Doubts();
    const salvage: Salvage = { vault, index, state, liveness, doubts, signal };
    if (lost.length > 0) await fillLost(salvage, store);
    const lostNames = await mendAll(salvage, { ...options, compressor: platform.compressor });
    const lostNodes = found.lost.length;
    return { vault, origin, root, newest, isBehind, pages, lostNodes, doubts, lostNames };
  } catch (error) {
    await vault.abandon();
    throw error;
  }
}

/**
 * In a file, headers that are all there say that no later commit came to be, or which; the newest may repeat the one
 * before, and then no part of the TOC is newer. In a log any header may be gone.
 */
function isBehindNewest(
  { reusesAddresses }: PageStore,
  { origin, root, announced }: FoundState,
  { generation, trees }: PageIndex,
): boolean {
  if (root === undefined) return false;
  if (origin === "root" || !reusesAddresses)
    return root.generation < Math.max(generation, announced);
  return root.generation < announced && (trees[0]?.generation ?? 0) > root.generation;
}

/**
 * Inodes that were made since are looked for as if the TOC had lost them: their numbers are above all it knows. They come
 * first, since a lost part may reach up to the end.
 */
function withLaterInodes(state: FoundState, { generation }: PageIndex): FoundState {
  const from = new Uint8Array(8);
  putU64(from, 0, state.root?.nextIno ?? 0);
  const after = state.root?.generation ?? 0;
  const later = { pointer: undefined, level: 0, from, to: undefined, generation, after };
  return { ...state, lost: [later, ...state.lost] };
}

function stateOf(
  { store, platform }: RecoverySource,
  index: PageIndex,
  unlocked: UnlockedPages,
): Promise<FoundState> {
  const pages = new PageCache({
    store,
    codec: new PageCodec(unlocked, unlocked.keys, platform.random),
    buffers: pageBuffers(platform),
    budgetBytes: CACHE_BYTES,
    openGeneration: index.generation + 1,
  });
  return findState({ store, pages, index, unlocked });
}

interface Found {
  readonly index: PageIndex;
  readonly unlocked: UnlockedPages;
  readonly state: FoundState;
}

/** Opens a vault whose new pages go to another store; its first commit root is made here. */
async function openOver(
  { store, platform, credentials }: RecoverySource,
  upper: PageStore,
  { index, unlocked, state }: Found,
): Promise<Vault> {
  const { vaultId, hasPageParts, keys, keyDirectory } = unlocked;
  const border = Math.max(index.end, state.root?.end ?? 0);
  const root = rootAbove(index, state, border + 1);
  const overlay = new OverlayStore({ lower: store, upper, border });
  try {
    keys.enterEpoch(root.epoch);
    const commitRoot: PagePointer = { address: addressOf(border), generation: root.generation };
    const bytes = await new PageCodec(unlocked, keys, platform.random).seal({
      ...commitRoot,
      pageClass: "root",
      owner: { ino: 0, block: 0 },
      payload: encodeCommitRoot(root),
    });
    await overlay.write([{ address: commitRoot.address, bytes }]);
    const { generation, time: created } = root;
    const argon2 = DEFAULT_ARGON2;
    const hasOlderKeys = keys.older.length > 0;
    const hasLog = root.log !== undefined;
    const features = { hasOlderKeys, hasPageParts, hasLog, compatibleFeatures: 0 };
    const header = { ...features, vaultId, generation, argon2, created };
    overlay.publish(encodeHeader({ ...header, keyDirectory, commitRoot }, keys));
  } finally {
    keys.close();
  }
  return Vault.open(overlay, platform, credentials);
}

/** The found commit root as a vault of its own goes on from it: without the snapshots and the space map. */
function rootAbove(
  { generation }: PageIndex,
  { root, hasLeaves }: FoundState,
  end: number,
): CommitRoot {
  return {
    time: { sec: 0, nsec: 0 },
    inodes: 0,
    pagesInUse: 0,
    epoch: 1,
    sealed: 0,
    ...root,
    toc: root !== undefined && hasLeaves ? root.toc : { pointer: undefined, height: 0 },
    env: undefined,
    previous: undefined,
    nextIno: FREE_INO,
    generation: generation + 1,
    end,
    spaceMap: [],
    snapshots: [],
    unknown: [],
  };
}

/** Cuts what is lost out of the TOC, and fills the gaps with what is found. */
async function fillLost(salvage: Salvage, scan: PageScan): Promise<void> {
  const { vault, state } = salvage;
  for (const { pointer, level, from } of state.hasLeaves ? state.lost : []) {
    if (pointer !== undefined) await vault.nodes.prune({ pointer, level, from });
  }
  const parts = await salvageRecords(salvage);
  for (const { from } of parts) doubtEdge(salvage.doubts, from);
  if (parts.length > 0) await salvageContent(salvage, scan, parts);
}

/** A part may begin behind an inode's attributes and among its extended attributes, which nothing counts. */
function doubtEdge(doubts: Doubts, from: Uint8Array): void {
  if (from.length < KEY_PREFIX) return;
  const kind = from[8] as number;
  const isBehindAttributes = kind > KeyKind.attributes || from.length > KEY_PREFIX;
  if (!isBehindAttributes || kind > KeyKind.xattr) return;
  doubts.add(getU64(from, 0), "partial", "extended attributes may be missing");
}

/**
 * Brings names, links and counts into line, until nothing is left to mend.
 * @returns names whose inodes are lost
 */
async function mendAll(
  { vault, doubts }: Salvage,
  options: RecoverOptions & {
    readonly compressor: Parameters<typeof repairVault>[1]["compressor"];
  },
): Promise<readonly LocatedFinding[]> {
  const { owner, compressor, signal } = options;
  const lostNames: LocatedFinding[] = [];
  for (;;) {
    const repair = { readData: false, compressor, owner, ...(signal && { signal }) };
    const { mended, after } = await repairVault(vault, repair);
    for (const finding of mended) {
      if (await isLostName(vault, finding)) lostNames.push(finding);
      else doubtMended(doubts, finding);
    }
    for (const finding of after.findings) doubtMended(doubts, finding);
    if (mended.length === 0) return lostNames;
  }
}

async function isLostName(vault: Vault, { code, ino }: LocatedFinding): Promise<boolean> {
  if (code !== "inode-missing" || ino === undefined) return false;
  const key = encodeKey(ino, KeyKind.attributes);
  return vault.transact((transaction) => transaction.get(key) === undefined);
}

/** What concerns names and links leaves the content as it is. */
function doubtMended(doubts: Doubts, { code, ino, message }: LocatedFinding): void {
  if (ino === undefined) return;
  if (code === "inode-missing" || code === "extent-wrong" || code === "record-malformed") {
    const reason = code === "inode-missing" ? "its attributes are lost" : message;
    doubts.add(ino, "partial", reason);
  }
}
