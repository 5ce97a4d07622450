/**
 * Works on a mounted vault whose process is killed again and again, and holds what is there afterwards against what was
 * promised. What the work knows (soak/history.ts: a digest of each file at each step) is in this process, outside of
 * everything that is killed.
 *
 * 1. After the death of the process: everything is as it was at one moment, no earlier than the newest `fsync` that
 *    returned.
 * 2. After the loss of all local state of a remote vault: the same, no earlier than the newest `dvault flush`.
 *
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import { SeededRandom } from "../../emulator/base/random.ts";
import { Crew } from "../../soak/crew.ts";
import type { Level } from "../../soak/history.ts";
import type { MountedVault } from "../../soak/mounted-vault.ts";
import { Tally } from "../../soak/tally.ts";

/** How long and how hard. */
export interface KillOptions {
  readonly seed: string;
  /** Deaths at least, and time at least, ms. */
  readonly deaths: number;
  readonly durationMs: number;
  /** Longest time from when a mount was found to be whole to its death, ms. */
  readonly lifeMs: number;
  /** Every so many deaths all local state is lost as well; never, with 0. */
  readonly lossEvery: number;
}

/** Actors, each in a directory of its own. */
const ACTORS = 2;

/** See the head of this file. */
export class KilledMount {
  readonly tally = new Tally();
  readonly #vault: MountedVault;
  readonly #options: KillOptions;
  readonly #random: SeededRandom;
  readonly #crew: Crew;
  /** What the newest death left. */
  #level: Level = "local";
  #diedAt = 0;

  constructor(vault: MountedVault, options: KillOptions) {
    this.#vault = vault;
    this.#options = options;
    this.#random = new SeededRandom(`${options.seed}/deaths`);
    const { seed } = options;
    this.#crew = new Crew({ vault, seed, size: ACTORS, tally: this.tally });
  }

  /** Lives, dies and compares, over and over. @throws Error at the first promise that is not kept */
  async run(): Promise<void> {
    const { deaths, durationMs, lossEvery } = this.#options;
    await this.#crew.begin();
    const endsAt = performance.now() + durationMs;
    for (let death = 1; death <= deaths || performance.now() < endsAt; death++) {
      await this.#liveAndDie();
      await this.#revive(lossEvery > 0 && death % lossEvery === 0);
    }
    const promise = this.#crew.beginSync("remote");
    await this.#vault.unmount();
    promise();
    await this.#revive(lossEvery > 0);
    await this.#vault.unmount();
  }

  async #liveAndDie(): Promise<void> {
    let isEnding = false;
    const work = this.#crew.actors.map((actor) => actor.work(() => isEnding));
    const ended = Promise.all(work).finally(() => {
      isEnding = true;
    });
    const { lifeMs, lossEvery } = this.#options;
    const dying = async (): Promise<void> => {
      if (lossEvery > 0) await this.#flushBesides(this.#random.below(lifeMs / 2));
      await delay(this.#random.below(lifeMs));
      this.#diedAt = performance.now();
      if (isEnding) return;
      await this.#vault.kill();
      this.tally.add("deaths");
    };
    await Promise.all([ended, dying()]);
  }

  async #flushBesides(afterMs: number): Promise<void> {
    await delay(afterMs);
    const promise = this.#crew.beginSync("remote");
    await this.tally.time("flush", () => this.#vault.flush());
    promise();
  }

  /** Mounts, and compares what is there with what may be. */
  async #revive(losesState: boolean): Promise<void> {
    if (losesState) {
      this.#vault.loseLocalState();
      this.#level = "remote";
      this.tally.add("losses of all local state");
    }
    const options = this.#level === "remote" ? ["--take-over"] : [];
    await this.tally.time("mount", () => this.#vault.mount(options));
    for (const actor of this.#crew.actors) await actor.recover(this.#level, this.#diedAt);
    this.#level = "local";
  }
}
