/**
 * What is done to a mounted directory, and how long it takes. Every byte that is read is compared with what was written.
 *
 * @module
 */
import * as fs from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import Database from "better-sqlite3";
import { contentOf, verify } from "./content.ts";
import { run } from "./processes.ts";

/** How much is done. */
export interface Sizes {
  /** The large file, MiB. */
  readonly mib: number;
  /** Small files. */
  readonly files: number;
  /** Random reads and writes of each kind. */
  readonly accesses: number;
  /** Transactions of each SQLite journal. */
  readonly transactions: number;
}

/** Where a workload is done. */
export interface Stage {
  readonly root: string;
  readonly sizes: Sizes;
  /** Unmounts, mounts again and empties the page cache. */
  cold(): Promise<void>;
}

/** Something that is measured. */
export interface Workload {
  readonly name: string;
  readonly unit: string;
  readonly better: "high" | "low";
  /** Workloads whose files it needs. */
  readonly needs?: readonly string[];
  /** @throws Error when something reads otherwise than it was written */
  measure(stage: Stage): Promise<number>;
}

const MIB = 2 ** 20;
const MEGABYTE = 1e6;
const SMALL_BYTES = 4096;
const FILES_PER_DIRECTORY = 100;
const SEEKS = 30;
const SEEK_BYTES = 256 * 1024;
/** Number of the large file among contents, and of what is written over it. */
const LARGE = 1_000_000;
const OVERWRITTEN = 1_000_001;

const large = ({ root }: Stage): string => join(root, "large");
const smallDirectory = ({ root }: Stage): string => join(root, "small");

function smallPath(stage: Stage, file: number): string {
  const directory = String(Math.floor(file / FILES_PER_DIRECTORY));
  return join(smallDirectory(stage), directory, String(file));
}

/** Seconds that a body takes. */
function timed(body: () => void): number {
  const begin = performance.now();
  body();
  return (performance.now() - begin) / 1000;
}

/** Numbers below `end`, the same in every run and scattered over all of them. */
function* scattered(count: number, end: number): Generator<number> {
  let state = 0x2545_f491;
  for (let i = 0; i < count; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    yield (state >>> 0) % end;
  }
}

