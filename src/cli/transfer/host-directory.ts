/**
 * A directory of the host held open, and names used relative to it, so that nothing anybody does to the path meanwhile
 * leads elsewhere: the openat(2) discipline, by way of `/proc/self/fd/N/name`.
 *
 * 1. A name is one component; `..`, `.` and `/` never get through {@link HostDirectory.path}.
 * 2. A directory below is entered only when it is itself a directory, never through a symbolic link.
 *
 * @module
 */
import { closeSync, constants, mkdirSync, opendirSync, openSync } from "node:fs";
import { FormatError } from "../../core/base/errors.ts";
import { isEntryName } from "../../core/base/names.ts";

/** An open directory of the host. */
export class HostDirectory {
  readonly fd: number;

  private constructor(fd: number) {
    this.fd = fd;
  }

  /** Opens a directory the user named; links on the way are followed. */
  static open(path: string | Uint8Array): HostDirectory {
    const place = typeof path === "string" ? path : Buffer.from(path);
    return new HostDirectory(openSync(place, constants.O_RDONLY | constants.O_DIRECTORY));
  }

  /** Path of the directory itself, good while it is open. */
  get self(): Buffer {
    return Buffer.from(`/proc/self/fd/${this.fd}/.`);
  }

  /**
   * Path of an entry, good while the directory is open.
   * @throws FormatError VAULT_DAMAGED for a name that is no single component of a path
   */
  path(name: Uint8Array): Buffer {
    if (!isEntryName(name))
      throw new FormatError("VAULT_DAMAGED", "no directory can hold this name; refused");
    return Buffer.concat([Buffer.from(`/proc/self/fd/${this.fd}/`), name]);
  }

  /** Opens a directory below. Code ENOTDIR when it is a symbolic link or anything else. */
  enter(name: Uint8Array): HostDirectory {
    const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
    return new HostDirectory(openSync(this.path(name), flags));
  }

  /** Makes a directory that only its owner may enter, and opens it. Code EEXIST when something is there. */
  make(name: Uint8Array): HostDirectory {
    mkdirSync(this.path(name), 0o700);
    return this.enter(name);
  }

  /** Names of the entries, one at a time, without `.` and `..`. */
  *names(): Generator<Buffer, void, undefined> {
    const directory = opendirSync(this.self.toString(), { encoding: "buffer" as BufferEncoding });
    try {
      for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
        // With this encoding the names are bytes, whatever the declaration says.
        yield entry.name as unknown as Buffer;
      }
    } finally {
      directory.closeSync();
    }
  }

  /** Whether there is no entry. */
  isEmpty(): boolean {
    for (const _ of this.names()) return false;
    return true;
  }

  close(): void {
    closeSync(this.fd);
  }
}
