/**
 * Which pages will be wanted soon.
 *
 * A stream is a reader that goes on where it ended. Its window grows fourfold with each read up to a bound, since each
 * step on the way costs a whole round trip; a reader that jumps begins a new stream without one, so a random read costs
 * what it wants and nothing else. A stream that others were read past is given up, with what was fetched ahead for it.
 *
 * @module
 */
import { PAGES_PER_SEGMENT } from "../../../core/base/limits.ts";
import { pageNumber } from "../../../core/format/address.ts";

/** Streams remembered. */
const STREAMS_MAX = 8;

/** Reads of others after which a stream counts as left. */
const LEFT_AFTER = 8;

/** Pages asked for at once: a request of nearly 1 MiB, as soon as there is room for one in the window. */
const STEP = 15;

/** What a window grows by, and what the first one is of a read. */
const GROWTH = 4;

/** Pages a reader may skip or read again and still count as going on, once it has gone on exactly where it was. */
const SLACK = 16;

/** Page numbers. */
export interface NumberRange {
  readonly start: number;
  readonly end: number;
}

/** What to do after a read. */
export interface Advice {
  /** To be fetched; empty when `start` is `end`. */
  readonly ahead: NumberRange;
  /** Fetched for readers who left. */
  readonly abandoned: readonly NumberRange[];
}

/** One sequential reader. */
interface Stream {
  /** Page number behind its last read. */
  next: number;
  /** Page number up to which is fetched. */
  ahead: number;
  /** Pages to keep fetched. */
  window: number;
  /** Number of the read it was last part of. */
  used: number;
}

export class ReadAhead {
  readonly #windowMax: number;
  #streams: Stream[] = [];
  #reads = 0;

  /** @param windowMax - pages fetched ahead at most */
  constructor(windowMax: number) {
    this.#windowMax = windowMax;
  }

  /** Takes note of a read. @param addresses - what was read together, at least one */
  note(addresses: readonly number[]): Advice {
    this.#reads += 1;
    const start = pageNumber(addresses[0] as number);
    const end = pageNumber(addresses.at(-1) as number) + 1;
    const isRun = end - start === addresses.length;
    const stream = isRun ? this.#streams.find((other) => continues(other, start, end)) : undefined;
    if (stream === undefined) {
      if (isRun) this.#streams.push({ next: end, ahead: end, window: 0, used: this.#reads });
      return { ahead: { start: end, end }, abandoned: this.#leave() };
    }
    stream.used = this.#reads;
    stream.next = Math.max(stream.next, end);
    return { ahead: this.#grow(stream, end - start), abandoned: this.#leave() };
  }

  #grow(stream: Stream, count: number): NumberRange {
    stream.window = Math.min(this.#windowMax, GROWTH * Math.max(stream.window, count));
    const begin = Math.max(stream.ahead, stream.next);
    const room = stream.next + stream.window - begin;
    if (room < Math.min(stream.window / 2, STEP)) return { start: begin, end: begin };
    stream.ahead = begin + (room < STEP ? room : room - (room % STEP));
    return { start: begin, end: stream.ahead };
  }

  #leave(): NumberRange[] {
    const newestFirst = [...this.#streams].sort((a, b) => b.used - a.used);
    const kept = newestFirst
      .slice(0, STREAMS_MAX)
      .filter((stream) => this.#reads - stream.used < LEFT_AFTER);
    const left = newestFirst.filter((stream) => !kept.includes(stream));
    this.#streams = kept;
    return left.map((stream) => ({ start: stream.next, end: stream.ahead }));
  }
}

/** Whether a read goes on where a stream ended; allocation may have gone on with the next segment there. */
function continues(stream: Stream, start: number, end: number): boolean {
  const skipped = start - stream.next;
  if (stream.window === 0) return skipped === 0;
  const isNextSegment = start % PAGES_PER_SEGMENT === 0 && skipped < PAGES_PER_SEGMENT;
  return skipped >= -SLACK && end > stream.next && (skipped <= SLACK || isNextSegment);
}
