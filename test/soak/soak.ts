/**
 * Works on a mounted vault at an emulated Discord that breaks all the time, kills the mount's process every so often,
 * sometimes takes all local state away as well, and holds what it finds against what was promised.
 *
 * 1. After a death of the process: everything on the mount is as it was at one moment, no earlier than the newest
 *    `fsync` that returned.
 * 2. After the loss of all local state: the same, no earlier than the newest `dvault flush` that returned.
 * 3. At the end everything is there, from token, channel and password alone; also after a cleaning.
 * 4. The header log never contradicts itself (log-audit.ts).
 *
 * @module
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { encodeDiscordUrl } from "../../src/stores/objects/discord/discord-config.ts";
import { SeededRandom } from "../emulator/base/random.ts";
import { cleanRemote } from "./clean-remote.ts";
import { Crew } from "./crew.ts";
import { EmulatedDiscord } from "./emulated-discord.ts";
import type { FaultPlan } from "./fault-plan.ts";
import type { Level } from "./history.ts";
import { LogAudit } from "./log-audit.ts";
import { CommandError, MountedVault } from "./mounted-vault.ts";
import { Tally } from "./tally.ts";
import { badWeather } from "./weather.ts";

/** How long and how hard. */
export interface SoakOptions {
  /** The checkout, built. */
  readonly checkout: string;
  /** An empty directory for everything. */
  readonly directory: string;
  readonly seed: string;
  readonly durationMs: number;
  /** Time from when a mount was found to be whole to its death, about. */
  readonly killEveryMs: number;
  /** Every so many deaths all local state is lost as well. */
  readonly lossEvery: number;
  readonly actors: number;
  readonly faults: FaultPlan;
  readonly log: (line: string) => void;
}

/** Flushes from one death to the next, at least, if none takes any time. */
const FLUSHES = 3;

/** Time after which a mount that does not come is given up, ms. */
const MOUNT_PATIENCE_MS = 600_000;

/** What each level of safety is good against. */
const LOSSES: Readonly<Record<Level, string>> = {
  local: "death of the process",
  remote: "loss of the machine",
};

/** How often the memory of the mount is looked at, and whether it is time to stop, ms. */
const LOOK_MS = 500;

/** Part of the deaths that strike soon after mounting has begun, and how soon at the latest, ms. */
const EARLY_DEATHS = 0.15;
const EARLY_MS = 5000;

/**
 * Runs a soak.
 * @returns what was done, a line each
 * @throws Error at the first promise that is not kept; the directory is left as it is then
 */
export async function soak(options: SoakOptions): Promise<readonly string[]> {
  const { directory, checkout, seed } = options;
  const home = join(directory, "home");
  mkdirSync(home);
  const script = join(checkout, "scripts/discord");
  const discord = await EmulatedDiscord.start(script, join(directory, "discord"), seed);
  const config = await discord.config();
  const webhooks = (await discord.world()).webhooks;
  const vault = new MountedVault({
    program: join(checkout, "dist/cli/main.js"),
    home,
    url: encodeDiscordUrl(config),
    env: {
      DVAULT_DISCORD_API: discord.apiUrl,
      DVAULT_DISCORD_TOKEN: await discord.token(),
      DVAULT_DISCORD_WEBHOOKS: webhooks
        .map(({ id, token }) => `https://discord.com/api/webhooks/${id}/${token}`)
        .join(" "),
    },
  });
  const run = new SoakRun(options, discord, vault, new LogAudit(config.headerChannel));
  const abandon = (): void => {
    vault.abandon();
    discord.stop();
  };
  process.once("exit", abandon);
  try {
    await run.begin();
    await run.work();
    await run.end();
    return await run.report();
  } catch (error) {
    for (const line of await run.report()) options.log(line);
    options.log(`the mount said at last:\n${vault.lastWords()}`);
    throw error;
  } finally {
    process.off("exit", abandon);
    abandon();
  }
}

class SoakRun {
  readonly #options: SoakOptions;
  readonly #discord: EmulatedDiscord;
  readonly #vault: MountedVault;
  readonly #audit: LogAudit;
  readonly #random: SeededRandom;
  readonly #tally = new Tally();
  readonly #crew: Crew;
  /** What the newest death left. */
  #level: Level = "local";
  #isKilled = false;
  #diedAt = 0;

  constructor(
    options: SoakOptions,
    discord: EmulatedDiscord,
    vault: MountedVault,
    audit: LogAudit,
  ) {
    this.#options = options;
    this.#discord = discord;
    this.#vault = vault;
    this.#audit = audit;
    this.#random = new SeededRandom(`${options.seed}/soak`);
    const { actors: size, seed } = options;
    this.#crew = new Crew({ vault, seed, size, tally: this.#tally });
  }

  /** Makes the vault and the actors' directories in it, in good weather. */
  async begin(): Promise<void> {
    await this.#crew.begin();
    await this.#vault.kill();
  }

