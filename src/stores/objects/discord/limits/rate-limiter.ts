/**
 * Holds requests back until every limit they fall under lets them go: the global one, the bucket of their route, and
 * limits that no header shows. A request counts in all of them at once, so none is held up by a limit it does not touch.
 *
 * @module
 */

import type { Random } from "../../../../core/base/platform.ts";
import { pause } from "../../../timing.ts";
import { randomBelow } from "../dice.ts";
import { onAbort } from "../on-abort.ts";
import type { Allowance, DiscordSettings } from "../settings.ts";
import type { SteadyTiming } from "../steady-timing.ts";
import { AllowanceGate } from "./allowance-gate.ts";
import { BucketGate } from "./bucket-gate.ts";
import type { RateGate } from "./rate-gate.ts";
import type { LimitScope, ShownBucket } from "./rate-headers.ts";
import { ServerClock } from "./server-clock.ts";

/** Which limits a request falls under. */
export interface Gates {
  /** Method and path, ids left out; requests of one route and major id share a bucket. */
  readonly route: string;
  /** Id of the channel, guild or webhook in the path. */
  readonly major: string;
  /** Whose global limit counts. */
  readonly caller: "bot" | "webhook";
  /** A limit that no header shows. */
  readonly hidden?: HiddenGate;
}

/** A limit known beforehand. */
export interface HiddenGate {
  readonly key: string;
  readonly allowance: Allowance;
}

/** What became of a request that was let go. */
export type PassEnd =
  | { readonly kind: "accepted" | "lost"; readonly shown: ShownBucket | undefined }
  | {
      readonly kind: "limited";
      readonly shown: ShownBucket | undefined;
      readonly scope: LimitScope | undefined;
      readonly waitMs: number;
    }
  | { readonly kind: "unsent" };

/** Leave to send one request; ends exactly once. */
export interface Pass {
  end(how: PassEnd): void;
}

/** A pass, and which of several ways it is for. */
export interface ChosenPass {
  readonly index: number;
  readonly pass: Pass;
}

interface Waiter {
  readonly ways: readonly Gates[];
  readonly resolve: (chosen: ChosenPass) => void;
  readonly reject: (reason: unknown) => void;
}

/** The gates a request goes through. */
interface GateSet {
  readonly global: RateGate;
  readonly hidden: RateGate | undefined;
  readonly bucket: RateGate;
}

/** What a limiter works with. */
export interface LimiterParts {
  readonly timing: SteadyTiming;
  readonly random: Random;
  readonly settings: DiscordSettings;
}

/** All limits of one store. */
export class RateLimiter {
  readonly #timing: SteadyTiming;
  readonly #random: Random;
  readonly #settings: DiscordSettings;
  readonly #named = new Map<string, RateGate>();
  readonly #byHash = new Map<string, RateGate>();
  readonly #server = new ServerClock();
  #waiters: Waiter[] = [];
  #alarm: AbortController | undefined;
  #waitingSince = 0;
  #limitedMs = 0;

  constructor({ timing, random, settings }: LimiterParts) {
    this.#timing = timing;
    this.#random = random;
    this.#settings = settings;
  }

  /** Time in which something waited for a limit, ms. */
  get limitedMs(): number {
    const open = this.#waiters.length > 0 ? this.#timing.now() - this.#waitingSince : 0;
    return this.#limitedMs + open;
  }

  /** Time until a request could start, ms; infinite when that depends on one in flight. */
  delay(gates: Gates): number {
    return delayOf(this.#setOf(gates), this.#timing.now());
  }

  /**
   * Waits until a request may be sent in one of several ways; at random among those that are free.
   * @throws the signal's reason, or what {@link rejectAll} was given
   */
  async acquire(ways: readonly Gates[], signal?: AbortSignal): Promise<ChosenPass> {
    signal?.throwIfAborted();
    const chosen = this.#waiters.length === 0 ? this.#tryTake(ways) : undefined;
    return chosen ?? this.#enqueue(ways, signal);
  }

  /** Sends everybody away who waits. */
  rejectAll(reason: unknown): void {
    const waiters = this.#waiters;
    this.#setWaiters([]);
    for (const { reject } of waiters) reject(reason);
  }

  #enqueue(ways: readonly Gates[], signal: AbortSignal | undefined): Promise<ChosenPass> {
    return new Promise((resolve, reject) => {
      const stay = onAbort(signal, () => {
        this.#setWaiters(this.#waiters.filter((one) => one !== waiter));
        reject(signal?.reason);
      });
      const waiter: Waiter = {
        ways,
        resolve: (chosen) => {
          stay();
          resolve(chosen);
        },
        reject: (reason) => {
          stay();
          reject(reason);
        },
      };
      this.#setWaiters([...this.#waiters, waiter]);
      this.#pump();
    });
  }

