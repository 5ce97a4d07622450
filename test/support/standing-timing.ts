/**
 * Time that stands still while requests are under way, and skips to the next timer once there are none: what depends on how
 * much time requests take is then the same on every machine, however busy.
 *
 * @module
 */
import { subscribe } from "node:diagnostics_channel";
import { FastTiming } from "./fast-timing.ts";

/** Turns of the event loop in which nothing begins before time is moved. */
const QUIET_TURNS = 20;

interface Timer {
  readonly at: number;
  readonly body: () => void;
}

/** Requests of this process that have no end yet. */
const underWay = new Set<unknown>();
subscribe("undici:request:create", (message) => underWay.add(requestOf(message)));
for (const end of ["trailers", "error"]) {
  subscribe(`undici:request:${end}`, (message) => underWay.delete(requestOf(message)));
}

function requestOf(message: unknown): unknown {
  return (message as { readonly request: unknown }).request;
}

/** See the head of this file. */
export class StandingTiming extends FastTiming {
  readonly #timers = new Set<Timer>();
  #isWatching = false;
  #quiet = 0;

  constructor() {
    super(0);
  }

  override after(ms: number, body: () => void): () => void {
    const timer = { at: this.now() + Math.max(0, ms), body };
    this.#timers.add(timer);
    this.#quiet = 0;
    this.#watch();
    return () => this.#timers.delete(timer);
  }

  #watch(): void {
    if (this.#isWatching || this.#timers.size === 0) return;
    this.#isWatching = true;
    setImmediate(() => {
      this.#isWatching = false;
      this.#quiet = underWay.size > 0 ? 0 : this.#quiet + 1;
      if (this.#quiet > QUIET_TURNS) this.#ring();
      this.#watch();
    });
  }

  #ring(): void {
    const [next] = [...this.#timers].sort((a, b) => a.at - b.at);
    if (next === undefined) return;
    this.#quiet = 0;
    this.#timers.delete(next);
    this.advance(Math.max(0, next.at - this.now()));
    next.body();
  }
}
