/**
 * Goes through a recovered vault, reads all of it, says what is whole, and writes it into a new vault by the calls of
 * the file system.
 *
 * 1. A file that is not whole never gets its old name: `.partial` or `.old` is added.
 * 2. Missing bytes are holes, and the attribute `user.dvault.missing` of the file tells which.
 * 3. A directory gets its attributes after its entries, so that a default ACL or an old time survives the copying.
 *
 * @module
 */
import { concatBytes, utf8 } from "../../base/bytes.ts";
import { NAME_MAX } from "../../base/limits.ts";
import { isDots } from "../../base/names.ts";
import type { ByteSpan } from "../check/finding.ts";
import {
  type Attributes,
  type Caller,
  type FileSystem,
  type NamePlace,
  ROOT_INO,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
} from "../file-system.ts";
import { joinPath, ROOT_PATH, shownPath } from "../path-bytes.ts";
import { copyAttributes } from "./copy-attributes.ts";
import type { Doubts } from "./doubts.ts";
import { damageOf, readContent } from "./read-content.ts";
import type { RecoveredEntry, RecoveredState } from "./recovered-entry.ts";

/** Attribute of a partial file: the missing bytes as `start-end` (the last one), by commas. */
const MISSING: Uint8Array = utf8("user.dvault.missing");
/** Ranges told in that attribute. */
const RANGES_TOLD = 100;

const NOTHING: Content = { missing: [], reasons: [] };
/** Who makes what is given its owner later. */
const NOBODY: Caller = { uid: 0, gid: 0 };
const ENTRIES_AT_ONCE = 256;

/** Where is copied from and to, and who is told. */
export interface TreeCopyParts {
  readonly from: FileSystem;
  readonly doubts: Doubts;
  /** Undefined when nothing is written: for a report. */
  readonly to: FileSystem | undefined;
  /** Called for every entry but directories. */
  readonly onEntry: (entry: RecoveredEntry) => void;
  /** Called for every directory. */
  readonly onDirectory: (path: Uint8Array) => void;
  readonly signal?: AbortSignal | undefined;
}

/** A directory on both sides. */
interface Place {
  readonly from: number;
  readonly to: number;
  readonly path: Uint8Array;
}

/** An entry that is not a directory. */
interface Other {
  readonly name: Uint8Array;
  readonly path: Uint8Array;
  readonly attributes: Attributes;
}

/** What reading content found. */
type Content = Pick<RecoveredEntry, "missing" | "reasons">;

/** What copying an inode found. */
interface Copied extends Content {
  /** Inode in the new vault. */
  readonly ino: number;
  readonly state: RecoveredState;
  /** Name it has until it gets its own; a regular file has none. */
  readonly passing?: NamePlace;
}

/** Copies everything below the root. @throws StoreError, CommitError of the new vault */
export async function copyTree(parts: TreeCopyParts): Promise<void> {
  await new TreeCopy(parts).directory({ from: ROOT_INO, to: ROOT_INO, path: ROOT_PATH });
}

class TreeCopy {
  readonly #parts: TreeCopyParts;
  /** Inodes with several names, by their number in the damaged vault. */
  readonly #linked = new Map<number, Copied>();

  constructor(parts: TreeCopyParts) {
    this.#parts = parts;
  }

  async directory(place: Place): Promise<void> {
    const { from, to, onDirectory } = this.#parts;
    onDirectory(shownPath(place.path));
    const directory = await from.opendir(place.from);
    for (let cookie = 0; ; ) {
      const entries = await directory.read(cookie, ENTRIES_AT_ONCE, "none");
      const last = entries.at(-1);
      if (last === undefined) break;
      for (const { name, ino } of entries) if (!isDots(name)) await this.#entry(place, name, ino);
      cookie = last.cookie;
    }
    const attributes = await from.getattr(place.from);
    if (to !== undefined) await copyAttributes(from, to, { attributes, ino: place.to });
  }

