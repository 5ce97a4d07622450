/**
 * The commit root: what one commit publishes, the payload of a `root` page (FORMAT.md §5.1).
 *
 *     offset  size  field
 *          0     2  record version, 1
 *          2     2  height of the TOC: 0 when it is empty, 1 when its root is a leaf
 *          4    12  pointer to the TOC's root; zero bytes: it is empty
 *         16    12  pointer to the env root; zero bytes: none
 *         28    12  pointer to the previous commit root; zero bytes: none
 *         40     6  generation
 *         46    12  time of the commit
 *         58     8  next inode number
 *         66     8  inodes
 *         74     6  pages in use
 *         80     6  end of the address space, as a page number
 *         86     2  epoch of the page key
 *         88     6  messages sealed in this epoch
 *         94    34  reserved, 0
 *        128     n  fields: tag u16, length u32, value
 *
 *     tag     value
 *     1       space map: pointers to its pages, 12 bytes each, in order
 *     2       one snapshot: id u32, generation u48, time 12, TOC pointer 12, TOC height u16, name (1 to 255 bytes)
 *     0x8001  log of changes since the commit, see log-place.ts
 *
 * A reader keeps fields whose tag it does not know and writes them back; a tag with bit 15 set it must know.
 *
 * @module
 */
import { FormatError } from "../base/errors.ts";
import { NAME_MAX, PAGE_SIZE } from "../base/limits.ts";
import type { Time } from "../base/time.ts";
import { type PagePointer, POINTER_SIZE, samePointer } from "./address.ts";
import { decodeLogPlace, encodeLogPlace, type LogPlace } from "./log-place.ts";
import { RecordReader } from "./record-reader.ts";
import { RecordWriter } from "./record-writer.ts";

const RECORD_VERSION = 1;
const RESERVED_SIZE = 34;
const TAG_SPACE_MAP = 1;
const TAG_SNAPSHOT = 2;
const TAG_MUST_KNOW = 0x8000;
const TAG_LOG = 0x8001;

/** A copy-on-write B+tree: where its root is and how many levels it has. */
export interface TreeRoot {
  /** Undefined when the tree is empty. */
  readonly pointer: PagePointer | undefined;
  /** Levels: 0 when the tree is empty, 1 when its root is a leaf. */
  readonly height: number;
}

/** A state of the TOC that is kept. */
export interface Snapshot {
  readonly id: number;
  /** 1 to 255 bytes. */
  readonly name: Uint8Array;
  readonly time: Time;
  readonly generation: number;
  readonly toc: TreeRoot;
}

/** A field of a later version, kept as it is. */
export interface UnknownField {
  readonly tag: number;
  readonly value: Uint8Array;
}

/** What a commit root says. */
export interface CommitRoot {
  readonly generation: number;
  readonly time: Time;
  readonly toc: TreeRoot;
  readonly env: PagePointer | undefined;
  readonly previous: PagePointer | undefined;
  readonly nextIno: number;
  readonly inodes: number;
  readonly pagesInUse: number;
  /** One past the highest page number ever handed out. */
  readonly end: number;
  readonly epoch: number;
  /** Messages sealed with the key of `epoch` so far: a page, or a part of one, each. */
  readonly sealed: number;
  readonly spaceMap: readonly PagePointer[];
  readonly snapshots: readonly Snapshot[];
  /** Where changes since the commit stand; undefined when nobody keeps a log. */
  readonly log?: LogPlace | undefined;
  readonly unknown: readonly UnknownField[];
}

/** Bytes the list of snapshots may take in a commit root: the rest is left to the space map. */
export const SNAPSHOTS_SIZE_MAX: number = PAGE_SIZE / 2;

/** Bytes of a snapshot in a commit root beside its name: tag, length, and the fields above. */
const SNAPSHOT_FIXED_SIZE = 6 + 36;

/** Bytes that snapshots take in a commit root. */
export function snapshotsSize(snapshots: readonly Pick<Snapshot, "name">[]): number {
  return snapshots.reduce((sum, { name }) => sum + SNAPSHOT_FIXED_SIZE + name.length, 0);
}

/** Whether two commit roots describe the same content: TOC and snapshots. */
export function hasSameContent(a: CommitRoot, b: CommitRoot): boolean {
  return (
    samePointer(a.toc.pointer, b.toc.pointer) &&
    a.snapshots.length === b.snapshots.length &&
    a.snapshots.every(({ id }, i) => id === b.snapshots[i]?.id)
  );
}

