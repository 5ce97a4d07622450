/**
 * How answers tell of rate limits (Discord documentation, topics/rate-limits).
 *
 * @module
 */
import { jsonReply, type Reply, withHeaders } from "../http/reply.ts";
import type { Settings } from "../settings.ts";
import type { BucketState, RateVerdict } from "./rate-limiter.ts";
import type { RateName } from "./rates.ts";

type Truth = Settings["rateLimitHeaders"];
type Scope = "user" | "global" | "shared";

interface Refusal {
  readonly scope: Scope;
  readonly code?: number;
  readonly message: string;
}

const RATE_LIMITED: Refusal = { scope: "user", message: "You are being rate limited." };
const WRITE_LIMITED: Refusal = {
  scope: "shared",
  code: 20028,
  message: "The write action you are performing on the channel has hit the write rate limit.",
};
const REFUSALS: Partial<Record<RateName, Refusal>> = {
  global: { ...RATE_LIMITED, scope: "global" },
  webhooksOfChannel: WRITE_LIMITED,
  renameChannel: { ...WRITE_LIMITED, scope: "user" },
  editOldMessages: {
    scope: "user",
    code: 30046,
    message: "Maximum number of edits to messages older than 1 hour reached. Try again later.",
  },
};

/** Headers on every answer of a rate limited route. */
export function bucketHeaders(
  bucket: BucketState,
  now: number,
  truth: Truth,
): Record<string, string> {
  if (truth === "absent") return {};
  const remaining = truth === "exact" ? bucket.remaining : bucket.limit;
  return {
    "x-ratelimit-limit": String(bucket.limit),
    "x-ratelimit-remaining": String(Math.max(0, remaining)),
    "x-ratelimit-reset": seconds(bucket.resetsAt),
    "x-ratelimit-reset-after": seconds(bucket.resetsAt - now),
    "x-ratelimit-bucket": bucket.hash,
  };
}

/** The 429 of a request that hit a limit; its body always tells the truth. */
export function refusalReply(verdict: RateVerdict, now: number, truth: Truth): Reply {
  const { scope, code, message } = REFUSALS[verdict.refusedBy ?? "other"] ?? RATE_LIMITED;
  const reply = jsonReply(429, {
    message,
    ...(code === undefined ? {} : { code }),
    retry_after: Number(seconds(verdict.retryAfterMs)),
    global: scope === "global",
  });
  const told = truth === "misleading" ? verdict.retryAfterMs / 2 : verdict.retryAfterMs;
  return withHeaders(reply, {
    ...bucketHeaders(verdict.bucket, now, truth),
    "retry-after": String(Math.ceil(told / 1000)),
    ...(truth === "absent" ? {} : { "x-ratelimit-scope": scope }),
    ...(scope === "global" && truth !== "absent" ? { "x-ratelimit-global": "true" } : {}),
  });
}

function seconds(ms: number): string {
  return (Math.ceil(ms) / 1000).toFixed(3);
}