  async #entry(parent: Place, name: Uint8Array, ino: number): Promise<void> {
    const { from, signal } = this.#parts;
    signal?.throwIfAborted();
    const path = joinPath(parent.path, name);
    const attributes = await from.getattr(ino);
    if ((attributes.mode & S_IFMT) === S_IFDIR) {
      const to = await this.#makeDirectory(parent, name);
      await this.directory({ from: ino, to, path });
    } else {
      await this.#other(parent, { name, path, attributes });
    }
  }

  async #makeDirectory({ to: parent }: Place, name: Uint8Array): Promise<number> {
    const { to } = this.#parts;
    if (to === undefined) return ROOT_INO;
    const creation = { mode: S_IFDIR | 0o700, umask: 0, caller: NOBODY };
    return (await to.mkdir(parent, name, creation)).ino;
  }

  async #other(parent: Place, { name, path, attributes }: Other): Promise<void> {
    const { to, onEntry } = this.#parts;
    const { ino, nlink, size } = attributes;
    const known = this.#linked.get(ino);
    const copied = known ?? (await this.#copy(parent, attributes));
    if (nlink > 1) this.#linked.set(ino, copied);
    const { state, missing, reasons } = copied;
    const newName = await this.#nameFor(parent, name, state);
    if (to !== undefined && state !== "lost") {
      const place = { parent: parent.to, name: newName };
      await this.#place(to, copied, known === undefined, place);
    }
    const isRenamed = newName !== name;
    const newPath = isRenamed ? { newPath: joinPath(parent.path, newName) } : {};
    onEntry({ path, state, size, missing, reasons, ...newPath });
  }

  /** Gives a copied inode its name: the first, or one more. */
  async #place(to: FileSystem, copied: Copied, isFirst: boolean, place: NamePlace): Promise<void> {
    const { ino, passing } = copied;
    if (isFirst && passing !== undefined) await to.rename(passing, place, "no-replace");
    else await to.link(ino, place.parent, place.name);
    if (isFirst && passing === undefined) await to.forget(ino, 1);
  }

  async #copy(parent: Place, attributes: Attributes): Promise<Copied> {
    const { from, to, doubts } = this.#parts;
    const made = await this.#make(parent, attributes);
    if (made === undefined) {
      return { ino: 0, state: "lost", missing: [], reasons: ["its target is lost"] };
    }
    const isFile = (attributes.mode & S_IFMT) === S_IFREG;
    const { missing, reasons } = isFile ? await this.#content(attributes, made.ino) : NOTHING;
    if (missing.length > 0) await to?.setxattr(made.ino, MISSING, missingText(missing), "set");
    const problems = await copyAttributes(from, to, { attributes, ino: made.ino });
    const doubt = doubts.of(attributes.ino);
    const isHurt = missing.length > 0 || problems.length > 0;
    const state = isHurt ? "partial" : (doubt?.state ?? "whole");
    return {
      ...made,
      state,
      missing,
      reasons: [...(doubt?.reasons ?? []), ...reasons, ...problems],
    };
  }

  /**
   * Makes an inode that has not got its name yet.
   * @returns undefined when nothing is left to make it of
   */
  async #make(
    parent: Place,
    { ino, mode, rdev }: Attributes,
  ): Promise<Pick<Copied, "ino" | "passing"> | undefined> {
    const { from, to } = this.#parts;
    const type = mode & S_IFMT;
    const target = type === S_IFLNK ? await readTarget(from, ino) : undefined;
    if (type === S_IFLNK && target === undefined) return undefined;
    if (to === undefined) return { ino: 0 };
    const creation = { mode, umask: 0, caller: NOBODY };
    if (type === S_IFREG) {
      const made = await to.tmpfile(parent.to, creation);
      to.retain(made.ino);
      return { ino: made.ino };
    }
    const passing = {
      parent: parent.to,
      name: await this.#freeName(parent, utf8(`.#${ino}`), "new"),
    };
    const made =
      target === undefined
        ? await to.mknod(passing.parent, passing.name, creation, rdev)
        : await to.symlink(passing.parent, passing.name, target, NOBODY);
    return { ino: made.ino, passing };
  }

  async #content({ ino, size }: Attributes, target: number): Promise<Content> {
    const { from, to, signal } = this.#parts;
    const missing: ByteSpan[] = [];
    const reasons = new Set<string>();
    for await (const part of readContent(from, { ino, size })) {
      signal?.throwIfAborted();
      if ("gap" in part) {
        addSpan(missing, part.gap);
        reasons.add(part.reason);
      } else if (to !== undefined) {
        await writePieces(to, target, part);
      }
    }
    await to?.setattr(target, { size });
    return { missing, reasons: [...reasons] };
  }

  /** The name an entry gets: its own only when it is whole. */
  async #nameFor(parent: Place, name: Uint8Array, state: RecoveredState): Promise<Uint8Array> {
    return state === "whole" || state === "lost" ? name : this.#freeName(parent, name, state);
  }

  /** A name with something added that no other entry has, on either side. */
  async #freeName(parent: Place, name: Uint8Array, word: string): Promise<Uint8Array> {
    const { from, to } = this.#parts;
    for (let n = 1; ; n++) {
      const suffix = utf8(n === 1 ? `.${word}` : `.${word}.${n}`);
      const candidate = concatBytes(name.subarray(0, NAME_MAX - suffix.length), suffix);
      const isTaken =
        (await has(from, parent.from, candidate)) ||
        (to !== undefined && (await has(to, parent.to, candidate)));
      if (!isTaken) return candidate;
    }
  }
}

/** Writes what was read; the pieces are copied first, since they are borrowed for one turn only. */
async function writePieces(
  to: FileSystem,
  ino: number,
  { offset, pieces }: { readonly offset: number; readonly pieces: readonly Uint8Array[] },
): Promise<void> {
  let at = offset;
  for (const piece of pieces.map((borrowed) => borrowed.slice())) {
    await to.write(ino, at, piece);
    at += piece.length;
  }
}

async function has(fs: FileSystem, parent: number, name: Uint8Array): Promise<boolean> {
  return (await fs.lookup(parent, name)) !== undefined;
}

async function readTarget(fs: FileSystem, ino: number): Promise<Uint8Array | undefined> {
  try {
    return await fs.readlink(ino);
  } catch (error) {
    damageOf(error);
    return undefined;
  }
}

/** Adds a span behind others, and joins it with the last where they meet. */
function addSpan(spans: ByteSpan[], span: ByteSpan): void {
  const last = spans.at(-1);
  if (last?.end === span.start) spans[spans.length - 1] = { start: last.start, end: span.end };
  else spans.push(span);
}

function missingText(spans: readonly ByteSpan[]): Uint8Array {
  const told = spans.slice(0, RANGES_TOLD).map(({ start, end }) => `${start}-${end - 1}`);
  return utf8([...told, ...(spans.length > RANGES_TOLD ? ["…"] : [])].join(","));
}