  #setWaiters(waiters: Waiter[]): void {
    const now = this.#timing.now();
    if (this.#waiters.length === 0) this.#waitingSince = now;
    else if (waiters.length === 0) this.#limitedMs += now - this.#waitingSince;
    this.#waiters = waiters;
    if (waiters.length === 0) this.#alarm?.abort();
  }

  /** Lets go whoever can, in the order of arrival, and comes back when the next one can. */
  #pump(): void {
    let earliest = Number.POSITIVE_INFINITY;
    const left: Waiter[] = [];
    for (const waiter of this.#waiters) {
      const chosen = this.#tryTake(waiter.ways);
      if (chosen) {
        waiter.resolve(chosen);
        continue;
      }
      left.push(waiter);
      earliest = Math.min(earliest, ...waiter.ways.map((gates) => this.delay(gates)));
    }
    if (left.length < this.#waiters.length) this.#setWaiters(left);
    this.#alarm?.abort();
    if (Number.isFinite(earliest)) this.#pumpIn(earliest);
  }

  #pumpIn(ms: number): void {
    const alarm = new AbortController();
    this.#alarm = alarm;
    pause(this.#timing, ms, alarm.signal).then(
      () => this.#pump(),
      () => undefined,
    );
  }

  #tryTake(ways: readonly Gates[]): ChosenPass | undefined {
    const open = [...ways.keys()].filter((way) => this.delay(ways[way] as Gates) <= 0);
    if (open.length === 0) return undefined;
    const index = open[randomBelow(this.#random, open.length)] as number;
    return { index, pass: this.#take(ways[index] as Gates) };
  }

  #take(gates: Gates): Pass {
    const set = this.#setOf(gates);
    const now = this.#timing.now();
    for (const gate of listOf(set)) gate.take(now);
    let isEnded = false;
    return {
      end: (how) => {
        if (isEnded) return;
        isEnded = true;
        if (how.kind !== "unsent" && how.shown) this.#learn(now, how.shown, how.kind === "limited");
        this.#end(gates, set, how);
        this.#pump();
      },
    };
  }

  /** A refusal is a sign that a window was taken to close too early. */
  #learn(sentAt: number, shown: ShownBucket, isRefused: boolean): void {
    if (isRefused) this.#server.forget();
    this.#server.learn(sentAt, this.#timing.now(), shown);
  }

  #end(gates: Gates, set: GateSet, how: PassEnd): void {
    const now = this.#timing.now();
    if (how.kind === "unsent") {
      for (const gate of listOf(set)) gate.giveBack();
      return;
    }
    const guilty = how.kind === "limited" ? guiltyOf(set, how) : undefined;
    for (const gate of listOf(set)) {
      const shown = gate === set.bucket ? how.shown : undefined;
      if (how.kind === "limited" && gate === guilty) gate.refused(now, how.waitMs, shown);
      else gate.ended(now, shown, how.kind === "accepted");
    }
    if (how.shown) this.#name(gates, set.bucket, how.shown);
  }

  /** Routes whose answers show the same bucket share one gate from then on. */
  #name(gates: Gates, gate: RateGate, shown: ShownBucket): void {
    const hash = `${shown.hash} ${gates.major}`;
    const known = this.#byHash.get(hash);
    if (known === gate) return;
    if (known === undefined) {
      this.#byHash.set(hash, gate);
      return;
    }
    known.observe(this.#timing.now(), shown);
    this.#named.set(bucketKey(gates), known);
  }

  #setOf(gates: Gates): GateSet {
    const { hidden, caller } = gates;
    const { global, marginMs } = this.#settings;
    const allowed = (allowance: Allowance): RateGate => new AllowanceGate(allowance, marginMs);
    return {
      global: this.#gate(`global ${caller}`, () => allowed(global)),
      hidden: hidden && this.#gate(`hidden ${hidden.key}`, () => allowed(hidden.allowance)),
      bucket: this.#gate(bucketKey(gates), () => new BucketGate(marginMs, this.#server)),
    };
  }

  #gate(key: string, make: () => RateGate): RateGate {
    let gate = this.#named.get(key);
    if (gate === undefined) {
      gate = make();
      this.#named.set(key, gate);
    }
    return gate;
  }
}

function bucketKey({ route, major }: Gates): string {
  return `${route} ${major}`;
}

function listOf({ global, hidden, bucket }: GateSet): readonly RateGate[] {
  return hidden ? [global, hidden, bucket] : [global, bucket];
}

function delayOf(set: GateSet, now: number): number {
  return Math.max(...listOf(set).map((gate) => gate.delay(now)));
}

/** Which limit a 429 is of: what it says, else the one the headers show used up, else one that no header shows. */
function guiltyOf(
  { global, hidden, bucket }: GateSet,
  { scope, shown }: Extract<PassEnd, { kind: "limited" }>,
): RateGate {
  if (scope === "global") return global;
  if (hidden === undefined) return bucket;
  if (scope === "shared") return hidden;
  return shown && shown.remaining > 0 ? hidden : bucket;
}
