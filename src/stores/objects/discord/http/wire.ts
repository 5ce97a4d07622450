/**
 * One HTTP exchange, without any second try: bodies go out in pieces that are not copied, answers come in as a stream,
 * and a peer that falls silent is hung up on. undici's own timers are off, since they do not watch an upload move.
 *
 * @module
 */
import type { Readable } from "node:stream";
import { Agent, type Dispatcher } from "undici";
import { onAbort } from "../on-abort.ts";
import type { DiscordSettings } from "../settings.ts";
import type { SteadyTiming } from "../steady-timing.ts";
import type { RequestBody } from "./request-body.ts";
import { Slots } from "./slots.ts";
import { Watchdog } from "./watchdog.ts";

/** Headers of an answer. */
export interface Headers {
  /** @param name - in lower case */
  get(name: string): string | undefined;
}

/** A request to send. */
export interface WireRequest {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: RequestBody | undefined;
  /** Bytes the answer is expected to have at most; the deadline allows for them. */
  readonly answerBytes: number;
  /** Silence after which an exchange without a body is given up, ms; `answerMs` unless told otherwise. */
  readonly silenceMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** An answer whose body is still coming: it must be read to its end or cancelled. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** @throws WireError when it ends too early */
  readonly body: AsyncIterable<Uint8Array>;
  /** Hangs up. */
  cancel(): void;
}

/** An answer read to its end. */
export interface WholeAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** An exchange that broke. */
export class WireError extends Error {
  /** Whether the server may have seen the whole request, and acted on it. */
  readonly mayHaveArrived: boolean;

  constructor(message: string, mayHaveArrived: boolean, options?: ErrorOptions) {
    super(message, options);
    this.name = "WireError";
    this.mayHaveArrived = mayHaveArrived;
  }
}

const CONNECT_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 30_000;

/** Errors of a connection that never came about. */
const UNCONNECTED = new Set([
  "UND_ERR_CONNECT_TIMEOUT",
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENETDOWN",
]);

/** Kept connections to one service. */
export class Wire {
  readonly #timing: SteadyTiming;
  readonly #settings: DiscordSettings;
  readonly #slots: Slots;
  readonly #agent: Agent;
  #closedBy: unknown;

  /** @param connections - exchanges at once; further ones wait */
  constructor(timing: SteadyTiming, settings: DiscordSettings, connections: number) {
    this.#timing = timing;
    this.#settings = settings;
    this.#slots = new Slots(connections);
    this.#agent = new Agent({
      connections,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { timeout: CONNECT_TIMEOUT_MS },
    });
  }

  /**
   * Sends a request and waits for the head of the answer.
   * @throws WireError; the signal's reason
   */
  async open(request: WireRequest): Promise<WireAnswer> {
    const leave = await this.#slots.enter(request.signal);
    const exchange = new Exchange({
      timing: this.#timing,
      settings: this.#settings,
      request,
      closedBy: () => this.#closedBy,
      leave,
    });
    try {
      if (this.#closedBy !== undefined) throw this.#closedBy;
      const { origin, pathname, search } = request.url;
      const answer = await this.#agent.request({
        origin,
        path: pathname + search,
        method: request.method,
        headers: headersOf(request),
        body: exchange.body,
        signal: exchange.signal,
      });
      return exchange.answer(answer);
    } catch (error) {
      exchange.end();
      throw exchange.reasonOf(error);
    }
  }

  /**
   * Sends a request and reads the answer to its end.
   * @param maxBytes - a longer answer is not read
   * @throws WireError; the signal's reason
   */
  async fetch(request: WireRequest, maxBytes: number): Promise<WholeAnswer> {
    const { status, headers, body, cancel } = await this.open(request);
    const pieces: Uint8Array[] = [];
    let length = 0;
    for await (const piece of body) {
      length += piece.length;
      if (length > maxBytes) {
        cancel();
        throw new WireError(`the answer has more than ${maxBytes} bytes`, true);
      }
      pieces.push(piece);
    }
    return { status, headers, body: Buffer.concat(pieces, length) };
  }

  /** Cuts every connection. @param reason - what exchanges are rejected with from now on */
  async close(reason: Error): Promise<void> {
    this.#closedBy = reason;
    await this.#agent.destroy();
  }
}

