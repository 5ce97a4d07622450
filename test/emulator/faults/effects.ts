/**
 * The effect of each kind of fault.
 *
 * @module
 */
import { refusedReply } from "../cdn/refused-reply.ts";
import type { Effect } from "./effect.ts";
import { errorAnswer, rateLimitAnswer } from "./error-answers.ts";
import {
  deleteChannelOf,
  deleteWebhookOf,
  forgetMessage,
  removeBotOf,
  revokeTokenOf,
} from "./events.ts";
import type { Fault } from "./fault.ts";
import { flipBit, mislabel, misstateSizes, swapBytes } from "./tampering.ts";

type Effects = {
  readonly [K in Fault["kind"]]: (fault: Extract<Fault, { kind: K }>) => Effect;
};

const EFFECTS: Effects = {
  answer: (fault) =>
    fault.phase === "after"
      ? { alter: () => errorAnswer(fault) }
      : { instead: () => errorAnswer(fault) },
  "rate-limit": (fault) => ({ instead: () => rateLimitAnswer(fault) }),
  ban: () => ({
    event: ({ remoteAddress }, { invalidRequests }) => invalidRequests.ban(remoteAddress),
  }),
  delay: ({ ms }) => ({ delivery: { delayMs: ms } }),
  drip: ({ bytes, everyMs }) => ({ delivery: { drip: { bytes, everyMs } } }),
  stall: () => ({ delivery: { ending: "stall" } }),
  truncate: ({ length }) => ({
    delivery: { ending: length === "stated" ? "cut" : "cut-unnoticed" },
  }),
  reset: ({ phase }) => (phase === "answer" ? { delivery: { ending: "reset" } } : { tears: phase }),
  "lose-answer": () => ({ delivery: { ending: "silence" } }),
  mislabel: () => ({ alter: mislabel }),
  "wrong-size": () => ({ alter: misstateSizes }),
  flip: () => ({ alter: flipBit }),
  swap: () => ({ alter: swapBytes }),
  "expire-url": () => ({ instead: () => refusedReply("expired") }),
  "ignore-range": () => ({
    rewrite: (request) => ({ ...request, headers: { ...request.headers, range: undefined } }),
  }),
  "forget-message": () => ({ instead: forgetMessage }),
  "delete-channel": () => ({ event: deleteChannelOf }),
  "delete-webhook": () => ({ event: deleteWebhookOf }),
  "revoke-token": () => ({ event: revokeTokenOf }),
  "remove-bot": () => ({ event: removeBotOf }),
  "limit-size": ({ bytes }) => ({
    event: (_request, { settings }) => {
      settings.attachmentBytes = [bytes, bytes, bytes, bytes];
    },
  }),
};

/** What a fault does. */
export function effectOf<K extends Fault["kind"]>(fault: Extract<Fault, { kind: K }>): Effect {
  const effect = EFFECTS[fault.kind] as (fault: Extract<Fault, { kind: K }>) => Effect;
  return effect(fault);
}

/** Whether there is such a fault. */
export function isFaultKind(kind: string | undefined): kind is Fault["kind"] {
  return kind !== undefined && Object.hasOwn(EFFECTS, kind);
}
