/**
 * Reads parts of files from the CDN. Ranges are asked for (RFC 9110 §14); a server that sends the whole file instead is
 * put up with. What broke off is taken up where it broke off.
 *
 * Nothing but length and place is checked: what is read is sealed, page by page.
 *
 * @module
 */

import { StoreError } from "../../../../core/base/errors.ts";
import type { Random } from "../../../../core/base/platform.ts";
import { pause } from "../../../timing.ts";
import type { ByteRange } from "../../object-store.ts";
import { backoffMs } from "../dice.ts";
import { type Wire, type WireAnswer, WireError } from "../http/wire.ts";
import { readRetryAfter } from "../limits/rate-headers.ts";
import { parseUrl } from "../parse-url.ts";
import type { DiscordSettings } from "../settings.ts";
import type { SteadyTiming } from "../steady-timing.ts";
import { decodeContentRange } from "./content-range.ts";

/** What a CDN client works with. */
export interface CdnParts {
  readonly wire: Wire;
  readonly timing: SteadyTiming;
  readonly random: Random;
  readonly settings: DiscordSettings;
  /** Whether a URL leads to a host that may be asked; others are never contacted. */
  readonly isTrusted: (url: URL) => boolean;
}

/** How reading ended: with all bytes, or because the URL is refused (403 or 404), which a new URL may cure. */
export type CdnEnd =
  | { readonly kind: "done" }
  | { readonly kind: "refused"; readonly status: number };

/** How one exchange ended. */
type Step =
  | CdnEnd
  | { readonly kind: "broken"; readonly problem: string }
  | { readonly kind: "limited"; readonly waitMs: number };

/** A part of a file that is being read. */
interface Reading {
  readonly url: URL;
  readonly range: ByteRange;
  /** As long as the range. */
  readonly into: Uint8Array;
  /** Bytes read so far. */
  got: number;
  /** Tries that failed since the last one that brought something. */
  failures: number;
  readonly signal: AbortSignal | undefined;
}

/** Bytes that an answer may have beyond the range, for reasons of its own. */
const SLACK_BYTES = 64 * 1024;

/** Reads attachments. */
export class Cdn {
  readonly #parts: CdnParts;
  #pausedUntil = 0;
  #honoursRanges: boolean | undefined;

  constructor(parts: CdnParts) {
    this.#parts = parts;
  }

  /** Whether the last answer was the part that was asked for, not the whole file; undefined before the first. */
  get honoursRanges(): boolean | undefined {
    return this.#honoursRanges;
  }

  /**
   * Reads a part of a file.
   *
   * @param into - filled; as long as the range
   * @throws StoreError STORE_DOWN, STORE_DENIED, OBJECT_CUT when the file ends before the range does; the signal's
   *   reason
   */
  async read(
    address: string,
    range: ByteRange,
    into: Uint8Array,
    signal?: AbortSignal,
  ): Promise<CdnEnd> {
    const { timing, random, settings } = this.#parts;
    const reading: Reading = {
      url: this.#trusted(address),
      range,
      into,
      got: 0,
      failures: 0,
      signal,
    };
    let pauses = 0;
    while (reading.got < range.length) {
      await this.#pause(signal);
      const before = reading.got;
      const step = await this.#step(reading);
      if (step.kind === "refused") return step;
      if (step.kind === "done") continue;
      if (step.kind === "limited") {
        pauses += 1;
        this.#pausedUntil = Math.max(this.#pausedUntil, timing.now() + step.waitMs);
        if (pauses >= settings.tries) throw down("it asks for a pause again and again");
        continue;
      }
      reading.failures = reading.got > before ? 1 : reading.failures + 1;
      if (reading.failures >= settings.tries) throw down(step.problem);
      await pause(timing, backoffMs(random, reading.failures, settings.backoff), signal);
    }
    return { kind: "done" };
  }

