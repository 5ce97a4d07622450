/**
 * Discord's REST API as one function: limits are waited for, what may pass is tried again, what cannot be repeated is
 * not, and when too much is refused nothing is sent any more.
 *
 * 1. A request that may have arrived is sent again only if doing it twice is doing it once.
 * 2. A 429 is never answered by a request before its time is over; one that gives no time ends everything.
 * 3. Between tries time passes, more each time.
 *
 * @module
 */

import { StoreError } from "../../../../core/base/errors.ts";
import type { Random } from "../../../../core/base/platform.ts";
import { pause } from "../../../timing.ts";
import { backoffMs } from "../dice.ts";
import type { RequestBody } from "../http/request-body.ts";
import { type WholeAnswer, type Wire, WireError, type WireRequest } from "../http/wire.ts";
import type { Breaker } from "../limits/breaker.ts";
import { readBucket, readScope } from "../limits/rate-headers.ts";
import type { Gates, Pass, PassEnd, RateLimiter } from "../limits/rate-limiter.ts";
import type { DiscordSettings } from "../settings.ts";
import type { SteadyTiming } from "../steady-timing.ts";
import { type ApiAnswer, type Refusal, sortAnswer } from "./api-answer.ts";
import type { BotToken } from "./bot-token.ts";
import { LostError } from "./lost-error.ts";
import { RefusedError } from "./refused-error.ts";
import type { ServerClock } from "./server-clock.ts";

/** A request to the API. */
export interface ApiRequest<T> {
  /** What is asked for, in words that follow "to"; without secrets. */
  readonly what: string;
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Below `/api/v10`, with query; may hold a webhook's token. */
  readonly path: string;
  readonly gates: Gates;
  readonly body?: RequestBody | undefined;
  /** For so long doing it again changes nothing, ms. */
  readonly repeatableMs: number;
  /** Reads the answer. @throws Error when it is not what it should be */
  decode(json: unknown): T;
}

/** How a request is made. */
export interface RestOptions {
  readonly signal?: AbortSignal | undefined;
  /** Leave to send it that was waited for already; taken over. */
  readonly pass?: Pass | undefined;
}

/** What it works with. */
export interface RestParts {
  /** `https://discord.com/api/v10`, without a slash at the end. */
  readonly base: string;
  readonly token: BotToken;
  readonly wire: Wire;
  readonly limiter: RateLimiter;
  readonly breaker: Breaker;
  readonly clock: ServerClock;
  readonly timing: SteadyTiming;
  readonly random: Random;
  readonly settings: DiscordSettings;
  readonly userAgent: string;
}

type Outcome<T> =
  | { readonly kind: "done"; readonly value: T }
  | { readonly kind: "limited"; readonly waitMs: number }
  | Refusal
  | { readonly kind: "failed"; readonly problem: string; readonly mayHaveArrived: boolean };

/** Bytes of a usual answer at most, a hundred messages of ten attachments; and of one that is read at all. */
const ANSWER_BYTES = 2 * 1024 * 1024;
const ANSWER_MAX = 8 * ANSWER_BYTES;

const BANNED =
  "discord has banned this network address for a while; nothing is sent any more until the vault is opened again, which should be hours from now";
const TOKEN_REFUSED =
  "discord does not accept the token as a bot's: it was revoked, or it is a user's (only bot tokens and webhooks may be used); give the bot's current token";

/** Sends requests. */
export class Rest {
  readonly #parts: RestParts;

  constructor(parts: RestParts) {
    this.#parts = parts;
  }

