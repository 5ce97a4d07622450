/**
 * Brings the local database to what the header log says: after a start, after a call that may or may not have happened,
 * and when another writer has published.
 *
 * 1. A commit of our own that the database does not know of yet (the answer was lost, or the process was killed) is
 *    taken over: its pages are published.
 * 2. Local commits that were never published cannot be put on top of another writer's: that is a conflict, and nothing
 *    is changed unless they are to be discarded.
 * 3. The catalog is the checkpoint and the newest commit's change of it; nothing in between is needed.
 * 4. Where these are gone or damaged, the next older commit that is whole may be gone on from, but only when that was
 *    asked for or nothing is lost by it. The damaged one keeps its number, so whatever is published next counts.
 * 5. A log that has gone back behind what this database has seen is refused, unless that is accepted: pages of commits
 *    that are gone would otherwise be taken for published.
 *
 * @module
 */
import { equalBytes } from "../../../core/base/bytes.ts";
import {
  CommitError,
  type DvaultError,
  FormatError,
  RollbackError,
  StoreError,
} from "../../../core/base/errors.ts";
import { VAULT_ID_SIZE } from "../../../core/format/header.ts";
import type { LogRecord, ObjectStore, StoredObject } from "../../objects/object-store.ts";
import {
  type CatalogChange,
  decodeCatalogChange,
  OWN_ATTACHMENT,
} from "../format/catalog-change.ts";
import { extentSize, frameAt, frameSize } from "../format/extent.ts";
import { pageOfFrame } from "../format/frame.ts";
import type { AcceptedCommit, LogView } from "../format/log-view.ts";
import { decodeOpeningPages } from "../format/opening-pages.ts";
import type { LocalParts } from "../local/local-parts.ts";

/** Bytes before the change that are fetched with it: the commit root and the top of the tree stand there. */
const TAIL_BYTES = 256 * 1024;

/** What catching up stands on. */
export interface CatchingUp {
  readonly objects: ObjectStore;
  readonly local: LocalParts;
  /** Whether the claim of a commit is ours. */
  readonly isOwn: (commit: AcceptedCommit) => boolean;
  /** Whether a vault is open on the headers as they are: then another writer's commit is a conflict in any case. */
  readonly isLive: boolean;
  /** What to do when the newest commit cannot be read. */
  readonly onDamage: "refuse" | "older";
  /** Whether a log is refused that has gone back: when a store is opened, since a list may also be late. */
  readonly refusesOlder?: boolean;
  /** Takes what is to be said of commits that cannot be read and were passed over. */
  readonly warnings: string[];
  readonly signal?: AbortSignal | undefined;
}

/** A commit's change of the catalog, and the bytes it came in. */
interface FetchedChange {
  readonly change: CatalogChange;
  /** The attachment's bytes from `offset` on, up to the change. */
  readonly tail: Uint8Array;
  readonly offset: number;
}

/**
 * Catches up with the newest commit of a log, if there is one.
 * @returns whether another writer's commit came in
 * @throws CommitError COMMIT_CONFLICT; RollbackError VAULT_ROLLED_BACK; StoreError; FormatError
 */
export async function catchUp(work: CatchingUp, view: LogView): Promise<boolean> {
  const { state, pages } = work.local;
  const [newest] = view.commits;
  if (newest === undefined) return false;
  checkVault(work, newest);
  if (newest.record.position === state.now.position) return false;
  if (work.refusesOlder) checkForward(work, newest);
  const isMine = work.isOwn(newest);
  if (!isMine && (work.isLive || state.now.sequence > shippedBy(work, view))) {
    throw conflict(work, newest);
  }
  const whole = await findWhole(work, view);
  if (whole === undefined) {
    work.local.database.transaction(() => state.change({ publication: publicationOf(view) }));
    return false;
  }
  take(work, whole);
  await pages.sync();
  keepTail(work, whole);
  return !whole.isOwn;
}

/**
 * The newest commit that can be read.
 * @returns undefined when that is the one the local database stands at
 */
async function findWhole(work: CatchingUp, view: LogView): Promise<Taken | undefined> {
  const { state } = work.local;
  let damage: FormatError | undefined;
  for (const [older, commit] of view.commits.entries()) {
    if (commit.record.position === state.now.position) return undefined;
    try {
      const commits = view.commits.slice(older);
      const publication = publicationOf(view);
      return { ...(await readCommit(work, commit)), view: { ...view, commits }, publication };
    } catch (error) {
      if (!isDamage(error)) throw error;
      const problem = unreadable(work, commit, error);
      damage ??= problem;
      // Of a commit of our own that the database does not know yet, everything is still in it.
      const losesNothing = work.isOwn(commit) && state.hasUnpublished;
      if (!losesNothing && work.onDamage === "refuse") throw damage;
      work.warnings.push(problem.message);
    }
  }
  throw damage ?? new Error("a log without commits was gone through");
}

