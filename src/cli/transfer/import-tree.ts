/**
 * Copies files and trees of the host into a vault: modes, times, links, special files, extended attributes and holes.
 *
 * 1. A file gets its name only when it is whole, so what was interrupted leaves nothing behind.
 * 2. Symbolic links are copied, never followed.
 * 3. A directory gets its attributes after its entries, so that a default ACL or an old time survives the copying.
 *
 * @module
 */
import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
} from "node:fs";
import { FsError } from "../../core/base/errors.ts";
import type {
  Attributes,
  Caller,
  Creation,
  FileSystem,
  NamePlace,
} from "../../core/fs/file-system.ts";
import { decodeName } from "../argument-bytes.ts";
import { EntryError } from "../entry-error.ts";
import { reasonOf } from "../report-error.ts";
import { isDirectory } from "../vault-path.ts";
import { copyIn } from "./copy-in.ts";
import type { HostDirectory } from "./host-directory.ts";
import { readXattrs, timeOfNs } from "./host-metadata.ts";
import { placeEntry, temporaryPlace } from "./place-entry.ts";
import type { Transfer } from "./transfer.ts";

/** An entry of the host: where it is, and what messages call it. */
export interface HostEntry {
  readonly directory: HostDirectory;
  readonly name: Uint8Array;
  readonly path: string;
}

/** Copies into one vault; remembers hard links from one call to the next. */
export class TreeImport {
  readonly #fs: FileSystem;
  readonly #transfer: Transfer;
  readonly #caller: Caller;
  readonly #excluded = new Set<string>();
  /** Inodes in the vault by device and inode of the host, for files with several links. */
  readonly #linked = new Map<string, number>();

  constructor(fs: FileSystem, transfer: Transfer, caller: Caller) {
    this.#fs = fs;
    this.#transfer = transfer;
    this.#caller = caller;
  }

  /** Leaves a file of the host out, such as the vault that is being written. */
  exclude(path: string): void {
    this.#excluded.add(identity(lstatSync(path, { bigint: true })));
  }

  /** Copies one entry, a directory with everything below. Failures of single entries are noted. */
  async copyEntry(source: HostEntry, target: NamePlace): Promise<void> {
    await this.#transfer.turn();
    try {
      const path = source.directory.path(source.name);
      const stat = lstatSync(path, { bigint: true });
      if (this.#excluded.has(identity(stat))) return;
      this.#transfer.progress.enter(source.path);
      if (stat.isDirectory()) await this.#copyDirectory(source, target);
      else await this.#copyOther(source, stat, target);
    } catch (error) {
      this.#transfer.fail(source.path, error);
    }
  }

  /** Copies everything in a directory, and its attributes, onto a directory of the vault. */
  async copyContents(directory: HostDirectory, path: string, target: number): Promise<void> {
    for (const name of directory.names()) {
      const source = { directory, name, path: `${path}/${decodeName(name)}` };
      await this.copyEntry(source, { parent: target, name });
    }
    const stat = lstatSync(directory.self, { bigint: true });
    await this.#applyMetadata({ path: directory.self, shown: path }, stat, target);
  }

  async #copyDirectory(source: HostEntry, target: NamePlace): Promise<void> {
    const directory = source.directory.enter(source.name);
    try {
      const ino = await this.#makeDirectory(target, source.path);
      await this.copyContents(directory, source.path, ino);
    } finally {
      directory.close();
    }
  }

