/**
 * What of the drafts the log holds, and what it does not hold yet.
 *
 * A draft is told whole the first time, later only the parts that changed since, each by itself where they are few.
 *
 * @module
 */
import type { PlacedDraft } from "./draft.ts";
import { encodeDraftRecord, type GoneDraft } from "./draft-records.ts";

/** Bytes of a block, `from <= byte < end`. */
interface Part {
  readonly from: number;
  readonly end: number;
}

/** What changed of a draft. */
interface Change {
  /** More than one only where they lie apart. */
  parts: Part[];
  /** Whether it must be told whole. */
  isWhole: boolean;
}

/** What is asked for. */
export interface DraftSelection {
  /** Names the log. */
  readonly log: number;
  /** "held": drafts that the log before held. */
  readonly which: "changed" | "held";
  /** Whether a file outlives a crash. */
  readonly isLasting: (ino: number) => boolean;
}

/** Bytes of drafts told whole in one entry at most: more are as well written as pages. */
const WHOLE_MAX = 2 ** 20;

/** Parts of one draft told one by one; a database changes its first page and a few others. */
const PARTS_MAX = 4;

/** Parts that lie so near are told as one: the record of another would take as much, bytes. */
const NEAR = 32;

/** The name of no log. */
const NONE = -1;

export class DraftLog {
  #log = NONE;
  #changed = new Map<PlacedDraft, Change>();
  #held = new Set<PlacedDraft>();
  #gone: GoneDraft[] = [];

  /** Bytes of a draft change, `from <= byte < end`. */
  write(draft: PlacedDraft, from: number, end: number): void {
    if (this.#log === NONE) return;
    const change = this.#changed.get(draft);
    if (change === undefined) {
      this.#changed.set(draft, { parts: [{ from, end }], isWhole: !this.#held.has(draft) });
    } else if (!change.isWhole) {
      change.parts = withPart(change.parts, { from, end });
    }
  }

  /** More about a draft changes than bytes. */
  renew(draft: PlacedDraft): void {
    this.write(draft, 0, 0);
    const change = this.#changed.get(draft);
    if (change !== undefined) change.isWhole = true;
  }

  /** A draft is no more. */
  drop(draft: PlacedDraft): void {
    this.#changed.delete(draft);
    if (!this.#held.delete(draft)) return;
    this.#gone.push({ kind: "gone", ino: draft.ino, block: draft.block });
  }

  /** A draft comes from a log: the next commit must see to it. */
  restore(draft: PlacedDraft): void {
    this.#held.add(draft);
  }

  /** Whether a log holds drafts of files that outlive a crash. */
  isHeld(isLasting: (ino: number) => boolean): boolean {
    for (const { ino } of this.#held) if (isLasting(ino)) return true;
    return false;
  }

  /**
   * Tells what changed since it was asked the last time.
   * @param drafts - all there are
   * @returns pieces, borrowed; undefined when it is too much, or not all there
   */
  collect(
    { log, which, isLasting }: DraftSelection,
    drafts: () => Iterable<PlacedDraft>,
  ): readonly Uint8Array[] | undefined {
    const before = this.#held;
    if (log !== this.#log) this.#begin(log, drafts());
    const wanted: [PlacedDraft, Change][] = [];
    let bytes = 0;
    for (const entry of this.#changed) {
      const [draft, { isWhole }] = entry;
      if (!isLasting(draft.ino) || (which === "held" && !before.has(draft))) continue;
      if (draft.unfilled !== undefined) return undefined;
      wanted.push(entry);
      if (isWhole) bytes += draft.length;
    }
    if (which === "changed" && bytes > WHOLE_MAX) return undefined;
    const pieces: Uint8Array[] = [];
    for (const gone of this.#gone) pieces.push(...encodeDraftRecord(gone));
    this.#gone = [];
    for (const [draft, change] of wanted) this.#tell(draft, change, pieces);
    return pieces;
  }

  #begin(log: number, drafts: Iterable<PlacedDraft>): void {
    this.#log = log;
    this.#held = new Set();
    this.#gone = [];
    this.#changed = new Map();
    for (const draft of drafts) this.write(draft, 0, 0);
  }

  #tell(draft: PlacedDraft, { parts, isWhole }: Change, pieces: Uint8Array[]): void {
    const { ino, block, length, isUnmapped } = draft;
    this.#changed.delete(draft);
    this.#held.add(draft);
    for (const { from, end } of isWhole ? [{ from: 0, end: length }] : parts) {
      const part = draft.bytes.subarray(from, end);
      const record = {
        kind: "written",
        ino,
        block,
        isWhole,
        isUnmapped,
        length,
        from,
        part,
      } as const;
      pieces.push(...encodeDraftRecord(record));
    }
  }
}

/** Takes one more part in; those that it joins, and all when they become too many, make one. */
function withPart(parts: readonly Part[], part: Part): Part[] {
  let joined = part;
  const apart: Part[] = [];
  for (const other of parts) {
    const isApart = other.end + NEAR < joined.from || joined.end + NEAR < other.from;
    if (isApart) apart.push(other);
    else joined = span(joined, other);
  }
  if (apart.length < PARTS_MAX) return [...apart, joined];
  return [apart.reduce(span, joined)];
}

function span(a: Part, b: Part): Part {
  return { from: Math.min(a.from, b.from), end: Math.max(a.end, b.end) };
}