/** What a commit says of the catalog. */
interface ReadCommit extends FetchedChange {
  readonly isOwn: boolean;
  /** The checkpoint, when the catalog is to be built anew. */
  readonly parts: readonly CatalogChange[] | undefined;
}

async function readCommit(work: CatchingUp, commit: AcceptedCommit): Promise<ReadCommit> {
  const isOwn = work.isOwn(commit);
  const fetched = await fetchChange(work, commit);
  const { change } = fetched;
  const parts = canExtend(work, change, isOwn)
    ? undefined
    : await fetchParts(work, change.checkpoint);
  return { ...fetched, isOwn, parts };
}

/** Number of the newest commit, whole or not. */
function publicationOf({ commits }: LogView): number {
  return commits[0]?.commit.publication ?? 0;
}

function isDamage(error: unknown): error is DvaultError {
  if (error instanceof FormatError) return error.code !== "VERSION_UNKNOWN";
  return (
    error instanceof StoreError && (error.code === "OBJECT_GONE" || error.code === "OBJECT_CUT")
  );
}

function unreadable(
  { objects }: CatchingUp,
  { commit, record }: AcceptedCommit,
  cause: DvaultError,
): FormatError {
  const when = new Date(record.timeMs).toISOString();
  const message =
    `commit ${commit.publication} of ${objects.name}, by ${commit.claim.host} (${when}), cannot be read ` +
    `(${cause.message}); the one before it can be gone on from (--older-commit), without what changed since`;
  return new FormatError("VAULT_DAMAGED", message, { cause });
}

/** Forgets local commits that were never published, so that the newest published one can be taken over. */
export async function discardLocal(local: LocalParts): Promise<void> {
  const { database, state, pages, catalog, deaths } = local;
  database.transaction(() => {
    pages.clear();
    deaths.clear();
    catalog.clear();
    state.setCheckpointParts([]);
    state.change({ shipped: state.now.sequence, position: "", checkpoint: state.now.version });
  });
  await pages.sync();
}

/** @throws StoreError STORE_EXISTS when the log is of another vault than the local database */
function checkVault({ objects, local }: CatchingUp, { commit }: AcceptedCommit): void {
  const known = local.state.newestHeader();
  if (known === undefined || equalBytes(vaultIdOf(known), vaultIdOf(commit.header))) return;
  const message = `${objects.name} holds another vault than the local database knows; use a database of its own for each`;
  throw new StoreError("STORE_EXISTS", message);
}

/** @throws RollbackError VAULT_ROLLED_BACK */
function checkForward({ objects, local }: CatchingUp, { commit, record }: AcceptedCommit): void {
  const { publication: seen } = local.state.now;
  const { publication: found } = commit;
  if (found >= seen) return;
  const when = new Date(record.timeMs).toISOString();
  const message = `${objects.name} is at publication ${found} (${when}), and this machine has seen publication ${seen} there: a backup was restored, the newest record is lost, or somebody put an older state back; --allow-rollback goes on from it`;
  throw new RollbackError(message, found, seen);
}

/** The vault's id in a stored header (FORMAT.md §2.1). */
function vaultIdOf(header: Uint8Array): Uint8Array {
  return header.subarray(16, 16 + VAULT_ID_SIZE);
}

/** The local commit that is published as far as the log tells. */
function shippedBy(work: CatchingUp, view: LogView): number {
  const own = view.commits.filter(work.isOwn).map(({ commit }) => commit.sequence);
  return Math.max(work.local.state.now.shipped, ...own);
}

function conflict(work: CatchingUp, { commit, record }: AcceptedCommit): CommitError {
  const { sequence, shipped } = work.local.state.now;
  const when = new Date(record.timeMs).toISOString();
  const what = `${work.objects.name} was written by ${commit.claim.host} (${when}) while `;
  const pending = `${sequence - shipped} local commits of this machine were not published; give these up (--discard-local), or put the local database aside`;
  const open = "the vault was open here; open it again";
  return new CommitError("COMMIT_CONFLICT", what + (sequence > shipped ? pending : open));
}

