/**
 * Copies files and trees of a vault to the host: modes, times, links, special files, extended attributes and holes.
 *
 * The vault may be hostile. Nothing is ever written outside the target:
 * 1. Every entry is made by a single name in a directory held open; names that are no single component are refused.
 * 2. Directories are entered without following links, and symbolic links are only made, never used.
 * 3. A directory is copied once, so that loops and shared directories end.
 * 4. A file is written under a temporary name and gets its own when it is whole. Set-ID bits and file capabilities
 *    need the caller's word; devices are made by root only.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  symlinkSync,
  unlinkSync,
} from "node:fs";
import { FormatError } from "../../core/base/errors.ts";
import {
  type Attributes,
  type FileSystem,
  S_IFBLK,
  S_IFCHR,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
} from "../../core/fs/file-system.ts";
import { mknod } from "../../native/host.ts";
import { decodeName } from "../argument-bytes.ts";
import { EntryError } from "../entry-error.ts";
import { isSystemError } from "../report-error.ts";
import { isDirectory } from "../vault-path.ts";
import { copyOut } from "./copy-out.ts";
import { EnteredDirectories } from "./entered-directories.ts";
import type { HostDirectory } from "./host-directory.ts";
import { applyMetadata, type Xattr } from "./host-metadata.ts";
import { LinkedFiles } from "./linked-files.ts";
import type { Transfer } from "./transfer.ts";
import { vaultEntries } from "./vault-entries.ts";

/** An entry of a vault, and what messages call it. */
export interface VaultEntry {
  readonly attributes: Attributes;
  readonly path: string;
}

/** A name in an open directory of the host. */
export interface HostPlace {
  readonly directory: HostDirectory;
  readonly name: Uint8Array;
  /** Names below the target, this one last. */
  readonly trail: readonly Uint8Array[];
}

/** Copies out of one vault into one target; remembers hard links from one call to the next. */
export class TreeExport {
  readonly #fs: FileSystem;
  readonly #transfer: Transfer;
  readonly #linked: LinkedFiles;
  readonly #entered = new EnteredDirectories();
  #hasLostXattrs = false;

  /** @param target - the directory that everything is below */
  constructor(fs: FileSystem, transfer: Transfer, target: HostDirectory) {
    this.#fs = fs;
    this.#transfer = transfer;
    this.#linked = new LinkedFiles(target);
  }

  /** Copies one entry, a directory with everything below. Failures of single entries are noted. */
  async copyEntry(source: VaultEntry, target: HostPlace): Promise<void> {
    await this.#transfer.turn();
    try {
      this.#transfer.progress.enter(source.path);
      if (isDirectory(source.attributes)) await this.#copyDirectory(source, target);
      else await this.#copyOther(source, target);
    } catch (error) {
      this.#transfer.fail(source.path, error);
    }
  }

  /** Copies everything in a directory, and its attributes, onto an open directory of the host. */
  async copyContents(
    source: VaultEntry,
    directory: HostDirectory,
    trail: readonly Uint8Array[],
  ): Promise<void> {
    const { ino } = source.attributes;
    this.#entered.enter(ino);
    try {
      for await (const { name, attributes } of vaultEntries(this.#fs, ino)) {
        const path = `${source.path === "/" ? "" : source.path}/${decodeName(name)}`;
        if (attributes === undefined) {
          this.#transfer.fail(path, new FormatError("VAULT_DAMAGED", "its attributes are damaged"));
        } else {
          const place = { directory, name, trail: [...trail, name] };
          await this.copyEntry({ attributes, path }, place);
        }
      }
    } finally {
      await this.#applyMetadata(source, directory.self);
    }
  }

  async #copyDirectory(source: VaultEntry, target: HostPlace): Promise<void> {
    const directory = this.#makeDirectory(target);
    try {
      await this.copyContents(source, directory, target.trail);
    } finally {
      directory.close();
    }
  }

