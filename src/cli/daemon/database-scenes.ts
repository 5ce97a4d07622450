/**
 * What SQLite asks of a file system in a transaction, with either kind of journal and `synchronous = full`.
 *
 * @module
 */
import type { PlayedKernel } from "../../mount/played-kernel.ts";
import { SetattrFlag } from "../../mount/protocol/flags.ts";
import {
  BLOCK,
  forget,
  fsync,
  getAttributes,
  lookUp,
  makeFile,
  type Scene,
  setAttributes,
  syncDirectory,
  unlink,
  write,
} from "./played-requests.ts";

const JOURNAL = "journal";

/** Bytes of the journal's header, and of the part of it that is written last. */
const JOURNAL_HEADER = 512;
const JOURNAL_COUNT = 12;

/** Bytes before and behind each page in a journal, and before each in a write-ahead log. */
const NUMBER = 4;
const CHECKSUM = 4;
const FRAME_HEADER = 24;

/** Pages that a transaction changes: the first of the database, and another. */
const CHANGED: readonly number[] = [0, 30];

const CONTENT = new Uint8Array(BLOCK).map((_, i) => i * i);

/** Changes pages of a database whose old content waits in a journal meanwhile. */
export function* changeWithJournal(
  kernel: PlayedKernel,
  directory: number,
  database: number,
): Scene {
  yield lookUp(kernel, directory, JOURNAL);
  yield getAttributes(kernel, database);
  yield makeFile(kernel, directory, JOURNAL);
  const journal = kernel.answered;
  yield setAttributes(kernel, journal, SetattrFlag.UID | SetattrFlag.GID);
  yield write(kernel, journal, 0, CONTENT.subarray(0, JOURNAL_HEADER));
  yield* append(
    kernel,
    journal,
    JOURNAL_HEADER,
    CHANGED.flatMap(() => [NUMBER, BLOCK, CHECKSUM]),
  );
  yield getAttributes(kernel, journal);
  yield fsync(kernel, journal);
  yield* syncDirectory(kernel, directory);
  yield write(kernel, journal, 0, CONTENT.subarray(0, JOURNAL_COUNT));
  yield fsync(kernel, journal);
  for (const page of CHANGED) yield write(kernel, database, page * BLOCK, CONTENT);
  yield fsync(kernel, database);
  yield unlink(kernel, directory, JOURNAL);
  forget(kernel, journal, 1);
}

/**
 * Appends pages to a write-ahead log.
 * @param before - transactions that are in it
 */
export function* changeWithLog(kernel: PlayedKernel, log: number, before: number): Scene {
  const parts = CHANGED.flatMap(() => [FRAME_HEADER, BLOCK]);
  const length = CHANGED.length * (FRAME_HEADER + BLOCK);
  yield* append(kernel, log, before * length, parts);
  yield fsync(kernel, log);
}

/** Writes parts of these lengths one behind the other. The kernel cuts each where a page of its own ends. */
function* append(
  kernel: PlayedKernel,
  ino: number,
  offset: number,
  lengths: readonly number[],
): Scene {
  let at = offset;
  for (const length of lengths) {
    for (const end = at + length; at < end; ) {
      const next = Math.min(end, at - (at % BLOCK) + BLOCK);
      yield write(kernel, ino, at, CONTENT.subarray(0, next - at));
      at = next;
    }
  }
}
