/**
 * Which snapshot is meant by a name or a time.
 *
 * @module
 */
import { equalBytes, toText, utf8 } from "../../core/base/bytes.ts";
import { UsageError } from "../../core/base/errors.ts";
import { millisecondsOf } from "../../core/base/time.ts";
import type { Snapshot } from "../../core/format/commit-root.ts";

/**
 * The snapshot of a name, or else the newest one that was made up to a time.
 * @param snapshots - the oldest first
 * @param at - a name, or a time as of ISO 8601
 * @throws UsageError USAGE
 */
export function snapshotAt(snapshots: readonly Snapshot[], at: string): Snapshot {
  const name = utf8(at);
  const named = snapshots.find((snapshot) => equalBytes(snapshot.name, name));
  if (named !== undefined) return named;
  const until = Date.parse(at);
  const found = snapshots.findLast(({ time }) => millisecondsOf(time) <= until);
  if (found !== undefined) return found;
  const oldest = snapshots[0];
  const advice =
    oldest === undefined ? "the vault has none" : `the oldest is ${toText(oldest.name)}`;
  throw new UsageError("USAGE", `no snapshot is called ${at} or was made by then; ${advice}`);
}
