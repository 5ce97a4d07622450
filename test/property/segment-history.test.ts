/**
 * Random histories of a vault on a segment store: commits, publications, cleanings, requests that fail, kills, and
 * losses of all local state. The vault is always at its newest local commit, or after a loss at one between the newest
 * that was flushed and the newest there was.
 *
 * @module
 */
import { join } from "node:path";
import fc from "fast-check";
import t from "tap";
import type { FaultObjectStore } from "../support/fault-object-store.ts";
import { SegmentPlace } from "../support/segment-place.ts";
import {
  createRounds,
  openRounds,
  type RoundVault,
  readRound,
  writeRound,
} from "../support/segment-vault.ts";

const numRuns = Number(process.env.FC_RUNS ?? 25);
const directory = t.testdir();
let made = 0;

type Step =
  | { readonly do: "commit" | "flush" | "gc" | "kill" | "lose" | "reopen" }
  | { readonly do: "fail"; readonly after: number; readonly fate: "before" | "after" };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Step>({ do: "commit" }) },
  { weight: 3, arbitrary: fc.constant<Step>({ do: "flush" }) },
  fc.constantFrom<Step[]>({ do: "gc" }, { do: "kill" }, { do: "lose" }, { do: "reopen" }),
  fc.record({
    do: fc.constant("fail" as const),
    after: fc.integer({ min: 1, max: 6 }),
    fate: fc.constantFrom("before" as const, "after" as const),
  }),
);

class History {
  readonly #place = new SegmentPlace(join(directory, `${++made}`));
  #machine = "here.0";
  #rounds: RoundVault | undefined;
  #objects: FaultObjectStore;
  #committed = 0;
  #flushed = -1;

  constructor() {
    this.#place.limits = { objectBytes: 70_000, recordBytes: 70_000 };
    this.#objects = this.#place.objects();
  }

  async run(steps: readonly Step[]): Promise<void> {
    this.#rounds = await createRounds(this.#place, this.#machine, { objects: this.#objects });
    for (const next of steps) await this.#step(next);
    this.#objects.fate = () => "pass";
    await this.#vault.store.flush();
    await this.#vault.vault.close();
    const { vault } = await openRounds(this.#place, "fresh", { readOnly: true });
    const round = await readRound(vault);
    await vault.close();
    if (round !== this.#committed) throw new Error(`at ${round}, not at ${this.#committed}`);
  }

  get #vault(): RoundVault {
    if (this.#rounds === undefined) throw new Error("no vault is open");
    return this.#rounds;
  }

  async #step(next: Step): Promise<void> {
    if (next.do === "commit") {
      await writeRound(this.#vault.vault, this.#committed + 1);
      this.#committed += 1;
    } else if (next.do === "fail") this.#fail(next.after, next.fate);
    else if (next.do === "flush" || next.do === "gc") await this.#publish(next.do);
    else await this.#reopen(next.do);
  }

  /** One request fails, the `after`-th from now on. */
  #fail(after: number, fate: "before" | "after"): void {
    const number = this.#objects.total + after;
    this.#objects.fate = (call) => (call.number === number ? fate : "pass");
  }

  async #publish(what: "flush" | "gc"): Promise<void> {
    const controller = new AbortController();
    const giveUp = (): void => controller.abort();
    try {
      const { store } = this.#vault;
      await store.flush(
        (progress) => progress.problem !== undefined && giveUp(),
        controller.signal,
      );
      this.#flushed = this.#committed;
      if (what === "gc") await store.gc({ targetLiveShare: 0.9, orphanMs: 0, keepCommits: 2 });
    } catch (error) {
      if (!/failed as the test wished|abort/.test(String(error))) throw error;
    }
  }

  async #reopen(how: "kill" | "lose" | "reopen"): Promise<void> {
    const old = this.#vault;
    if (how === "lose" && this.#flushed < 0) return;
    if (how === "reopen") await old.vault.close();
    const next = how === "reopen" ? this.#machine : `here.${++made}`;
    if (how === "kill") this.#place.kill(this.#machine, next);
    this.#machine = next;
    this.#objects = this.#place.objects();
    this.#rounds = await openRounds(this.#place, next, { objects: this.#objects, takeOver: true });
    const round = await readRound(this.#rounds.vault);
    const least = how === "lose" ? this.#flushed : this.#committed;
    if (round < least || round > this.#committed) {
      throw new Error(`after ${how}: at ${round}, of ${least} to ${this.#committed}`);
    }
    this.#committed = round;
    // Whoever was killed does nothing more.
    if (how !== "reopen") await old.vault.abandon();
  }
}

t.test("whatever happens, the vault is at an allowed commit, whole", async (t) => {
  await t.resolves(
    fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 30 }), (steps) =>
        new History().run(steps),
      ),
      { numRuns },
    ),
  );
});
