/**
 * Errors that stand in for an answer.
 *
 * @module
 */
import { STATUS_CODES } from "node:http";
import { fromOrigin, htmlReply, jsonReply, type Reply, withHeaders } from "../http/reply.ts";
import type { Fault } from "./fault.ts";

/** Names of statuses that only Cloudflare gives. */
const EDGE_STATUS: Readonly<Record<number, string>> = {
  520: "Web server is returning an unknown error",
  521: "Web server is down",
  522: "Connection timed out",
  523: "Origin is unreachable",
  524: "A timeout occurred",
};

/** An error as the origin (JSON) or the edge (HTML) would give it. */
export function errorAnswer(fault: Extract<Fault, { kind: "answer" }>): Reply {
  const { status, format = "json", code = 0 } = fault;
  const name = EDGE_STATUS[status] ?? STATUS_CODES[status] ?? "Unknown";
  if (format === "html") return htmlReply(status, `${status} ${name}`);
  const message = fault.message ?? `${status}: ${name}`;
  return fromOrigin(jsonReply(status, { message, code, ...fault.details }));
}

/** A 429 that belongs to no bucket. */
export function rateLimitAnswer(fault: Extract<Fault, { kind: "rate-limit" }>): Reply {
  const { scope, retryAfter } = fault;
  const isGlobal = scope === "global";
  const reply = jsonReply(429, {
    message: "You are being rate limited.",
    retry_after: retryAfter ?? 0,
    global: isGlobal,
  });
  return withHeaders(fromOrigin(reply), {
    "x-ratelimit-scope": scope,
    ...(isGlobal ? { "x-ratelimit-global": "true" } : {}),
    ...(retryAfter === undefined ? {} : { "retry-after": String(Math.ceil(retryAfter)) }),
  });
}
