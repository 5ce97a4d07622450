/**
 * The state a new vault begins with: a key, its first slots, an empty TOC. Nothing of it is published yet.
 *
 * @module
 */
import type { Argon2Cost, Platform } from "../base/platform.ts";
import { timeNow } from "../base/time.ts";
import { KEY_SIZE, VaultKeys } from "../crypto/key-schedule.ts";
import type { KeySlot, VaultSecret } from "../crypto/key-slot.ts";
import { SecretBytes } from "../crypto/secret-bytes.ts";
import type { CommitRoot } from "../format/commit-root.ts";
import { type Header, VAULT_ID_SIZE } from "../format/header.ts";
import { encodeKeyDirectory } from "../format/key-directory.ts";
import { PageCodec } from "../format/page-codec.ts";
import { pageBuffers } from "../pages/page-buffers.ts";
import { PageCache } from "../pages/page-cache.ts";
import type { PageStore } from "../pages/page-store.ts";
import { Tree } from "../tree/tree.ts";
import { ChangeLog } from "./change-log.ts";
import type { VaultParts } from "./committer.ts";
import { addKeyDirectories } from "./key-directories.ts";
import type { OpenedState } from "./open-state.ts";
import { SpaceMap } from "./space.ts";

/** First inode number to hand out: 0 is for the vault's own records, 1 is the root directory. */
const FIRST_INO = 2;

/** What a vault is made of. */
export interface Making {
  readonly store: PageStore;
  readonly platform: Platform;
  readonly argon2: Argon2Cost;
  readonly makeSlots: (secret: VaultSecret) => Promise<readonly KeySlot[]>;
  readonly cacheBytes: number;
}

/** Makes the state; the first commit publishes it. */
export async function createState(
  making: Making,
): Promise<{ readonly state: OpenedState; readonly parts: VaultParts }> {
  const { store, platform } = making;
  const vaultId = new Uint8Array(VAULT_ID_SIZE);
  const key = new Uint8Array(KEY_SIZE);
  platform.random.fill(vaultId);
  platform.random.fill(key);
  const vaultKey = new SecretBytes(key);
  const slots = await making.makeSlots({ vaultId, vaultKey });
  const keys = new VaultKeys(vaultId, vaultKey, platform.aead);
  store.seed(0, []);
  const space = store.reusesAddresses ? new SpaceMap() : undefined;
  const pages = new PageCache({
    store,
    codec: new PageCodec({ vaultId, hasPageParts: true }, keys, platform.random),
    buffers: pageBuffers(platform),
    budgetBytes: making.cacheBytes,
    openGeneration: 1,
    onAddress: (address, used) => space?.mark(address, used),
  });
  const owner = { ino: 0, block: 0 };
  const directories = addKeyDirectories(pages, encodeKeyDirectory({ vaultId, slots, older: [] }));
  const [placeholder] = pages.add([{ pageClass: "root", owner, payload: new Uint8Array(0) }]);
  if (placeholder === undefined) throw new Error("no page was made");
  const header: Header = {
    hasOlderKeys: false,
    hasPageParts: true,
    hasLog: false,
    compatibleFeatures: 0,
    vaultId,
    generation: 0,
    argon2: making.argon2,
    ...directories,
    commitRoot: { address: placeholder.address, generation: placeholder.generation },
    created: timeNow(platform.clock),
  };
  const tree = new Tree(pages, { pointer: undefined, height: 0 });
  const state: OpenedState = {
    header,
    root: emptyRoot(header),
    slot: 1,
    isTwin: false,
    keys,
    slots,
    older: [],
    slotId: slots[0]?.id ?? "",
    warnings: [],
    isSpareUsed: false,
    spare: [],
  };
  const { aside, buffers } = pages;
  const log = new ChangeLog({ store, aside, buffers, random: platform.random });
  return { state, parts: { store, platform, keys, pages, tree, space, log } };
}

function emptyRoot(header: Header): CommitRoot {
  return {
    generation: 0,
    time: header.created,
    toc: { pointer: undefined, height: 0 },
    env: undefined,
    previous: undefined,
    nextIno: FIRST_INO,
    inodes: 0,
    pagesInUse: 0,
    end: 0,
    epoch: 1,
    sealed: 0,
    spaceMap: [],
    snapshots: [],
    unknown: [],
  };
}
