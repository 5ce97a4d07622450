/**
 * Decides which faults strike a request.
 *
 * @module
 */
import type { SeededRandom } from "../base/random.ts";
import type { Fault, FaultRule } from "./fault.ts";

/** What is known of a request before it is read. */
export interface Target {
  readonly site: "api" | "cdn";
  readonly route: string;
}

interface ActiveRule {
  readonly rule: FaultRule;
  readonly dice: SeededRandom;
  toSkip: number;
  timesLeft: number;
}

/** The rules in force. Each has dice of its own, so that one more rule does not change when the others strike. */
export class FaultInjector {
  readonly #random: SeededRandom;
  readonly #active = new Map<number, ActiveRule>();
  #lastId = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** @returns the id to {@link remove} it by */
  add(rule: FaultRule): number {
    const id = ++this.#lastId;
    this.#active.set(id, {
      rule,
      dice: this.#random.fork(`rule ${id}`),
      toSkip: rule.skip ?? 0,
      timesLeft: rule.times ?? Number.POSITIVE_INFINITY,
    });
    return id;
  }

  /** Adds a rule for the next matching request only. */
  once(fault: Fault, where: Omit<FaultRule, "fault" | "times"> = {}): number {
    return this.add({ ...where, fault, times: 1 });
  }

  remove(id: number): boolean {
    return this.#active.delete(id);
  }

  clear(): void {
    this.#active.clear();
  }

  /** Rules that can still strike, by id. */
  rules(): { readonly id: number; readonly rule: FaultRule }[] {
    return [...this.#active].map(([id, { rule }]) => ({ id, rule }));
  }

  /** Faults that strike this request; counts it. */
  draw(target: Target): Fault[] {
    const faults: Fault[] = [];
    for (const [id, active] of this.#active) {
      if (!strikes(active, target)) continue;
      faults.push(active.rule.fault);
      active.timesLeft -= 1;
      if (active.timesLeft <= 0) this.#active.delete(id);
    }
    return faults;
  }
}

function strikes(active: ActiveRule, target: Target): boolean {
  const { site, route, probability } = active.rule;
  if (site !== undefined && site !== target.site) return false;
  if (route !== undefined && route !== target.route) return false;
  if (active.toSkip > 0) {
    active.toSkip -= 1;
    return false;
  }
  return probability === undefined || active.dice.next() < probability;
}
