/**
 * Remembers the signed URLs of attachments, each until shortly before it expires. A cache: what is forgotten is asked
 * for again.
 *
 * How long a URL is good is taken from both ends: what is left until `ex` by Discord's clock, and at most the whole
 * length of its life from when it was received, whichever is less. So neither this machine's clock nor a URL issued long
 * ago can make an expired one look good.
 *
 * @module
 */
import type { Attachment } from "../api/message.ts";
import type { ServerClock } from "../rest/server-clock.ts";
import type { SteadyTiming } from "../steady-timing.ts";
import { readUrlLife } from "./signed-url.ts";

/** A URL out of the book. */
export interface KnownUrl {
  readonly url: string;
  /** Whether it will expire soon: the time to ask for a new one. */
  readonly isAgeing: boolean;
}

interface Entry {
  readonly url: string;
  /** By {@link SteadyTiming.now}. */
  readonly agesAt: number;
  readonly endsAt: number;
}

/** A URL that says nothing of its life is asked for again after this time. */
const UNKNOWN_LIFE_MS = 5 * 60_000;

/** Left unused at the end of a URL's life: a tenth of it, at most a minute. */
const MARGIN_PART = 0.1;
const MARGIN_MAX_MS = 60_000;

/** A URL is ageing in the last quarter of its life, at most its last hour. */
const AGEING_PART = 0.25;
const AGEING_MAX_MS = 3_600_000;

/** URLs by attachment id. */
export class UrlBook {
  readonly #timing: SteadyTiming;
  readonly #clock: ServerClock;
  readonly #most: number;
  /** The least recently used first. */
  readonly #entries = new Map<string, Entry>();

  /** @param most - URLs remembered */
  constructor(timing: SteadyTiming, clock: ServerClock, most: number) {
    this.#timing = timing;
    this.#clock = clock;
    this.#most = most;
  }

  /** Notes the URLs of attachments that were just received. */
  note(attachments: readonly Attachment[]): void {
    for (const { id, url } of attachments) this.set(id, url);
    for (const id of this.#entries.keys()) {
      if (this.#entries.size <= this.#most) break;
      this.#entries.delete(id);
    }
  }

  /** A URL that is good for now. */
  get(attachmentId: string): KnownUrl | undefined {
    const entry = this.#entries.get(attachmentId);
    if (entry === undefined) return undefined;
    const now = this.#timing.now();
    if (now >= entry.endsAt) return undefined;
    this.#entries.delete(attachmentId);
    this.#entries.set(attachmentId, entry);
    return { url: entry.url, isAgeing: now >= entry.agesAt };
  }

  /** A URL whether or not it is still good. */
  peek(attachmentId: string): string | undefined {
    return this.#entries.get(attachmentId)?.url;
  }

  set(attachmentId: string, url: string): void {
    const life = readUrlLife(url);
    const lengthMs = life?.lengthMs ?? UNKNOWN_LIFE_MS;
    const leftMs = Math.min(lengthMs, life ? life.endsAt - this.#clock.now() : lengthMs);
    const now = this.#timing.now();
    const endsAt = now + leftMs - Math.min(MARGIN_MAX_MS, lengthMs * MARGIN_PART);
    const agesAt = now + leftMs - Math.min(AGEING_MAX_MS, lengthMs * AGEING_PART);
    this.#entries.delete(attachmentId);
    this.#entries.set(attachmentId, { url, agesAt, endsAt });
  }

  /**
   * Forgets a URL that proved to be no good.
   * @param url - kept if it is another one by now; whatever it is when left out
   */
  forget(attachmentId: string, url?: string): void {
    const known = this.#entries.get(attachmentId)?.url;
    if (url === undefined || url === known) this.#entries.delete(attachmentId);
  }
}