interface ExchangeParts {
  readonly timing: SteadyTiming;
  readonly settings: DiscordSettings;
  readonly request: WireRequest;
  /** Why the wire was closed, once it was. */
  readonly closedBy: () => unknown;
  /** Gives the slot back. */
  readonly leave: () => void;
}

/** One request on its way, and what may end it. */
class Exchange {
  readonly #parts: ExchangeParts;
  readonly #controller = new AbortController();
  readonly #watchdog: Watchdog;
  readonly #stay: () => void;
  #isSent = false;
  /** Why the body could not be read, if that is what broke it. */
  #unreadable: { readonly error: unknown } | undefined;
  #isEnded = false;

  constructor(parts: ExchangeParts) {
    this.#parts = parts;
    const { timing, settings, request } = parts;
    const bytes = (request.body?.length ?? 0) + request.answerBytes;
    const transferMs = (bytes / settings.slowestRate) * 1000;
    const { silenceMs, answerMs } = settings;
    const patience = {
      silenceMs: request.body ? silenceMs : (request.silenceMs ?? answerMs),
      deadlineMs: silenceMs + answerMs + transferMs,
    };
    this.#watchdog = new Watchdog(timing, patience, (problem) => {
      this.#controller.abort(new WireError(`the connection ${problem}`, true));
    });
    const { signal } = request;
    this.#stay = onAbort(signal, () => this.#controller.abort(signal?.reason));
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** undici takes any iterable of bytes; its types name only the streams. */
  get body(): Readable | null {
    const { body } = this.#parts.request;
    return body ? (this.#pieces(body) as unknown as Readable) : null;
  }

  async *#pieces(body: RequestBody): AsyncIterable<Uint8Array> {
    try {
      for await (const piece of body.pieces()) {
        this.#isSent = true;
        this.#watchdog.touch();
        yield piece;
      }
    } catch (error) {
      this.#unreadable = { error };
      throw error;
    }
    this.#watchdog.expect(this.#parts.settings.answerMs);
  }

  answer({ statusCode, headers, body }: Dispatcher.ResponseData): WireAnswer {
    // A body that is hung up on reports that as an error to whoever still listens.
    body.on("error", () => undefined);
    this.#watchdog.touch();
    return {
      status: statusCode,
      headers: { get: (name) => firstOf(headers[name]) },
      body: this.#watched(body),
      cancel: () => {
        this.#controller.abort(new WireError("the answer was not wanted any more", true));
        this.end();
      },
    };
  }

  async *#watched(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    try {
      for await (const piece of body) {
        this.#watchdog.touch();
        yield piece;
      }
    } catch (error) {
      throw this.reasonOf(error);
    } finally {
      this.end();
    }
  }

  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#watchdog.stop();
    this.#stay();
    this.#parts.leave();
  }

  /** What an exchange that broke is thrown as. */
  reasonOf(error: unknown): unknown {
    const { request, closedBy } = this.#parts;
    if (closedBy() !== undefined) return closedBy();
    if (this.#unreadable !== undefined) return this.#unreadable.error;
    if (request.signal?.aborted) return request.signal.reason;
    if (this.signal.aborted) return this.signal.reason;
    const { code, message } = error as NodeJS.ErrnoException;
    const isUnconnected = code !== undefined && UNCONNECTED.has(code);
    const mayHaveArrived = !isUnconnected && (this.#isSent || request.body === undefined);
    return new WireError(message || String(code), mayHaveArrived, { cause: error });
  }
}

function headersOf({ headers, body }: WireRequest): Record<string, string> {
  if (body === undefined) return { ...headers };
  return {
    ...headers,
    "content-type": body.contentType,
    "content-length": String(body.length),
  };
}

function firstOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
