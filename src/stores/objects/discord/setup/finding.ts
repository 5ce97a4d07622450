/** @module */

/** What a check came to. */
export interface Finding {
  /** What was looked at: "token", "channel 123". */
  readonly subject: string;
  /** `odd` is what works and could be better. */
  readonly verdict: "good" | "odd" | "bad";
  /** What was found. */
  readonly text: string;
  /** What to change, where the text does not say. */
  readonly advice?: string;
}
