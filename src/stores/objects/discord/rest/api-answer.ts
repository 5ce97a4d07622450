/**
 * Sorts the API's answers by what is to be done about them. The Content-Type is not believed: errors of the edge are
 * HTML, and JSON is not always called JSON.
 *
 * @module
 */

import { toText } from "../../../../core/base/bytes.ts";
import { isJsonObject } from "../../../../core/base/json.ts";
import type { WholeAnswer } from "../http/wire.ts";
import { type LimitScope, readRetryAfter, readScope } from "../limits/rate-headers.ts";

/** An answer, sorted. */
export type ApiAnswer =
  /** `json` is undefined for an answer without a body. */
  | { readonly kind: "done"; readonly json: unknown }
  | {
      readonly kind: "limited";
      readonly waitMs: number;
      readonly scope: LimitScope | undefined;
    }
  /** The whole address is banned, for hours: nothing may be sent any more. */
  | { readonly kind: "banned" }
  | Refusal
  /** It may be better in a moment. */
  | { readonly kind: "failed"; readonly problem: string };

/** A request that would be refused again. */
export interface Refusal {
  readonly kind: "refused";
  readonly status: number;
  /** Discord's own code, finer than the status. */
  readonly code: number | undefined;
  /** What Discord says about it. */
  readonly message: string | undefined;
}

/** "API resource is currently overloaded", whatever the status. */
const OVERLOADED = 130_000;

/** Statuses below 500 that may pass. */
const PASSING = new Set([408, 425]);

/** Shortest wait that a 429 asks for, ms; some ask for none. */
const SHORTEST_WAIT_MS = 250;

const MESSAGE_MAX = 200;

export function sortAnswer({ status, headers, body }: WholeAnswer): ApiAnswer {
  if (status === 204) return { kind: "done", json: undefined };
  const json = parseJson(body);
  if (status >= 200 && status < 300) {
    return json === undefined
      ? { kind: "failed", problem: `status ${status} with a body that is no JSON` }
      : { kind: "done", json };
  }
  const fields = isJsonObject(json) ? json : {};
  const code = typeof fields.code === "number" && fields.code !== 0 ? fields.code : undefined;
  if (status === 429) {
    return limitOf(readRetryAfter(headers), fields.retry_after, readScope(headers));
  }
  if (status < 400 || status >= 500 || PASSING.has(status) || code === OVERLOADED) {
    return { kind: "failed", problem: `status ${status}` };
  }
  const message = typeof fields.message === "string" ? fields.message : undefined;
  return { kind: "refused", status, code, message: message?.slice(0, MESSAGE_MAX) };
}

/** Limits tell how long they last, in a header or the body, which do not always agree; bans do not. */
function limitOf(header: number | undefined, seconds: unknown, scope?: LimitScope): ApiAnswer {
  const told = typeof seconds === "number" && seconds > 0 ? seconds * 1000 : undefined;
  if (header === undefined && told === undefined) return { kind: "banned" };
  return { kind: "limited", waitMs: Math.max(header ?? 0, told ?? 0, SHORTEST_WAIT_MS), scope };
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(toText(body));
  } catch {
    return undefined;
  }
}
