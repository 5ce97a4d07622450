/**
 * What of the drafts the log holds, and what it does not hold yet.
 *
 * A draft is told whole the first time, later only the part that changed since: one range that holds all changes.
 *
 * @module
 */
import type { PlacedDraft } from "./draft.ts";
import { type DraftRecord, encodeDraftRecord } from "./draft-records.ts";

/** What changed of a draft. */
interface Change {
  /** Bytes of the block, `from <= byte < end`. */
  from: number;
  end: number;
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

/** The name of no log. */
const NONE = -1;

export class DraftLog {
  #log = NONE;
  #changed = new Map<PlacedDraft, Change>();
  #held = new Set<PlacedDraft>();
  #gone: DraftRecord[] = [];

  /** Bytes of a draft change, `from <= byte < end`. */
  write(draft: PlacedDraft, from: number, end: number): void {
    if (this.#log === NONE) return;
    const change = this.#changed.get(draft);
    if (change === undefined) {
      this.#changed.set(draft, { from, end, isWhole: !this.#held.has(draft) });
      return;
    }
    change.from = Math.min(change.from, from);
    change.end = Math.max(change.end, end);
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
    const wanted = [...this.#changed].filter(
      ([draft]) => isLasting(draft.ino) && (which === "changed" || before.has(draft)),
    );
    if (wanted.some(([draft]) => draft.unfilled !== undefined)) return undefined;
    let bytes = 0;
    for (const [{ length }, { isWhole }] of wanted) if (isWhole) bytes += length;
    if (which === "changed" && bytes > WHOLE_MAX) return undefined;
    const records = this.#gone;
    this.#gone = [];
    for (const [draft, change] of wanted) records.push(this.#tell(draft, change));
    return records.flatMap(encodeDraftRecord);
  }

  #begin(log: number, drafts: Iterable<PlacedDraft>): void {
    this.#log = log;
    this.#held = new Set();
    this.#gone = [];
    this.#changed = new Map();
    for (const draft of drafts) this.write(draft, 0, 0);
  }

  #tell(draft: PlacedDraft, change: Change): DraftRecord {
    const { ino, block, length, isUnmapped } = draft;
    const { isWhole } = change;
    const { from, end } = isWhole ? { from: 0, end: length } : change;
    this.#changed.delete(draft);
    this.#held.add(draft);
    const part = draft.bytes.subarray(from, end);
    return { kind: "written", ino, block, isWhole, isUnmapped, length, from, part };
  }
}