  async #makeDirectory(target: NamePlace, path: string): Promise<number> {
    const existing = await this.#fs.lookup(target.parent, target.name);
    if (existing === undefined) {
      const creation = { mode: 0o700, umask: 0, caller: this.#caller };
      return (await this.#fs.mkdir(target.parent, target.name, creation)).ino;
    }
    if (!isDirectory(existing))
      throw new EntryError("EEXIST", path, "a file stands in the way of the directory");
    if (this.#transfer.options.existing === "refuse") throw new FsError("EEXIST");
    return existing.ino;
  }

  async #copyOther(source: HostEntry, stat: BigIntStats, target: NamePlace): Promise<void> {
    const existing = await this.#fs.lookup(target.parent, target.name);
    if (existing !== undefined && isDirectory(existing)) {
      throw new EntryError("EISDIR", source.path, "a directory stands in the way");
    }
    if (existing !== undefined && this.#transfer.options.existing === "skip") return;
    if (existing !== undefined && this.#transfer.options.existing === "refuse")
      throw new FsError("EEXIST");
    const key = identity(stat);
    const linked = stat.nlink > 1n ? this.#linked.get(key) : undefined;
    if (linked !== undefined) {
      if (existing?.ino !== linked) await placeEntry(this.#fs, linked, target, existing);
      return;
    }
    const ino = await this.#makeOther(source, stat, target, existing);
    if (stat.nlink > 1n) this.#linked.set(key, ino);
  }

  async #makeOther(
    source: HostEntry,
    stat: BigIntStats,
    target: NamePlace,
    existing: Attributes | undefined,
  ): Promise<number> {
    const path = source.directory.path(source.name);
    if (stat.isFile()) return this.#makeFile(source, target, existing);
    const place = existing === undefined ? target : temporaryPlace(target.parent);
    const { ino } = stat.isSymbolicLink()
      ? await this.#fs.symlink(place.parent, place.name, readLink(path), this.#caller)
      : await this.#fs.mknod(place.parent, place.name, this.#creation(stat), Number(stat.rdev));
    await this.#applyMetadata({ path, shown: source.path }, stat, ino);
    if (place !== target) await this.#fs.rename(place, target, "replace");
    return ino;
  }

  async #makeFile(
    source: HostEntry,
    target: NamePlace,
    existing: Attributes | undefined,
  ): Promise<number> {
    const path = source.directory.path(source.name);
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stat = fstatSync(fd, { bigint: true });
      if (!stat.isFile()) throw new EntryError("ESTALE", source.path, "it was replaced meanwhile");
      const { ino } = await this.#fs.tmpfile(target.parent, this.#creation(stat));
      this.#fs.retain(ino);
      try {
        await copyIn(this.#fs, this.#transfer, { fd, stat }, ino);
        await this.#applyMetadata({ path, shown: source.path }, stat, ino);
        await placeEntry(this.#fs, ino, target, existing);
      } finally {
        await this.#fs.forget(ino, 1);
      }
      return ino;
    } finally {
      closeSync(fd);
    }
  }

  #creation(stat: BigIntStats): Creation {
    return { mode: Number(stat.mode), umask: 0, caller: this.#caller };
  }

  /** Extended attributes first: an ACL changes the mode, which is then set as the host has it. */
  async #applyMetadata(
    source: { readonly path: Buffer; readonly shown: string },
    stat: BigIntStats,
    ino: number,
  ): Promise<void> {
    for (const xattr of readXattrs(source.path)) {
      try {
        await this.#fs.setxattr(ino, xattr.name, xattr.value, "set");
      } catch (error) {
        if (!(error instanceof FsError)) throw error;
        const name = decodeName(xattr.name);
        this.#transfer.note(source.shown, `attribute ${name} was not kept: ${reasonOf(error)}`);
      }
    }
    const owner = { uid: Number(stat.uid), gid: Number(stat.gid) };
    await this.#fs.setattr(ino, {
      ...(this.#transfer.options.owners ? owner : {}),
      ...(stat.isSymbolicLink() ? {} : { mode: Number(stat.mode) & 0o7777 }),
      atime: timeOfNs(stat.atimeNs),
      mtime: timeOfNs(stat.mtimeNs),
    });
  }
}

function readLink(path: Buffer): Buffer {
  return readlinkSync(path, { encoding: "buffer" });
}

/** Tells files of the host apart, whatever their names. */
function identity(stat: BigIntStats): string {
  return `${stat.dev}:${stat.ino}`;
}
