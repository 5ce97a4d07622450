/**
 * What became of files, as lines: `+ new`, `- gone`, `M changed`, `R moved -> there`.
 *
 * @module
 */
import type { ChangeRecord } from "../../mount/control-messages.ts";
import { encodeName } from "../argument-bytes.ts";

const MARKS = { added: "+", removed: "-", changed: "M", moved: "R" } as const;

/** Parts of the line of one change. */
export function changeLine({ kind, path, from }: ChangeRecord): readonly (string | Uint8Array)[] {
  const mark = `${MARKS[kind]} `;
  const place = encodeName(path);
  return from === undefined ? [mark, place] : [mark, encodeName(from), " -> ", place];
}