/** Makes the payload of a `root` page. */
export function encodeCommitRoot(root: CommitRoot): Uint8Array {
  const out = new RecordWriter();
  out.u16(RECORD_VERSION);
  out.u16(root.toc.height);
  out.pointer(root.toc.pointer);
  out.pointer(root.env);
  out.pointer(root.previous);
  out.u48(root.generation);
  out.time(root.time);
  out.u64(root.nextIno);
  out.u64(root.inodes);
  out.u48(root.pagesInUse);
  out.u48(root.end);
  out.u16(root.epoch);
  out.u48(root.sealed);
  out.reserved(RESERVED_SIZE);
  if (root.spaceMap.length > 0) putField(out, TAG_SPACE_MAP, encodePointers(root.spaceMap));
  for (const snapshot of root.snapshots) putField(out, TAG_SNAPSHOT, encodeSnapshot(snapshot));
  if (root.log !== undefined) putField(out, TAG_LOG, encodeLogPlace(root.log));
  for (const field of root.unknown) putField(out, field.tag, field.value);
  const record = out.finish();
  if (record.length > PAGE_SIZE) {
    throw new Error(`commit root of ${record.length} bytes does not fit a page`);
  }
  return record;
}

/**
 * Reads the payload of a `root` page.
 *
 * @throws FormatError RECORD_MALFORMED; VERSION_UNKNOWN for a record version or field that must be known
 */
export function decodeCommitRoot(payload: Uint8Array): CommitRoot {
  const reader = new RecordReader("commit root", payload);
  const version = reader.u16();
  if (version !== RECORD_VERSION) throw unknown(`version ${version}`);
  const height = reader.u16();
  const tocRoot = reader.optionalPointer();
  const env = reader.optionalPointer();
  const previous = reader.optionalPointer();
  const fixed = {
    env,
    previous,
    toc: checkedTree(reader, tocRoot, height),
    generation: reader.u48(),
    time: reader.time(),
    nextIno: reader.u64(),
    inodes: reader.u64(),
    pagesInUse: reader.u48(),
    end: reader.u48(),
    epoch: reader.u16(),
    sealed: reader.u48(),
  };
  if (fixed.epoch === 0) throw reader.malformed("epoch 0 seals nothing");
  reader.reserved(RESERVED_SIZE);
  return { ...fixed, ...decodeFields(reader) };
}

function decodeFields(
  reader: RecordReader,
): Pick<CommitRoot, "spaceMap" | "snapshots" | "log" | "unknown"> {
  const spaceMap: PagePointer[] = [];
  const snapshots: Snapshot[] = [];
  const others: UnknownField[] = [];
  let log: LogPlace | undefined;
  while (reader.remaining > 0) {
    const tag = reader.u16();
    const length = reader.u32();
    if (tag === TAG_SPACE_MAP) decodePointers(reader.part("space map list", length), spaceMap);
    else if (tag === TAG_SNAPSHOT) snapshots.push(decodeSnapshot(reader.part("snapshot", length)));
    else if (tag === TAG_LOG && log !== undefined) throw reader.malformed("it names two logs");
    else if (tag === TAG_LOG) log = decodeLogPlace(reader.part("log place", length));
    else if (tag >= TAG_MUST_KNOW) throw unknown(`field ${tag}`);
    else others.push({ tag, value: reader.bytes(length) });
  }
  return { spaceMap, snapshots, ...(log && { log }), unknown: others };
}

function putField(out: RecordWriter, tag: number, value: Uint8Array): void {
  out.u16(tag);
  out.u32(value.length);
  out.bytes(value);
}

function encodePointers(pointers: readonly PagePointer[]): Uint8Array {
  const out = new RecordWriter();
  for (const pointer of pointers) out.pointer(pointer);
  return out.finish();
}

function decodePointers(reader: RecordReader, into: PagePointer[]): void {
  if (reader.remaining % POINTER_SIZE !== 0) throw reader.malformed("it ends within a pointer");
  while (reader.remaining > 0) into.push(reader.pointer());
  if (new Set(into.map(({ address }) => address)).size < into.length) {
    throw reader.malformed("its space map has a page twice");
  }
}

function encodeSnapshot(snapshot: Snapshot): Uint8Array {
  const out = new RecordWriter();
  out.u32(snapshot.id);
  out.u48(snapshot.generation);
  out.time(snapshot.time);
  out.pointer(snapshot.toc.pointer);
  out.u16(snapshot.toc.height);
  out.bytes(snapshot.name);
  return out.finish();
}

function decodeSnapshot(reader: RecordReader): Snapshot {
  const id = reader.u32();
  const generation = reader.u48();
  const time = reader.time();
  const root = reader.optionalPointer();
  const toc = checkedTree(reader, root, reader.u16());
  const length = reader.remaining;
  if (length === 0 || length > NAME_MAX) throw reader.malformed(`name of ${length} bytes`);
  return { id, generation, time, toc, name: reader.bytes(length) };
}

function checkedTree(
  reader: RecordReader,
  pointer: PagePointer | undefined,
  height: number,
): TreeRoot {
  if ((pointer === undefined) === (height === 0)) return { pointer, height };
  throw reader.malformed(`a tree of height ${height} ${pointer ? "has" : "lacks"} a root`);
}

function unknown(what: string): FormatError {
  return new FormatError(
    "VERSION_UNKNOWN",
    `the commit root has ${what}, which this program does not know: open the vault with a newer dvault`,
  );
}
