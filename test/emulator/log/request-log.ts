/**
 * Remembers requests, for assertions and for people who wonder what their client did.
 *
 * @module
 */
import type { Fault } from "../faults/fault.ts";
import { type Counters, newCounters } from "./counters.ts";

/** One request and what became of it. */
export interface LogEntry {
  readonly site: "api" | "cdn";
  /** `METHOD /path/{template}`; the path itself when no route matches. */
  readonly route: string;
  readonly path: string;
  /** The value of the Range header. */
  readonly range: string | undefined;
  /** On the emulator's clock, milliseconds since 1970. */
  readonly arrivedAt: number;
  readonly faults: readonly Fault["kind"][];
  /** Undefined until, and unless, it is answered. */
  status: number | undefined;
  bytesReceived: number;
  bytesSent: number;
  /** Real time. */
  tookMs: number;
}

/** Older entries are dropped when there are twice as many. */
const KEPT_ENTRIES = 10_000;

/** The newest requests, and counts of all. */
export class RequestLog {
  #counters = newCounters();
  #entries: LogEntry[] = [];
  readonly #failures: unknown[] = [];

  get counters(): Counters {
    return this.#counters;
  }

  /** Requests in the order of arrival. */
  entries(): readonly LogEntry[] {
    return this.#entries;
  }

  /** Errors of the emulator itself: bugs. */
  failures(): readonly unknown[] {
    return this.#failures;
  }

  fail(error: unknown): void {
    this.#failures.push(error);
  }

  begin(entry: LogEntry): void {
    if (this.#entries.length >= 2 * KEPT_ENTRIES) this.#entries = this.#entries.slice(KEPT_ENTRIES);
    this.#entries.push(entry);
    const counters = this.#counters;
    if (entry.site === "api") counters.apiRequests += 1;
    else counters.cdnRequests += 1;
    counters.faults += entry.faults.length;
    for (const kind of entry.faults) {
      counters.faultsByKind[kind] = (counters.faultsByKind[kind] ?? 0) + 1;
    }
    counters.inFlight += 1;
    counters.inFlightPeak = Math.max(counters.inFlightPeak, counters.inFlight);
  }

  end(entry: LogEntry): void {
    const counters = this.#counters;
    counters.inFlight -= 1;
    if (entry.status === 429) counters.rateLimited += 1;
    if (entry.site === "cdn") counters.bytesDownloaded += entry.bytesSent;
  }

  /** Starts counting anew; requests in flight stay in flight. */
  reset(): void {
    const { inFlight } = this.#counters;
    this.#counters = { ...newCounters(), inFlight, inFlightPeak: inFlight };
    this.#entries = [];
  }
}
