/**
 * What goes wrong during a soak: every kind of fault that a store can be asked to survive, each with the same chance,
 * and now and then a storm of 429.
 *
 * @module
 */
import type { FaultRule } from "../emulator/faults/fault.ts";

/** Which faults. */
export interface FaultPlan {
  /** Chance of each kind at each request, 0 to 1. */
  readonly chance: number;
  /** Whether faults are among them that show only by silence: each costs the client the time after which it hangs up. */
  readonly hasSilence: boolean;
}

/** Seconds a 429 out of nowhere asks for. */
const RETRY_AFTER = 0.8;

/** The rules of a plan. */
export function faultRules({ chance, hasSilence }: FaultPlan): readonly FaultRule[] {
  return [
    ...refusals(chance),
    ...breaks(chance),
    ...slowness(chance),
    ...lies(chance),
    ...(hasSilence ? silence(chance) : []),
  ];
}

/** All requests but few are told to come again later. */
export const STORM: FaultRule = {
  fault: { kind: "rate-limit", scope: "user", retryAfter: 2 },
  site: "api",
  probability: 0.9,
};

/** Errors before and after the request is carried out, by the origin and by the edge; 429 of every scope. */
function refusals(chance: number): FaultRule[] {
  const errors: FaultRule["fault"][] = [
    { kind: "answer", status: 500 },
    { kind: "answer", status: 502, format: "html" },
    { kind: "answer", status: 503, phase: "after" },
    { kind: "answer", status: 504, phase: "after", format: "html" },
    { kind: "answer", status: 522, format: "html" },
  ];
  const limits = (["user", "shared", "global"] as const).map((scope): FaultRule["fault"] => ({
    kind: "rate-limit",
    scope,
    retryAfter: RETRY_AFTER,
  }));
  return [
    ...share(chance, errors),
    ...share(chance, limits),
    // A deletion that worked is answered as if there had been nothing to delete.
    ...["/channels/{channel_id}/messages", "/webhooks/{webhook_id}/{webhook_token}/messages"].map(
      (path): FaultRule => ({
        fault: { kind: "answer", status: 404, code: 10008, phase: "after" },
        route: `DELETE ${path}/{message_id}`,
        probability: chance,
      }),
    ),
  ];
}

/** Connections reset before, in and after a request; answers that end too early. */
function breaks(chance: number): FaultRule[] {
  return [
    ...(["arrival", "upload", "answer"] as const).map(
      (phase): FaultRule => ({ fault: { kind: "reset", phase }, probability: chance }),
    ),
    ...share(chance, [
      { kind: "truncate", length: "stated" },
      { kind: "truncate", length: "absent" },
    ]),
  ];
}

function slowness(chance: number): FaultRule[] {
  return [
    { fault: { kind: "delay", ms: 400 }, probability: chance },
    { fault: { kind: "drip", bytes: 16_384, everyMs: 20 }, probability: chance },
  ];
}

/** Answers that are wrong. */
function lies(chance: number): FaultRule[] {
  return [
    { fault: { kind: "mislabel" }, probability: chance },
    { fault: { kind: "wrong-size" }, site: "api", probability: chance },
    { fault: { kind: "flip" }, site: "cdn", probability: chance },
    { fault: { kind: "swap" }, site: "cdn", probability: chance },
    { fault: { kind: "expire-url" }, site: "cdn", probability: chance },
    { fault: { kind: "ignore-range" }, site: "cdn", probability: chance },
  ];
}

function silence(chance: number): FaultRule[] {
  return [
    { fault: { kind: "stall" }, probability: chance },
    { fault: { kind: "lose-answer" }, probability: chance },
  ];
}

/** Rules that together have the chance of one. */
function share(chance: number, faults: readonly FaultRule["fault"][]): FaultRule[] {
  return faults.map((fault) => ({ fault, probability: chance / faults.length }));
}
