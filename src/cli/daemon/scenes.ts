/**
 * What programs do first on a mount, as the requests the kernel makes of it.
 *
 * Every kind of request comes in the shapes it has later: names that are there and that are not, a tree of more than one
 * node, contents in drafts, packed and in runs, syncs that take an entry of the log and that take a commit. What was
 * optimised for less would be thrown away by the first real request.
 *
 * @module
 */
import { ROOT_INO } from "../../core/fs/file-system.ts";
import { type PlayedKernel, writeName } from "../../mount/played-kernel.ts";
import { SetattrFlag } from "../../mount/protocol/flags.ts";
import { Opcode } from "../../mount/protocol/opcode.ts";
import { changeWithJournal, changeWithLog } from "./database-scenes.ts";
import {
  BLOCK,
  forget,
  fsync,
  getAttributes,
  getXattr,
  list,
  lookUp,
  makeDirectory,
  makeFile,
  read,
  type Scene,
  setAttributes,
  setXattr,
  unlink,
  write,
} from "./played-requests.ts";

/** How much is played. */
export interface Performance {
  readonly rounds: number;
  /** Files that a round makes, and half of the places it writes to in the large file. */
  readonly files: number;
  /** Transactions of a round with either kind of journal. */
  readonly transactions: number;
  readonly largeBytes: number;
}

/** The large file is twice the cache, so that reading it misses. */
export const CACHE_BYTES: number = 2 ** 22;

/** All kinds of requests, once or twice each. */
export const SHORT: Performance = { rounds: 1, files: 2, transactions: 1, largeBytes: 2 ** 20 };

/** Plays until it is stopped. */
export const LONG: Performance = {
  rounds: Number.POSITIVE_INFINITY,
  files: 40,
  transactions: 8,
  largeBytes: 2 * CACHE_BYTES,
};

/** Bytes of a read or write of a stream. */
const STREAM = 2 ** 17;

/** Attributes of this length fill a node of the tree when they are so many. */
const LONG_VALUE = new Uint8Array(4000);
const LONG_VALUES = 30;

/** One in the middle of them, which has nothing else beside it. */
const LONELY = "user.21";

/** Bytes of a listing that are asked for at once. */
const LISTING = 2 ** 15;

/** A prime: its multiples lie scattered. */
const SCATTER = 1327;

/** What the kernel asks for before a file is first written to, and `ls -l` of every file. */
const CAPABILITY = "security.capability";
const ACCESS_LIST = "system.posix_acl_access";

const CONTENT = new Uint8Array(STREAM).map((_, i) => i * i);
const SMALL_CONTENT = CONTENT.subarray(0, BLOCK);

/** What tar(1) sets of each file, call by call. */
const AS_ARCHIVED: readonly number[] = [
  SetattrFlag.ATIME | SetattrFlag.ATIME_NOW | SetattrFlag.MTIME,
  SetattrFlag.UID | SetattrFlag.GID,
  SetattrFlag.MODE,
];

export function* scenes(kernel: PlayedKernel, performance: Performance): Scene {
  yield makeFile(kernel, ROOT_INO, "database");
  const database = kernel.answered;
  yield makeFile(kernel, ROOT_INO, "large");
  const large = kernel.answered;
  const { rounds, files, transactions, largeBytes } = performance;
  for (let at = 0; at < largeBytes; at += STREAM) yield write(kernel, large, at, CONTENT);
  for (let n = 0; n < LONG_VALUES; n++) yield setXattr(kernel, large, `user.${n}`, LONG_VALUE);
  for (let round = 0; round < rounds; round++) {
    yield makeDirectory(kernel, ROOT_INO, `directory ${round}`);
    const directory = kernel.answered;
    yield* askInVain(kernel, directory);
    yield* makeFiles(kernel, directory, files);
    yield fsync(kernel, directory);
    yield* list(kernel, directory, LISTING);
    yield* removeFiles(kernel, directory, files);
    yield* useDatabase(kernel, directory, database, transactions);
    yield* useLarge(kernel, large, performance);
  }
}

/** Asks for what is answered by its absence, once, and for the room there is. */
function* askInVain(kernel: PlayedKernel, directory: number): Scene {
  yield kernel.ask(Opcode.CREATE, directory, (body) => {
    body.zeros(16);
    writeName(body, "file");
  });
  yield kernel.ask(Opcode.STATFS, directory);
}

/** Makes files as `cp` and tar(1) do. */
function* makeFiles(kernel: PlayedKernel, directory: number, files: number): Scene {
  for (let n = 0; n < files; n++) {
    yield lookUp(kernel, directory, `file ${n}`);
    yield makeFile(kernel, directory, `file ${n}`);
    const ino = kernel.answered;
    yield getXattr(kernel, ino, CAPABILITY);
    yield write(kernel, ino, 0, SMALL_CONTENT);
    for (const valid of AS_ARCHIVED) yield setAttributes(kernel, ino, valid);
    yield getAttributes(kernel, ino);
    yield read(kernel, ino, 0, STREAM);
    forget(kernel, ino, 1);
  }
}

/** Finds, reads and removes files. */
function* removeFiles(kernel: PlayedKernel, directory: number, files: number): Scene {
  for (let n = 0; n < files; n++) {
    yield lookUp(kernel, directory, `file ${n}`);
    const ino = kernel.answered;
    yield getXattr(kernel, ino, ACCESS_LIST);
    yield kernel.ask(Opcode.STATX, ino, (body) => body.zeros(24));
    yield read(kernel, ino, 0, BLOCK);
    yield unlink(kernel, directory, `file ${n}`);
    forget(kernel, ino, 2);
  }
}

/** Changes a database, with either kind of journal. */
function* useDatabase(
  kernel: PlayedKernel,
  directory: number,
  database: number,
  transactions: number,
): Scene {
  for (let n = 0; n < transactions; n++) yield* changeWithJournal(kernel, directory, database);
  yield makeFile(kernel, directory, "log");
  const log = kernel.answered;
  for (let n = 0; n < transactions; n++) yield* changeWithLog(kernel, log, n);
  yield unlink(kernel, directory, "log");
  forget(kernel, log, 1);
}

/** Reads and writes here and there in the large file. */
function* useLarge(kernel: PlayedKernel, large: number, { files, largeBytes }: Performance): Scene {
  for (let n = 0; n < 2 * files; n++) {
    const at = ((n * SCATTER) % ((largeBytes - STREAM) / BLOCK)) * BLOCK;
    yield read(kernel, large, at, BLOCK);
    if (n % 4 === 0) yield read(kernel, large, at, STREAM);
    if (n % 4 === 1) yield write(kernel, large, at, SMALL_CONTENT);
  }
  // Its node of the tree has left the cache by now.
  yield getXattr(kernel, large, LONELY);
}