  #makeDirectory({ directory, name }: HostPlace): HostDirectory {
    try {
      return directory.make(name);
    } catch (error) {
      const mayExist = this.#transfer.options.existing !== "refuse";
      if (!(mayExist && isSystemError(error) && error.code === "EEXIST")) throw error;
      return directory.enter(name);
    }
  }

  async #copyOther(source: VaultEntry, target: HostPlace): Promise<void> {
    if (!this.#mayMake(source.path, target)) return;
    const { attributes } = source;
    const spot = Buffer.from(`.dvault-get.${randomBytes(8).toString("hex")}`);
    const path = target.directory.path(spot);
    try {
      if (attributes.nlink > 1 && this.#linked.tryLink(attributes.ino, path)) {
        this.#publish(path, target);
        return;
      }
      await this.#make(source, path);
      await this.#applyMetadata(source, path);
      if (attributes.nlink > 1) this.#linked.remember(attributes.ino, path, target.trail);
      this.#publish(path, target);
    } finally {
      removeIfThere(path);
    }
  }

  /** Whether the name is to be taken. @throws EntryError when what stands there forbids it */
  #mayMake(path: string, { directory, name }: HostPlace): boolean {
    const stat = lstatSync(directory.path(name), { throwIfNoEntry: false });
    if (stat === undefined) return true;
    if (this.#transfer.options.existing === "skip") return false;
    if (this.#transfer.options.existing === "refuse") throw new EntryError("EEXIST", path);
    if (stat.isDirectory()) throw new EntryError("EISDIR", path, "a directory stands in the way");
    return true;
  }

  async #make({ attributes }: VaultEntry, path: Buffer): Promise<void> {
    const type = attributes.mode & S_IFMT;
    if (type === S_IFREG) {
      await this.#makeFile(attributes, path);
    } else if (type === S_IFLNK) {
      symlinkSync(Buffer.from(await this.#fs.readlink(attributes.ino)), path);
    } else {
      const isDevice = type === S_IFBLK || type === S_IFCHR;
      mknod(path, type | 0o600, isDevice ? attributes.rdev : 0);
    }
  }

  async #makeFile(attributes: Attributes, path: Buffer): Promise<void> {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const fd = openSync(path, flags, 0o600);
    try {
      await copyOut(this.#fs, this.#transfer, attributes, fd);
    } finally {
      closeSync(fd);
    }
  }

  /** Gives a finished entry its name; only `replace` may take a name away from something. */
  #publish(path: Buffer, { directory, name }: HostPlace): void {
    const final = directory.path(name);
    if (this.#transfer.options.existing === "replace") {
      renameSync(path, final);
      return;
    }
    try {
      linkSync(path, final);
    } catch (error) {
      if (!isWithoutLinks(error) || isThere(final)) throw error;
      renameSync(path, final);
    }
  }

  async #applyMetadata(source: VaultEntry, path: Buffer): Promise<void> {
    const xattrs: Xattr[] = [];
    for (const name of await this.#fs.listxattr(source.attributes.ino)) {
      const value = await this.#fs.getxattr(source.attributes.ino, name);
      if (value !== undefined) xattrs.push({ name, value });
    }
    const lost = applyMetadata(path, source.attributes, xattrs, this.#transfer.options);
    if (lost.length > 0 && !this.#hasLostXattrs) {
      this.#hasLostXattrs = true;
      this.#transfer.note(source.path, `not kept: ${lost.join(", ")} (told once)`);
    }
  }
}

/** Whether the file system of the target has no hard links. */
function isWithoutLinks(error: unknown): boolean {
  const codes = ["EPERM", "EOPNOTSUPP", "ENOTSUP", "ENOSYS"];
  return isSystemError(error) && codes.includes(error.code);
}

function isThere(path: Buffer): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function removeIfThere(path: Buffer): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!(isSystemError(error) && error.code === "ENOENT")) throw error;
  }
}