async function fetchChange(work: CatchingUp, newest: AcceptedCommit): Promise<FetchedChange> {
  const { attachment, offset, length } = newest.commit.change;
  const object = newest.record.attachments[attachment];
  if (object === undefined || offset + length > object.length) {
    const message = `the newest commit of ${work.objects.name} lacks its catalog`;
    throw new FormatError("VAULT_DAMAGED", message);
  }
  const begin = Math.max(0, offset - TAIL_BYTES);
  const range = { offset: begin, length: offset + length - begin };
  const bytes = await work.objects.get(object.id, range, signalOf(work));
  const tail = bytes.subarray(0, offset - begin);
  const change = decodeCatalogChange(bytes.subarray(tail.length));
  return { change: resolveOwn(change, newest.record, attachment), tail, offset: begin };
}

/** Gives the record's own attachment the id it got. */
function resolveOwn(change: CatalogChange, record: LogRecord, attachment: number): CatalogChange {
  const { id } = record.attachments[attachment] as StoredObject;
  const objects = change.objects.map((object) =>
    object.id === OWN_ATTACHMENT ? { ...object, id, position: record.position } : object,
  );
  return { ...change, objects };
}

/** Whether a change can be applied to the catalog as it is: same checkpoint, and nothing of our own that was refused. */
function canExtend({ local }: CatchingUp, change: CatalogChange, isOwn: boolean): boolean {
  const parts = local.state.checkpointParts();
  const isSame =
    local.state.now.position !== "" &&
    parts.length === change.checkpoint.length &&
    parts.every((part, i) => part.id === change.checkpoint[i]?.id);
  if (!isSame || isOwn) return isSame;
  const { goneObjects, goneExtents, objects, extents } = local.catalog.changesAfter(
    local.state.now.version - 1,
  );
  return goneObjects.length + goneExtents.length + objects.length + extents.length === 0;
}

async function fetchParts(
  work: CatchingUp,
  checkpoint: readonly StoredObject[],
): Promise<readonly CatalogChange[]> {
  const parts: CatalogChange[] = [];
  for (const { id, length } of checkpoint) {
    parts.push(
      decodeCatalogChange(await work.objects.get(id, { offset: 0, length }, signalOf(work))),
    );
  }
  return parts;
}

function signalOf({ signal }: CatchingUp): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

/** The newest whole commit. */
interface Taken extends ReadCommit {
  /** The log from this commit back. */
  readonly view: LogView;
  /** Number that the next publication must be above. */
  readonly publication: number;
}

function take(work: CatchingUp, { change, isOwn, parts, view, publication }: Taken): void {
  const { database, state, pages, catalog } = work.local;
  const [newest, previous] = view.commits as [AcceptedCommit, ...AcceptedCommit[]];
  const { commit, record } = newest;
  database.transaction(() => {
    const { version } = state.now;
    if (parts === undefined) catalog.apply(change, version);
    else {
      catalog.clear();
      for (const part of parts) catalog.apply(part, version);
      catalog.forgetGone(version);
      catalog.apply(change, version + 1);
      state.setCheckpointParts(change.checkpoint);
      state.change({ checkpoint: version });
    }
    for (const { first, lengths } of change.extents) {
      pages.published(lengths.map((_, n) => ({ address: first + n })));
    }
    const shipped = shippedBy(work, view);
    const isNews = !isOwn || commit.sequence > state.now.sequence;
    const sequence = isNews ? Math.max(state.now.sequence + 1, shipped) : state.now.sequence;
    if (isNews) state.setHeaders(commit.header, previous?.commit.header, sequence);
    const { position } = record;
    state.change({
      sequence,
      shipped: isNews ? sequence : shipped,
      publication,
      position,
      version: version + 2,
    });
    pages.evict();
  });
}

/** Keeps the pages that came along with the change. */
function keepTail({ local }: CatchingUp, { change, tail, offset, view }: Taken): void {
  const position = view.commits[0]?.record.position;
  const own = change.objects.find((object) => object.position === position);
  const copies = tail.subarray(Math.max(0, (own?.length ?? 0) - offset));
  const kept = new Map(decodeOpeningPages(copies).map(({ address, bytes }) => [address, bytes]));
  for (const extent of change.extents) {
    if (extent.object !== own?.number || extent.offset + extentSize(extent) <= offset) continue;
    for (let n = 0; n < extent.lengths.length; n++) {
      const place = frameAt(extent, n);
      const at = place.offset - offset;
      if (at < 0 || at + frameSize(place.length) > tail.length) continue;
      const address = extent.first + n;
      const bytes = pageOfFrame(tail.subarray(at, at + frameSize(place.length)), address);
      if (bytes !== undefined) kept.set(address, bytes);
    }
  }
  local.pages.putCached([...kept].map(([address, bytes]) => ({ address, bytes })));
}
