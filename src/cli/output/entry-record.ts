/**
 * An entry of a vault as `--json` shows it.
 *
 * @module
 */
import type { Attributes } from "../../core/fs/file-system.ts";
import { type FileType, fileType, isoTime } from "./human.ts";

/** What `ls --json` and `stat --json` say about an entry. Names may hold lone surrogates for bytes that are no UTF-8. */
export interface EntryRecord {
  readonly path: string;
  readonly type: FileType;
  readonly ino: number;
  /** Permission bits, octal. */
  readonly mode: string;
  readonly nlink: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes. */
  readonly size: number;
  /** Bytes of room taken. */
  readonly allocated: number;
  /** Number of a device. */
  readonly rdev?: number;
  readonly atime: string;
  readonly mtime: string;
  readonly ctime: string;
  readonly btime: string;
  /** Where a symbolic link leads. */
  readonly target?: string;
}

/** Makes the record. */
export function entryRecord(path: string, attributes: Attributes, target?: string): EntryRecord {
  return {
    path,
    type: fileType(attributes.mode),
    ino: attributes.ino,
    mode: (attributes.mode & 0o7777).toString(8).padStart(4, "0"),
    nlink: attributes.nlink,
    uid: attributes.uid,
    gid: attributes.gid,
    size: attributes.size,
    allocated: attributes.blocks * 512,
    ...(attributes.rdev === 0 ? {} : { rdev: attributes.rdev }),
    atime: isoTime(attributes.atime),
    mtime: isoTime(attributes.mtime),
    ctime: isoTime(attributes.ctime),
    btime: isoTime(attributes.btime),
    ...(target === undefined ? {} : { target }),
  };
}
