/**
 * What of the drafts the log holds, and what it does not hold yet.
 *
 * A draft is told whole the first time, later only the parts that changed since, each by itself where they are few. Of an
 * unfilled one that is what was written of it, and that the rest is in the page beneath.
 *
 * @module
 */
import { ByteRanges } from "../base/byte-ranges.ts";
import { PAGE_SIZE } from "../base/limits.ts";
import type { PlacedDraft } from "./draft.ts";
import { type DraftRecord, encodeDraftRecord, type GoneDraft } from "./draft-records.ts";

/** What of a draft must be told. */
type Change = ByteRanges | "whole";

/** What is asked for. */
export interface DraftSelection {
  /** Names the log. */
  readonly log: number;
  /** "held": drafts that the log before held. "left": those, and all that are unfilled. */
  readonly which: "changed" | "held" | "left";
  /** Whether a file outlives a crash. */
  readonly isLasting: (ino: number) => boolean;
}

/** Bytes of filled drafts told whole in one entry at most: more are as well written as pages. */
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
    const change = this.#changed.get(draft) ?? this.#begun(draft);
    if (change === "whole") return;
    change.add(from, end);
    if (change.count > PARTS_MAX) change.add(change.start, change.end);
  }

  #begun(draft: PlacedDraft): Change {
    const change = this.#held.has(draft) ? new ByteRanges(NEAR) : "whole";
    this.#changed.set(draft, change);
    return change;
  }

  /** More about a draft changes than bytes. */
  renew(draft: PlacedDraft): void {
    if (this.#log !== NONE) this.#changed.set(draft, "whole");
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
   * @returns pieces, borrowed; undefined when it is too much
   */
  collect(
    { log, which, isLasting }: DraftSelection,
    drafts: () => Iterable<PlacedDraft>,
  ): readonly Uint8Array[] | undefined {
    const before = this.#held;
    if (log !== this.#log) this.#begin(log, drafts());
    const isWanted = (draft: PlacedDraft): boolean =>
      which === "changed" ||
      before.has(draft) ||
      (which === "left" && draft.unfilled !== undefined);
    const wanted: [PlacedDraft, Change][] = [];
    let bytes = 0;
    for (const entry of this.#changed) {
      const [draft, change] = entry;
      if (!isLasting(draft.ino) || !isWanted(draft)) continue;
      wanted.push(entry);
      if (change === "whole" && draft.unfilled === undefined) bytes += draft.length;
    }
    if (which === "changed" && bytes > WHOLE_MAX) return undefined;
    const pieces: Uint8Array[] = [];
    for (const gone of this.#gone) pieces.push(...encodeDraftRecord(gone));
    this.#gone = [];
    for (const [draft, change] of wanted) {
      this.#changed.delete(draft);
      this.#held.add(draft);
      for (const record of recordsOf(draft, change)) pieces.push(...encodeDraftRecord(record));
    }
    return pieces;
  }

  #begin(log: number, drafts: Iterable<PlacedDraft>): void {
    this.#log = log;
    this.#held = new Set();
    this.#gone = [];
    this.#changed = new Map();
    for (const draft of drafts) this.#changed.set(draft, "whole");
  }
}

/** What is told of a draft. */
function* recordsOf(draft: PlacedDraft, change: Change): Iterable<DraftRecord> {
  const { ino, block, length, isUnmapped, unfilled } = draft;
  const ranges = change === "whole" ? [[0, unfilled ? PAGE_SIZE : length] as const] : change.all();
  let isFirst = change === "whole";
  for (const [from, end] of ranges) {
    if (unfilled === undefined) {
      const part = draft.bytes.subarray(from, end);
      yield { kind: "written", ino, block, isFirst, isUnmapped, length, from, part };
      continue;
    }
    for (const { at, bytes } of unfilled.parts.pieces(from, end)) {
      yield { kind: "part", ino, block, isFirst, from: at, part: bytes };
      isFirst = false;
    }
  }
}
