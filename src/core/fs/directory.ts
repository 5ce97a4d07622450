/**
 * Reading directories: `.`, `..`, then the entries in the order of their names. Those that come while a pass is under way
 * are not in it.
 *
 * @module
 */
import { isUnreadable } from "../base/errors.ts";
import { chain, type MaybePromise } from "../base/maybe-promise.ts";
import { encodeKey, KEY_PREFIX, KeyKind, keyAfterKind } from "../tree/key.ts";
import type { Transaction } from "../vault/transaction.ts";
import { touchAccess } from "./access-time.ts";
import { CookieNames } from "./cookie-names.ts";
import { type Dentry, decodeDentry } from "./dentry.ts";
import { foresee, isFar } from "./far-inodes.ts";
import {
  type Attributes,
  type Directory,
  type DirectoryEntry,
  type ListedAttributes,
  type ReadOptions,
  S_IFDIR,
} from "./file-system.ts";
import type { FsContext } from "./fs-context.ts";
import { InodeRecord } from "./inode-record.ts";
import { loadInode, missing, requireDirectory } from "./inodes.ts";
import type { ListingPass } from "./listing-passes.ts";

/** Cookie behind `..`; 1 is behind `.`. */
const DOTS_COOKIE = 2;

const DOT = new Uint8Array([0x2e]);
const DOTS = new Uint8Array([0x2e, 0x2e]);

/** A name as found in the tree. */
interface Found extends Dentry {
  readonly name: Uint8Array;
}

/** An entry before it is handed out. */
type Listed = Omit<DirectoryEntry, "cookie">;

/** @see FileSystem.opendir */
export function opendir(
  context: FsContext,
  ino: number,
  options: ReadOptions,
): MaybePromise<Directory> {
  return context.view((transaction) => {
    requireDirectory(loadInode(transaction, ino));
    return new OpenDirectory(context, ino, options);
  });
}

class OpenDirectory implements Directory {
  readonly #context: FsContext;
  readonly #ino: number;
  readonly #options: ReadOptions;
  readonly #cookies = new CookieNames(DOTS_COOKIE + 1);
  #pass: ListingPass | undefined;

  constructor(context: FsContext, ino: number, options: ReadOptions) {
    this.#context = context;
    this.#ino = ino;
    this.#options = options;
  }

  read(
    cookie: number,
    limit: number,
    whose: ListedAttributes,
  ): MaybePromise<readonly DirectoryEntry[]> {
    const listed = this.#context.view((transaction) => {
      const directory = loadInode(transaction, this.#ino);
      if (directory.nlink === 0) return [];
      if (cookie === 0) this.#rewind();
      const dots = this.#dots(directory, cookie, limit);
      const found = this.#scan(transaction, cookie, limit - dots.length);
      if (this.#options.keepsAtime !== true) touchAccess(this.#context, transaction, directory);
      return this.#fill(transaction, [...dots, ...found], whose);
    });
    // Not before: the function of a transaction may run again after it has returned.
    return chain(listed, (entries) => this.#handOut(entries, cookie));
  }

  #rewind(): void {
    this.#cookies.rewind();
    this.#endPass();
    this.#pass = this.#context.passes.begin(this.#ino);
  }

  #endPass(): void {
    if (this.#pass !== undefined) this.#context.passes.end(this.#ino, this.#pass);
    this.#pass = undefined;
  }

  #dots(directory: InodeRecord, cookie: number, limit: number): Found[] {
    const both = [
      { name: new Uint8Array(DOT), ino: this.#ino, type: S_IFDIR },
      { name: new Uint8Array(DOTS), ino: directory.parent, type: S_IFDIR },
    ];
    return both.slice(cookie, cookie + limit);
  }

  /** At most `limit` entries behind a cookie. */
  #scan(transaction: Transaction, cookie: number, limit: number): Found[] {
    const found: Found[] = [];
    if (limit <= 0) return found;
    const start = this.#cookies.resume(cookie);
    // The smallest key above a name is the name with a zero byte.
    const from = encodeKey(this.#ino, KeyKind.dentry, start && successor(start.name));
    let skip = start?.skip ?? 0;
    transaction.scan(from, keyAfterKind(this.#ino, KeyKind.dentry), (key, value) => {
      const stored = key.subarray(KEY_PREFIX);
      if (this.#pass?.isNew(stored) === true) return true;
      if (skip > 0) {
        skip -= 1;
        return true;
      }
      const { ino, type } = decodeDentry(value);
      found.push({ name: new Uint8Array(stored), ino, type });
      return found.length < limit;
    });
    return found;
  }

  /** Adds the attributes that are wanted. */
  #fill(
    transaction: Transaction,
    entries: readonly Listed[],
    whose: ListedAttributes,
  ): readonly Listed[] {
    if (whose === "none") return entries;
    const inos = entries.map(({ ino }) => ino);
    if (whose === "all") {
      foresee(this.#context, transaction, inos);
      return entries.map((entry) => this.#withAttributes(transaction, entry));
    }
    const far = new Set(inos.filter((ino) => isFar(this.#context, transaction, ino)));
    this.#context.leftOut.note(this.#ino, [...far]);
    return entries.map((entry) =>
      far.has(entry.ino) ? entry : this.#withAttributes(transaction, entry),
    );
  }

  /** Adds the attributes of an entry, unless they are damaged. */
  #withAttributes(transaction: Transaction, entry: Listed): Listed {
    const { name, ino, type } = entry;
    try {
      return { name, ino, type, attributes: this.#attributes(transaction, ino) };
    } catch (error) {
      if (isUnreadable(error)) return entry;
      throw error;
    }
  }

  /** Attributes of an inode. Its extended ones stand behind them, so that there are none shows at the same time. */
  #attributes(transaction: Transaction, ino: number): Attributes {
    const { bare, drafts } = this.#context;
    const found: Attributes[] = [];
    let isBare = true;
    const from = encodeKey(ino, KeyKind.attributes);
    transaction.scan(from, keyAfterKind(ino, KeyKind.xattr), (key, value) => {
      if (key[KEY_PREFIX - 1] === KeyKind.attributes) {
        found.push(new InodeRecord(ino, value).attributes(drafts.unmapped(ino)));
        return true;
      }
      isBare = false;
      return false;
    });
    const [attributes] = found;
    if (attributes === undefined) throw missing(ino);
    if (isBare) bare.tell(transaction, ino);
    return attributes;
  }

  /** Gives cookies to entries; without any, the pass has come to its end. */
  #handOut(entries: readonly Listed[], cookie: number): readonly DirectoryEntry[] {
    if (entries.length === 0) this.#endPass();
    this.#cookies.beginReply();
    let previous = cookie;
    return entries.map((entry) => {
      const { name, ino, type, attributes } = entry;
      previous = previous < DOTS_COOKIE ? previous + 1 : this.#cookies.add(previous, name);
      const cookie = previous;
      return attributes === undefined
        ? { name, ino, type, cookie }
        : { name, ino, type, cookie, attributes };
    });
  }
}

function successor(name: Uint8Array): Uint8Array {
  const next = new Uint8Array(name.length + 1);
  next.set(name);
  return next;
}