  #trusted(address: string): URL {
    const url = parseUrl(address);
    if (url !== undefined && this.#parts.isTrusted(url)) return url;
    const host = url?.host ?? "a malformed URL";
    throw new StoreError("STORE_DENIED", `discord names ${host} as its CDN, which is not trusted`);
  }

  async #pause(signal: AbortSignal | undefined): Promise<void> {
    const { timing } = this.#parts;
    for (let waitMs = 1; waitMs > 0; ) {
      waitMs = this.#pausedUntil - timing.now();
      if (waitMs > 0) await pause(timing, waitMs, signal);
    }
  }

  /** One exchange: asks for what is still missing. */
  async #step(reading: Reading): Promise<Step> {
    const { range, got, failures, signal, url } = reading;
    const { answerMs, partAnswerMs } = this.#parts.settings;
    const start = range.offset + got;
    const end = range.offset + range.length - 1;
    try {
      const answer = await this.#parts.wire.open({
        method: "GET",
        url,
        headers: { range: `bytes=${start}-${end}`, "accept-encoding": "identity" },
        answerBytes: end - start + 1 + SLACK_BYTES,
        silenceMs: Math.min(answerMs, partAnswerMs * 2 ** failures),
        signal,
      });
      if (answer.status < 300) this.#honoursRanges = answer.status === 206;
      if (answer.status === 200) return await take(answer, reading, start);
      if (answer.status === 206) return await this.#takePart(answer, reading, start);
      answer.cancel();
      return this.#setback(answer);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      if (reading.got === range.length) return { kind: "done" };
      return { kind: "broken", problem: error.message };
    }
  }

  async #takePart(answer: WireAnswer, reading: Reading, start: number): Promise<Step> {
    const part = decodeContentRange(answer.headers.get("content-range"));
    if (part === undefined || part.start !== start) {
      answer.cancel();
      return { kind: "broken", problem: "the answer has another range than was asked for" };
    }
    const { offset, length } = reading.range;
    if (part.total !== undefined && part.total < offset + length) {
      answer.cancel();
      throw cut(part.total, reading.range);
    }
    return take(answer, reading, 0);
  }

  #setback({ status, headers }: WireAnswer): Step {
    if (status === 403 || status === 404) return { kind: "refused", status };
    if (status === 429) {
      return {
        kind: "limited",
        waitMs: readRetryAfter(headers) ?? this.#parts.settings.cdnPauseMs,
      };
    }
    if (status === 416) {
      const total = decodeContentRange(headers.get("content-range"))?.total;
      throw new StoreError(
        "OBJECT_CUT",
        `an attachment at discord is shorter than it was (${total ?? "unknown"} bytes)`,
      );
    }
    return { kind: "broken", problem: `status ${status}` };
  }
}

/**
 * Takes what is missing out of an answer, behind `skip` bytes that were not asked for. What little comes after it is read
 * too, so that the connection can be used again.
 */
async function take(answer: WireAnswer, reading: Reading, skip: number): Promise<Step> {
  const { into, range } = reading;
  const stated = Number(answer.headers.get("content-length") ?? Number.POSITIVE_INFINITY);
  let toSkip = skip;
  let seen = 0;
  for await (const piece of answer.body) {
    const skipped = Math.min(toSkip, piece.length);
    const wanted = piece.subarray(skipped, skipped + into.length - reading.got);
    toSkip -= skipped;
    seen += piece.length;
    into.set(wanted, reading.got);
    reading.got += wanted.length;
    if (reading.got === into.length && stated - seen > SLACK_BYTES) break;
  }
  if (reading.got === into.length) return { kind: "done" };
  if (answer.status === 200 && seen === stated) throw cut(seen, range);
  return { kind: "broken", problem: "the answer ended too early" };
}

function cut(total: number, { offset, length }: ByteRange): StoreError {
  return new StoreError(
    "OBJECT_CUT",
    `an attachment at discord has ${total} bytes; ${offset + length} were written`,
  );
}

function down(problem: string): StoreError {
  return new StoreError("STORE_DOWN", `discord's CDN cannot be read: ${problem}`);
}
