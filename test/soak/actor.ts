/**
 * Works at random in a directory of a mount, by system calls, and knows at any time what must be there.
 *
 * @module
 */
import type { FileHandle } from "node:fs/promises";
import { join, posix } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { SeededRandom } from "../emulator/base/random.ts";
import { History, type Step } from "./history.ts";
import { OPERATIONS, type OperationName } from "./operations.ts";
import { removeDrafts, survey } from "./survey.ts";
import type { Tally } from "./tally.ts";
import { Workspace } from "./workspace.ts";

/** Errors of calls whose mount has died. */
const DEAD = ["ENOTCONN", "ECONNABORTED"];

const KIB = 1024;

/** Files are mostly small; a few have many pages. */
const SIZES: readonly number[] = [100, 900, 5 * KIB, 60 * KIB, 200 * KIB, 700 * KIB, 3072 * KIB];

/** Contents are cut out of so many random bytes. */
const POOL_BYTES = 8192 * KIB;

/** Longest pause between two operations, ms. */
const PAUSE_MS = 40;

/** What an actor works with. */
export interface ActorParts {
  /** Its directory; it must be there. */
  readonly root: string;
  readonly random: SeededRandom;
  readonly tally: Tally;
  /** Notes how far everybody is; the answer promises that so much is safe locally. */
  readonly beginSync: () => () => void;
}

export class Actor {
  readonly history = new History();
  readonly workspace = new Workspace();
  readonly random: SeededRandom;
  readonly #parts: ActorParts;
  readonly #pool: Buffer;
  #names = 0;

  constructor(parts: ActorParts) {
    this.#parts = parts;
    this.random = parts.random;
    this.#pool = randomPool(parts.random.fork("pool"));
  }

  get root(): string {
    return this.#parts.root;
  }

  get tally(): Tally {
    return this.#parts.tally;
  }

  /** Where a path of the workspace is. */
  absolute(path: string): string {
    return join(this.root, path);
  }

  /**
   * Works until it is told to stop or the mount dies.
   * @throws Error of a call that failed on a living mount, or about contents that are wrong
   */
  async work(isStopped: () => boolean): Promise<void> {
    const names = Object.keys(OPERATIONS) as OperationName[];
    const wheel = names.flatMap((name) => Array<OperationName>(OPERATIONS[name].weight).fill(name));
    while (!isStopped()) {
      const name = wheel[this.random.below(wheel.length)] as OperationName;
      try {
        await this.tally.time(name, () => OPERATIONS[name].run(this));
      } catch (error) {
        if (isDeath(error)) return;
        throw new Error(`${name} in ${this.root}: ${(error as Error).message}`, { cause: error });
      }
      await delay(this.random.below(PAUSE_MS));
    }
  }

  /**
   * Compares the directory with what it may be after a crash, and goes on from there.
   * @param level - what was lost no more than
   * @throws Error when something is missing or mixed up
   */
  async recover(level: "local" | "remote", diedAt: number): Promise<void> {
    const found = await survey(this.root);
    const { lostSteps, lostSince } = this.history.settle(found.tree, level);
    this.tally.add(`steps lost with ${level} safe`, lostSteps);
    if (level === "local" && lostSince !== undefined) {
      this.tally.peak("oldest step lost with local safe, ms", diedAt - lostSince);
    }
    this.tally.add("files verified", found.inodes.size);
    this.tally.add("bytes verified", found.bytes);
    this.workspace.adopt(found);
    await removeDrafts(this.root);
  }

  /** Makes a call that changes what the steps say, one after the other, each at once or not at all. */
  async change<T>(steps: Step | readonly Step[], call: () => Promise<T>): Promise<T> {
    this.history.begin(...[steps].flat());
    const result = await call();
    this.history.complete();
    return result;
  }

  /** `fsync` or `fdatasync`: makes everything on the mount safe. */
  async sync(handle: FileHandle): Promise<void> {
    const promise = this.#parts.beginSync();
    const call = this.random.below(2) === 0 ? () => handle.sync() : () => handle.datasync();
    await this.tally.time("fsync", call);
    promise();
  }

  /** Whether something of this chance happens. */
  isLucky(chance: number): boolean {
    return this.random.next() < chance;
  }

  pick<T>(list: readonly T[]): T | undefined {
    return list[this.random.below(list.length)];
  }

  /** A path that is not taken, in one of the directories. */
  freshPath(): string {
    const directory = this.pick(["", ...this.workspace.paths("directory")]) as string;
    this.#names += 1;
    const suffix = this.isLucky(0.05) ? "-".repeat(1 + this.random.below(200)) : "";
    const path = posix.join(directory, `n${this.#names}${suffix}`);
    return this.workspace.has(path) ? this.freshPath() : path;
  }

  /** A length of up to one of the usual sizes. */
  someSize(): number {
    return this.random.below(this.pick(SIZES) as number);
  }

  /** Bytes that hardly occur elsewhere; borrowed from the pool, not to be changed. */
  someBytes(length: number): Buffer {
    const at = this.random.below(POOL_BYTES - length);
    return this.#pool.subarray(at, at + length);
  }
}

/** Whether a call failed because the process behind the mount is gone. */
function isDeath(error: unknown): boolean {
  return DEAD.includes((error as NodeJS.ErrnoException).code ?? "");
}

function randomPool(random: SeededRandom): Buffer {
  const pool = Buffer.alloc(POOL_BYTES);
  for (let at = 0; at < POOL_BYTES; at += 4) pool.writeUInt32LE(random.below(2 ** 32), at);
  return pool;
}