function withFile<T>(path: string, flags: string, body: (fd: number) => T): T {
  const fd = fs.openSync(path, flags);
  try {
    return body(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** Memory to read into, all of which was touched: the first touch of a page can cost more than reading it. */
const room = (bytes: number): Buffer => Buffer.alloc(bytes, 1);

/** Fills a buffer. */
function readExactly(fd: number, bytes: Buffer, offset: number): void {
  const { length } = bytes;
  let at = 0;
  while (at < length) {
    const count = fs.readSync(fd, bytes, at, length - at, offset + at);
    if (count === 0) throw new Error(`the file ends at byte ${offset + at}`);
    at += count;
  }
}

function writeLarge(stage: Stage): number {
  const { mib } = stage.sizes;
  const seconds = withFile(large(stage), "w", (fd) =>
    timed(() => {
      for (let i = 0; i < mib; i++) fs.writeSync(fd, contentOf(LARGE, i * MIB, MIB));
      fs.fsyncSync(fd);
    }),
  );
  return (mib * MIB) / MEGABYTE / seconds;
}

function readLarge(stage: Stage): number {
  const { mib } = stage.sizes;
  const part = room(MIB);
  const seconds = withFile(large(stage), "r", (fd) => {
    const taken = timed(() => {
      for (let i = 0; i < mib; i++) readExactly(fd, part, i * MIB);
    });
    // By then the kernel has what was read, and answers with that.
    for (let i = 0; i < mib; i++) {
      readExactly(fd, part, i * MIB);
      verify(part, LARGE, i * MIB);
    }
    return taken;
  });
  return (mib * MIB) / MEGABYTE / seconds;
}

function readAtRandom(stage: Stage, bytes: number): number {
  const { mib, accesses } = stage.sizes;
  const places = scattered(accesses, Math.floor((mib * MIB) / bytes));
  const waits = withFile(large(stage), "r", (fd) => waitsFor(fd, places, { bytes, file: LARGE }));
  return accesses / waits.reduce((sum, wait) => sum + wait, 0);
}

/** Reads of so many bytes each, at multiples of that, which find the content of a number. */
interface Access {
  readonly bytes: number;
  readonly file: number;
}

/** Seconds that each of some reads takes. What was read is compared in between. */
function waitsFor(fd: number, places: Iterable<number>, { bytes, file }: Access): number[] {
  const buffer = room(bytes);
  return Array.from(places, (place) => {
    const wait = timed(() => readExactly(fd, buffer, place * bytes));
    verify(buffer, file, place * bytes);
    return wait;
  });
}

/** Time until a player has what it needs after a jump: the middle one of many, each far from those before. */
function seek(stage: Stage): number {
  const places = scattered(SEEKS, Math.floor((stage.sizes.mib * MIB) / SEEK_BYTES));
  const access = { bytes: SEEK_BYTES, file: LARGE };
  const waits = withFile(large(stage), "r", (fd) => waitsFor(fd, places, access));
  return (waits.sort((a, b) => a - b)[SEEKS >> 1] ?? 0) * 1000;
}

async function overwrite(stage: Stage): Promise<number> {
  const { mib, accesses } = stage.sizes;
  const places = [...scattered(accesses, (mib * MIB) / SMALL_BYTES)];
  const seconds = withFile(large(stage), "r+", (fd) =>
    timed(() => {
      for (const place of places) {
        const offset = place * SMALL_BYTES;
        fs.writeSync(fd, contentOf(OVERWRITTEN, offset, SMALL_BYTES), 0, SMALL_BYTES, offset);
      }
      fs.fsyncSync(fd);
    }),
  );
  await stage.cold();
  const access = { bytes: SMALL_BYTES, file: OVERWRITTEN };
  withFile(large(stage), "r", (fd) => waitsFor(fd, places, access));
  return accesses / seconds;
}

function createSmall(stage: Stage): number {
  const { files } = stage.sizes;
  const seconds = timed(() => {
    for (let i = 0; i < files; i += FILES_PER_DIRECTORY) {
      fs.mkdirSync(join(smallPath(stage, i), ".."), { recursive: true });
    }
    for (let i = 0; i < files; i++) {
      fs.writeFileSync(smallPath(stage, i), contentOf(i, 0, SMALL_BYTES));
    }
  });
  return files / seconds;
}

function statSmall(stage: Stage): number {
  const { files } = stage.sizes;
  const seconds = timed(() => {
    for (let i = 0; i < files; i++) {
      if (fs.statSync(smallPath(stage, i)).size !== SMALL_BYTES) throw new Error("wrong size");
    }
  });
  return files / seconds;
}

function listSmall(stage: Stage): number {
  const { files } = stage.sizes;
  let listed = 0;
  const seconds = timed(() => {
    const lines = run("ls", ["-lR", smallDirectory(stage)]).split("\n");
    listed = lines.filter((line) => line.startsWith("-")).length;
  });
  if (listed !== files) throw new Error(`${listed} files are listed, not ${files}`);
  return files / seconds;
}

function readSmall(stage: Stage): number {
  const { files } = stage.sizes;
  const seconds = timed(() => {
    for (let i = 0; i < files; i++) verify(fs.readFileSync(smallPath(stage, i)), i, 0);
  });
  return files / seconds;
}

function deleteSmall(stage: Stage): number {
  const { files } = stage.sizes;
  const seconds = timed(() => {
    for (let i = 0; i < files; i++) fs.unlinkSync(smallPath(stage, i));
  });
  fs.rmSync(smallDirectory(stage), { recursive: true });
  return files / seconds;
}

/** The C headers of this machine, a tree of small files. */
function untar({ root }: Stage): number {
  const target = join(root, "tree");
  fs.mkdirSync(target);
  const tar = run("tar", ["-cf", "-", "-C", "/usr/include", "linux"], { encoding: "buffer" });
  const seconds = timed(() => run("tar", ["-xf", "-", "-C", target], { input: tar }));
  run("diff", ["-r", "/usr/include/linux", join(target, "linux")]);
  return seconds;
}

/** Transactions a second: one row each, with the durability SQLite has by default. */
function sqlite(stage: Stage, journal: "delete" | "wal"): number {
  const { transactions } = stage.sizes;
  const database = new Database(join(stage.root, `${journal}.db`));
  try {
    database.pragma(`journal_mode = ${journal}`);
    database.pragma("synchronous = full");
    database.exec("CREATE TABLE entry (id INTEGER PRIMARY KEY, content BLOB)");
    const insert = database.prepare("INSERT INTO entry (content) VALUES (?)");
    const seconds = timed(() => {
      for (let i = 0; i < transactions; i++) insert.run(contentOf(i, 0, 512));
    });
    const [row] = database.pragma("integrity_check") as { integrity_check: string }[];
    if (row?.integrity_check !== "ok") throw new Error("the database is damaged");
    return transactions / seconds;
  } finally {
    database.close();
  }
}

/** Measures when nothing is cached any more. */
function afterCold(measure: (stage: Stage) => number): Workload["measure"] {
  return async (stage) => {
    await stage.cold();
    return measure(stage);
  };
}

/** Measures with what is cached by then. */
function atOnce(measure: (stage: Stage) => number): Workload["measure"] {
  return async (stage) => measure(stage);
}

const high = (
  name: string,
  unit: string,
  measure: Workload["measure"],
  ...needs: string[]
): Workload => ({ name, unit, better: "high", measure, needs });
const low = (
  name: string,
  unit: string,
  measure: Workload["measure"],
  ...needs: string[]
): Workload => ({ name, unit, better: "low", measure, needs });

/** All workloads, in the order in which they find each other's files. */
export const workloads: readonly Workload[] = [
  high("write", "MB/s", atOnce(writeLarge)),
  high("read", "MB/s", afterCold(readLarge), "write"),
  high(
    "random-4k",
    "/s",
    afterCold((stage) => readAtRandom(stage, 4096)),
    "write",
  ),
  high(
    "random-128k",
    "/s",
    afterCold((stage) => readAtRandom(stage, 131_072)),
    "write",
  ),
  low("seek", "ms", afterCold(seek), "write"),
  high("overwrite-4k", "/s", overwrite, "write"),
  high("create", "/s", atOnce(createSmall)),
  high("stat", "/s", atOnce(statSmall), "create"),
  high("list", "files/s", afterCold(listSmall), "create"),
  high("read-small", "/s", afterCold(readSmall), "create"),
  high("delete", "/s", atOnce(deleteSmall), "create"),
  low("untar", "s", atOnce(untar)),
  high(
    "sqlite-delete",
    "tx/s",
    atOnce((stage) => sqlite(stage, "delete")),
  ),
  high(
    "sqlite-wal",
    "tx/s",
    atOnce((stage) => sqlite(stage, "wal")),
  ),
];
