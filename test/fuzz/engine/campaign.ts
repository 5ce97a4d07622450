/**
 * One target's run: inputs of the corpus, then changed ones, of which those that pass something new join the corpus.
 *
 * @module
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { utf8 } from "../../../src/core/base/bytes.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { Corpus } from "./corpus.ts";
import { Judge } from "./judge.ts";
import { Mutator } from "./mutator.ts";
import { type FuzzTarget, LENGTH_MAX } from "./target.ts";

/** Different failures that are looked for before a run ends early. */
const FAILURES_MAX = 10;

/** Tries at making an input of the corpus shorter. */
const SHORTENINGS = 200;

/** Inputs between two turns of the event loop, in which Node lets go of native objects (zlib's are large). */
const INPUTS_PER_TURN = 256;

/** What a run needs to know. */
export interface CampaignParts {
  readonly target: FuzzTarget;
  /** Inputs that are kept in the tree. */
  readonly kept: readonly Uint8Array[];
  readonly runs: number;
  /** Time after which no more inputs are made. */
  readonly minutes: number;
  readonly seed: number;
  /** How many probes there are. */
  readonly probes: number;
  /** Told of each input before it is run. */
  readonly announce: (input: Uint8Array) => void;
}

/** An input that was not handled as documented. */
export interface Failure {
  readonly input: Uint8Array;
  readonly problem: string;
}

/** What a run came to. */
export interface Outcome {
  readonly inputs: number;
  readonly seconds: number;
  readonly corpus: number;
  readonly passed: ReadonlySet<number>;
  readonly worstMs: number;
  readonly worstBytes: number;
  readonly peakBytes: number;
  readonly failures: readonly Failure[];
  /** Few inputs that pass everything that was passed. */
  readonly essence: readonly Uint8Array[];
}

export class Campaign {
  readonly #parts: CampaignParts;
  readonly #corpus: Corpus;
  readonly #judge: Judge;
  readonly #failures = new Map<string, Failure>();
  #inputs = 0;

  constructor(parts: CampaignParts) {
    this.#parts = parts;
    this.#corpus = new Corpus(parts.probes);
    this.#judge = new Judge(parts.target);
  }

  async run(): Promise<Outcome> {
    const { target, kept, seed } = this.#parts;
    const startedAt = performance.now();
    // Most inputs are refused by an error, of which only the first frames are shown.
    Error.stackTraceLimit = 2;
    const random = seededRandom(seed);
    const { words = [], maxLength = LENGTH_MAX } = target;
    const mutator = new Mutator({
      random,
      words: words.map((word) => (typeof word === "string" ? utf8(word) : word)),
      maxLength,
    });
    for (const input of [...kept, ...(await target.seeds())]) await this.#try(input);
    while (this.#goesOn(startedAt)) {
      await this.#try(mutator.mutate(this.#corpus.pick(random), this.#corpus.pick(random)));
      if (this.#inputs % INPUTS_PER_TURN === 0) await nextTurn();
    }
    const seconds = (performance.now() - startedAt) / 1000;
    const passed = this.#corpus.passed();
    return {
      ...{ inputs: this.#inputs, seconds, corpus: this.#corpus.size, passed },
      worstMs: this.#judge.worstMs,
      worstBytes: this.#judge.worstBytes,
      peakBytes: this.#judge.peakBytes,
      failures: [...this.#failures.values()],
      essence: await this.#essence(),
    };
  }

  #goesOn(startedAt: number): boolean {
    const { runs, minutes } = this.#parts;
    const isTime = performance.now() - startedAt < minutes * 60_000;
    return this.#inputs < runs && isTime && this.#failures.size < FAILURES_MAX;
  }

  async #try(input: Uint8Array): Promise<void> {
    this.#inputs += 1;
    this.#parts.announce(input);
    this.#corpus.begin();
    try {
      await this.#judge.run(input);
      this.#corpus.keep(input);
    } catch (error) {
      const problem = describe(error);
      const place = problem.replaceAll(/\d+/g, "#");
      const known = this.#failures.get(place);
      if (known !== undefined && known.input.length <= input.length) return;
      this.#failures.set(place, { input, problem });
    }
  }

  /** The corpus made small: few inputs, each as short as it easily gets. */
  async #essence(): Promise<Uint8Array[]> {
    const inputs: Uint8Array[] = [];
    for (const { input, passed } of this.#corpus.essence()) {
      inputs.push(await this.#shorten(input, passed));
    }
    return inputs;
  }

  async #shorten(input: Uint8Array, passed: readonly number[]): Promise<Uint8Array> {
    let shortest = input;
    let tries = 0;
    for (let part = input.length >> 1; part > 0 && tries < SHORTENINGS; part >>= 1) {
      for (let at = 0; at < shortest.length && tries < SHORTENINGS; tries++) {
        const shorter = without(shortest, at, part);
        if (await this.#passes(shorter, passed)) shortest = shorter;
        else at += part;
      }
    }
    return shortest;
  }

  async #passes(input: Uint8Array, passed: readonly number[]): Promise<boolean> {
    this.#parts.announce(input);
    this.#corpus.begin();
    try {
      await this.#parts.target.run(input.slice());
    } catch {
      return false;
    }
    return this.#corpus.hasPassed(passed);
  }
}

function without(input: Uint8Array, at: number, length: number): Uint8Array {
  const shorter = new Uint8Array(input.length - Math.min(length, input.length - at));
  shorter.set(input.subarray(0, at));
  shorter.set(input.subarray(at + length), at);
  return shorter;
}

/** The message of an error and where it came from. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const [place = ""] = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : "";
  return `${error.name}: ${error.message}${cause}\n${place}`;
}