  /**
   * Makes a request.
   * @throws RefusedError; LostError; StoreError STORE_DENIED while stopped, STORE_DOWN when a limit lasts too long; the
   *   signal's reason
   */
  async request<T>(request: ApiRequest<T>, options: RestOptions = {}): Promise<T> {
    const { timing, settings, random } = this.#parts;
    const startedAt = timing.now();
    let { pass } = options;
    let failures = 0;
    let lost: { readonly at: number; readonly problem: string } | undefined;
    const isSpent = (): boolean =>
      lost !== undefined && timing.now() - lost.at >= request.repeatableMs;
    for (;;) {
      pass ??= await this.#acquire(request, options.signal);
      if (isSpent()) {
        pass.end({ kind: "unsent" });
        throw new LostError(request.what, lost?.problem ?? "", true);
      }
      const sentAt = timing.now();
      const outcome = await this.#try(request, pass, options.signal);
      pass = undefined;
      if (outcome.kind === "done") return outcome.value;
      if (outcome.kind === "refused") throw this.#refused(request, outcome);
      if (outcome.kind === "limited") {
        this.#checkPatience(request, timing.now() - startedAt, outcome.waitMs);
        continue;
      }
      const { problem, mayHaveArrived } = outcome;
      failures += 1;
      if (mayHaveArrived) lost ??= { at: sentAt, problem };
      if (failures >= settings.tries || isSpent()) {
        throw new LostError(request.what, problem, lost !== undefined);
      }
      await pause(timing, backoffMs(random, failures, settings.backoff), options.signal);
    }
  }

  async #acquire(request: ApiRequest<unknown>, signal: AbortSignal | undefined): Promise<Pass> {
    this.#parts.breaker.check();
    const { pass } = await this.#parts.limiter.acquire([request.gates], signal);
    return pass;
  }

  /** One exchange. Whatever happens, the pass is ended. */
  async #try<T>(
    request: ApiRequest<T>,
    pass: Pass,
    signal: AbortSignal | undefined,
  ): Promise<Outcome<T>> {
    const { breaker, wire, clock } = this.#parts;
    try {
      breaker.check();
    } catch (error) {
      pass.end({ kind: "unsent" });
      throw error;
    }
    let answer: WholeAnswer;
    try {
      answer = await wire.fetch({ ...this.#wireRequest(request), signal }, ANSWER_MAX);
    } catch (error) {
      pass.end({ kind: "lost", shown: undefined });
      if (!(error instanceof WireError)) throw error;
      return { kind: "failed", problem: error.message, mayHaveArrived: error.mayHaveArrived };
    }
    clock.note(answer.headers.get("date"));
    const sorted = sortAnswer(answer);
    breaker.note(answer.status, readScope(answer.headers));
    pass.end(endOf(answer, sorted));
    return this.#outcome(request, sorted);
  }

  #outcome<T>(request: ApiRequest<T>, sorted: ApiAnswer): Outcome<T> {
    if (sorted.kind === "banned") {
      this.#parts.breaker.halt(BANNED);
      throw new StoreError("STORE_DENIED", BANNED);
    }
    if (sorted.kind === "failed") return { ...sorted, mayHaveArrived: true };
    if (sorted.kind !== "done") return sorted;
    try {
      return { kind: "done", value: request.decode(sorted.json) };
    } catch (error) {
      return { kind: "failed", problem: (error as Error).message, mayHaveArrived: true };
    }
  }

  #refused(request: ApiRequest<unknown>, refusal: Refusal): StoreError {
    if (refusal.status !== 401 || request.gates.caller !== "bot") {
      return new RefusedError(request.what, refusal);
    }
    this.#parts.breaker.halt(TOKEN_REFUSED);
    return new StoreError("STORE_DENIED", TOKEN_REFUSED);
  }

  #checkPatience({ what }: ApiRequest<unknown>, spentMs: number, waitMs: number): void {
    if (spentMs + waitMs <= this.#parts.settings.limitPatienceMs) return;
    const seconds = Math.ceil(waitMs / 1000);
    throw new StoreError(
      "STORE_DOWN",
      `discord wants ${seconds} s to pass before it lets you ${what}`,
    );
  }

  #wireRequest({ path, method, body, gates }: ApiRequest<unknown>): WireRequest {
    const { base, token, userAgent } = this.#parts;
    const authorization = gates.caller === "bot" ? { authorization: token.authorization } : {};
    return {
      method,
      url: new URL(base + path),
      headers: { "user-agent": userAgent, accept: "application/json", ...authorization },
      body,
      answerBytes: ANSWER_BYTES,
    };
  }
}

function endOf({ headers }: WholeAnswer, sorted: ApiAnswer): PassEnd {
  const shown = readBucket(headers);
  if (sorted.kind === "limited") return { ...sorted, shown };
  return { kind: sorted.kind === "done" || sorted.kind === "refused" ? "accepted" : "lost", shown };
}