  /** Rounds of work, each ended by a death but for the last, in bad weather. */
  async work(): Promise<void> {
    const { durationMs, faults } = this.#options;
    const clearUp = await badWeather(this.#discord, { ...faults, durationMs });
    try {
      await this.#workInRounds(performance.now() + durationMs);
      const promise = this.#crew.beginSync("remote");
      await this.#tally.time("unmount", () => this.#vault.unmount());
      promise();
    } finally {
      await clearUp();
    }
  }

  async #workInRounds(endsAt: number): Promise<void> {
    for (let round = 1; performance.now() < endsAt; round++) {
      await this.#round(endsAt);
      await this.#inspectLog();
      if (!this.#isKilled || round % this.#options.lossEvery !== 0) continue;
      this.#vault.loseLocalState();
      this.#level = "remote";
      this.#tally.add("losses of all local state");
      this.#options.log("all local state is gone");
    }
    if (!this.#isKilled) return;
    this.#isKilled = false;
    await this.#revive();
  }

  /** Mounts with nothing but what is remote, and compares. */
  async #findAgain(): Promise<void> {
    this.#vault.loseLocalState();
    this.#level = "remote";
    await this.#revive();
  }

  /** In good weather again: everything is there, and still is after a cleaning, which leaves nothing else. */
  async end(): Promise<void> {
    await this.#findAgain();
    await this.#vault.unmount();
    await this.#inspectLog();
    const { removed, objects, messages } = await cleanRemote(this.#discord);
    this.#tally.add("orphans removed at the end", removed);
    this.#tally.add("objects left", objects);
    this.#tally.add("messages left", messages);
    await this.#inspectLog();
    await this.#findAgain();
    await this.#vault.unmount();
  }

  async #round(endsAt: number): Promise<void> {
    this.#isKilled = false;
    const { killEveryMs } = this.#options;
    const ending = new AbortController();
    const isEarly = this.#random.next() < EARLY_DEATHS;
    const aside = [this.#watchMemory(ending.signal)];
    const dieIn = (ms: number): void => {
      aside.push(this.#die(ms, endsAt, ending.signal));
    };
    if (isEarly) dieIn(this.#random.below(EARLY_MS));
    try {
      if (!(await this.#revive())) return;
      if (!isEarly) dieIn(killEveryMs * (0.75 + this.#random.next() / 2));
      await this.#workUntilDeath(endsAt);
    } finally {
      ending.abort();
      await Promise.all(aside);
    }
  }

  async #die(afterMs: number, endsAt: number, signal: AbortSignal): Promise<void> {
    const isDue = await delay(afterMs, true, { signal }).catch(() => false);
    if (!isDue || performance.now() >= endsAt) return;
    this.#isKilled = true;
    this.#tally.add("kills");
    this.#options.log("killed");
    this.#diedAt = performance.now();
    await this.#vault.kill();
  }

  async #watchMemory(signal: AbortSignal): Promise<void> {
    const passes = (): Promise<boolean> => delay(LOOK_MS, true, { signal }).catch(() => false);
    while (await passes()) {
      this.#tally.peak("most memory of a mount, MiB", this.#vault.peakMemory() / 2 ** 20);
    }
  }

  /** Mounts, and compares what is there with what may be. @returns false when death came first */
  async #revive(): Promise<boolean> {
    const options = this.#level === "remote" ? ["--take-over"] : [];
    const isMounted = await this.#tally.time(`mount, ${this.#level} safe`, () =>
      this.#mount(options),
    );
    if (!isMounted) return false;
    try {
      const recovering = this.#crew.actors.map((actor) => actor.recover(this.#level, this.#diedAt));
      const ends = await Promise.allSettled(recovering);
      const failed = ends.find((end) => end.status === "rejected");
      if (failed !== undefined) throw failed.reason;
    } catch (error) {
      if (this.#isKilled) return false;
      throw error;
    }
    this.#options.log(`found all that was safe from a ${LOSSES[this.#level]}`);
    this.#level = "local";
    return true;
  }

  /** Mounts, again while Discord cannot be reached. */
  async #mount(options: readonly string[]): Promise<boolean> {
    const givenUpAt = performance.now() + MOUNT_PATIENCE_MS;
    for (;;) {
      try {
        return await this.#vault.mount(options);
      } catch (error) {
        if (this.#isKilled) return false;
        if (!(error instanceof CommandError) || performance.now() > givenUpAt) throw error;
        this.#tally.add("mounts refused");
        this.#options.log(error.message);
      }
    }
  }

  async #workUntilDeath(endsAt: number): Promise<void> {
    let isEnding = false;
    const isStopped = (): boolean => isEnding || performance.now() >= endsAt;
    const ending = (error: unknown): never => {
      isEnding = true;
      throw error;
    };
    const work = this.#crew.actors.map((actor) => actor.work(isStopped));
    const flushing = this.#flushNowAndThen(isStopped).catch(ending);
    const ends = await Promise.allSettled([...work.map((one) => one.catch(ending)), flushing]);
    const failed = ends.find((end) => end.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    if (!this.#isKilled && !isStopped()) throw new Error("the mount died by itself");
  }

  async #flushNowAndThen(isStopped: () => boolean): Promise<void> {
    const longestMs = this.#options.killEveryMs / FLUSHES;
    for (;;) {
      for (let left = this.#random.below(longestMs); left > 0 && !isStopped(); left -= LOOK_MS) {
        await delay(Math.min(left, LOOK_MS));
      }
      if (isStopped()) return;
      const promise = this.#crew.beginSync("remote");
      try {
        await this.#tally.time("flush", () => this.#vault.flush());
      } catch (error) {
        if (this.#isKilled) return;
        throw error;
      }
      promise();
    }
  }

  async #inspectLog(): Promise<void> {
    const { messages } = await this.#discord.world();
    this.#audit.note(messages);
  }

  async report(): Promise<readonly string[]> {
    const { faultsByKind, ...counters } = await this.#discord.counters();
    return [
      ...this.#tally.lines(),
      `commits that counted: ${this.#audit.commits}; that did not: ${this.#audit.refusals}`,
      ...Object.entries(counters).map(([name, count]) => `discord, ${name}: ${count}`),
      ...Object.entries(faultsByKind).map(([kind, count]) => `fault, ${kind}: ${count}`),
    ];
  }
}
