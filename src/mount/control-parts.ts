/**
 * Answers with many changes, told in parts, so that no line is long.
 *
 * @module
 */
import type { ChangeRecord } from "./control-messages.ts";

/** Characters after which a part ends. */
const PART_LENGTH = 32_768;

/** Whether a result has changes to be told before it. */
export function hasChanges(
  result: object | undefined,
): result is { readonly changes: readonly ChangeRecord[] } {
  return result !== undefined && "changes" in result && Array.isArray(result.changes);
}

/** The lines that tell of changes. */
export function* changeLines(changes: readonly ChangeRecord[]): Generator<string> {
  let part: string[] = [];
  let length = 0;
  for (const change of changes) {
    const text = JSON.stringify(change);
    part.push(text);
    length += text.length;
    if (length < PART_LENGTH) continue;
    yield `{"part":[${part.join()}]}`;
    part = [];
    length = 0;
  }
  if (part.length > 0) yield `{"part":[${part.join()}]}`;
}
