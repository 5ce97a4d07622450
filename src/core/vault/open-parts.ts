/**
 * What an open vault is made of, from a store that has one.
 *
 * @module
 */
import type { Platform } from "../base/platform.ts";
import type { Credentials } from "../crypto/unlock.ts";
import { PageCodec } from "../format/page-codec.ts";
import { MemoryStore } from "../pages/memory-store.ts";
import { OverlayStore } from "../pages/overlay-store.ts";
import { pageBuffers } from "../pages/page-buffers.ts";
import { PageCache } from "../pages/page-cache.ts";
import type { PageStore } from "../pages/page-store.ts";
import { Tree } from "../tree/tree.ts";
import { ChangeLog } from "./change-log.ts";
import type { VaultParts } from "./committer.ts";
import { Inspection } from "./inspection.ts";
import { type OpenedState, openState } from "./open-state.ts";
import { SpaceMap } from "./space.ts";

/** Number of the first page that a reader makes for itself: higher than any that a writer hands out. */
const OWN_PAGES = 2 ** 40;

/** How parts are opened. */
export interface PartsOptions {
  /** Bytes of clean pages kept. */
  readonly cacheBytes: number;
  /** Finds the pages in use, by number, when the space map is not to be trusted. */
  readonly findPages?:
    | ((inspection: Inspection) => Promise<(number: number) => boolean>)
    | undefined;
  /** Called with what was found before anything is written; what it throws ends the opening. */
  readonly accept?: ((found: FoundCommit) => void) | undefined;
}

/** The commit a vault is about to be opened at. */
export type FoundCommit = Pick<OpenedState, "header" | "root" | "keys" | "warnings">;

/** Where a vault is, and who opens it. */
interface Place {
  readonly store: PageStore;
  readonly platform: Platform;
  /** Borrowed until the promise ends. */
  readonly credentials: Credentials;
}

/** @throws FormatError NOT_A_VAULT, VERSION_UNKNOWN, VAULT_DAMAGED; KeyError WRONG_KEY, KDF_LIMITS; StoreError */
export async function openParts(
  place: Place,
  options: PartsOptions,
): Promise<{ readonly state: OpenedState; readonly parts: VaultParts }> {
  const { store, platform } = place;
  const state = await openState(place);
  const { header, root, keys } = state;
  try {
    options.accept?.(state);
  } catch (error) {
    keys.close();
    throw error;
  }
  keys.enterEpoch(root.epoch);
  let space: SpaceMap | undefined;
  const pages = new PageCache({
    store: store.readOnly && root.log !== undefined ? withOwnPages(store) : store,
    codec: new PageCodec(header, keys, platform.random),
    buffers: pageBuffers(platform),
    budgetBytes: options.cacheBytes,
    openGeneration: header.generation + 1,
    onAddress: (address, used) => space?.mark(address, used),
  });
  if (!store.readOnly && store.reusesAddresses) {
    space = await loadSpace(pages, state, options.findPages);
  }
  // The newest map calls free what the other header needs, which must open until a commit takes its slot.
  if (!store.readOnly) store.seed(root.end, space?.free(root.end, state.spare) ?? []);
  const tree = new Tree(pages, root.toc);
  const { aside, buffers } = pages;
  const log = new ChangeLog({ store, aside, buffers, random: platform.random });
  if (root.log !== undefined) log.keep(root.log);
  return { state, parts: { store, platform, keys, pages, tree, space, log } };
}

/** What a log says changes nodes of the TOC; those of a reader stay in its memory. */
function withOwnPages(store: PageStore): PageStore {
  return new OverlayStore({ lower: store, upper: new MemoryStore(), border: OWN_PAGES });
}

async function loadSpace(
  pages: PageCache,
  { header, root }: OpenedState,
  findPages: PartsOptions["findPages"],
): Promise<SpaceMap> {
  if (findPages === undefined) return SpaceMap.load(pages, root.spaceMap);
  const isInUse = await findPages(new Inspection({ pages, root, header }));
  return SpaceMap.rebuild(root.spaceMap, root.end, isInUse);
}
