/**
 * One peer, once through all workloads, on an empty backing directory.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import type { Live, Peer, Place } from "./peers.ts";
import { cpuSeconds, isMounted, peakMemoryMib } from "./processes.ts";
import type { Sizes, Workload } from "./workloads.ts";

/** What a round has shown. */
export interface Figures {
  readonly peer: string;
  /** By workload, and `mount`, `memory` and `cpu`; NaN for what failed. */
  readonly values: Readonly<Record<string, number>>;
  /** What failed, by workload. */
  readonly failures: Readonly<Record<string, string>>;
}

/** What a round is made of. */
export interface RoundOptions {
  readonly sizes: Sizes;
  readonly workloads: readonly Workload[];
  /** A directory for backing data; memory, to leave the disk out. */
  readonly scratch: string;
  readonly dvault: string;
}

/** Runs a round. What fails is told in its result. */
export async function runRound(peer: Peer, options: RoundOptions): Promise<Figures> {
  const home = mkdtempSync(join(options.scratch, `${peer.name}-`));
  const round = new Round(peer, {
    back: join(home, "back"),
    mountpoint: join(home, "mnt"),
    state: join(home, "state"),
    dvault: options.dvault,
  });
  try {
    return await round.run(options);
  } finally {
    await round.end();
    rmSync(home, { recursive: true });
  }
}

class Round {
  readonly #peer: Peer;
  readonly #place: Place;
  readonly #values: Record<string, number> = {};
  readonly #failures: Record<string, string> = {};
  readonly #mountSeconds: number[] = [];
  #live: Live | undefined;
  #memory = 0;
  #cpu = 0;

  constructor(peer: Peer, place: Place) {
    this.#peer = peer;
    this.#place = place;
  }

  async run({ sizes, workloads }: RoundOptions): Promise<Figures> {
    const { back, mountpoint, state } = this.#place;
    for (const directory of [back, mountpoint, state]) mkdirSync(directory, { mode: 0o700 });
    this.#peer.make(this.#place);
    await this.#mount();
    const stage = { root: mountpoint, sizes, cold: () => this.#cold() };
    for (const workload of workloads) {
      try {
        this.#values[workload.name] = await workload.measure(stage);
      } catch (error) {
        this.#values[workload.name] = Number.NaN;
        this.#failures[workload.name] = (error as Error).message;
        if (!isMounted(mountpoint)) await this.#mount();
      }
    }
    await this.end();
    this.#values.mount = Math.min(...this.#mountSeconds);
    this.#values.memory = this.#memory;
    this.#values.cpu = this.#cpu;
    return { peer: this.#peer.name, values: this.#values, failures: this.#failures };
  }

  /** Unmounts, when it is mounted. */
  async end(): Promise<void> {
    const live = this.#live;
    this.#live = undefined;
    if (live === undefined) return;
    if (live.pid !== undefined) {
      this.#memory = Math.max(this.#memory, peakMemoryMib(live.pid));
      this.#cpu += cpuSeconds(live.pid);
    }
    await live.unmount();
  }

  async #mount(): Promise<void> {
    const begin = performance.now();
    this.#live = await this.#peer.mount(this.#place);
    this.#mountSeconds.push((performance.now() - begin) / 1000);
  }

  async #cold(): Promise<void> {
    await this.end();
    execFileSync("sync");
    writeFileSync("/proc/sys/vm/drop_caches", "3");
    await this.#mount();
  }
}
