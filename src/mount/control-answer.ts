/**
 * What the process of a mount says over its control socket, line by line; `control-messages.ts` has what is said. It may
 * be of another version, or no process of ours: nothing of it is taken that has not the shape it should have.
 *
 * @module
 */
import { DvaultError, UsageError } from "../core/base/errors.ts";
import { parseJsonObject } from "../core/base/json.ts";
import {
  type Check,
  isCount,
  isFlag,
  isListOf,
  isMaybe,
  isNumber,
  isOneOf,
  isShaped,
  isText,
} from "../core/base/json-shape.ts";
import type {
  ChangeRecord,
  CleaningResult,
  ControlRequest,
  RotationResult,
  SnapshotDiff,
  SnapshotRecord,
  SnapshotRestoration,
  WorkProgress,
} from "./control-messages.ts";
import type {
  LaneStatus,
  MountStatus,
  RemoteStatus,
  RotationStatus,
  TrafficStatus,
  Unpublished,
} from "./mount-status.ts";
import { isErrorCode } from "./protocol/errno.ts";

/** A line, taken apart. */
type AnswerLine =
  | { readonly kind: "progress"; readonly progress: WorkProgress }
  | { readonly kind: "part"; readonly changes: readonly ChangeRecord[] }
  /** The end: what was asked for is done. */
  | { readonly kind: "result"; readonly result: unknown };

const unpublished = { pendingBytes: isNumber, pendingCommits: isNumber, problem: isMaybe(isText) };

const isUnpublished = isShaped<Unpublished>(unpublished);

const isProgress = isShaped<WorkProgress>({
  ...unpublished,
  limitedMs: isNumber,
  stopped: isMaybe(isText),
  movedBytes: isMaybe(isNumber),
  totalBytes: isMaybe(isNumber),
  renewing: isMaybe(
    isShaped<Required<WorkProgress>["renewing"]>({ movedPages: isNumber, totalPages: isNumber }),
  ),
});

const isChange = isShaped<ChangeRecord>({
  kind: isOneOf(["added", "removed", "changed", "moved"]),
  path: isText,
  from: isMaybe(isText),
});

const areChanges = (value: unknown): value is readonly ChangeRecord[] => isListOf(isChange)(value);

const isSnapshot = isShaped<SnapshotRecord>({ name: isText, time: isText, generation: isCount });

const isLease: Check = (value) =>
  [
    isShaped({ kind: isOneOf(["none"]) }),
    isShaped({ kind: isOneOf(["held"]), sinceMs: isNumber }),
    isShaped({ kind: isOneOf(["lost"]), to: isText }),
  ].some((check) => check(value));

const isLane = isShaped<LaneStatus>({
  name: isText,
  state: isOneOf(["ready", "waiting", "failed"]),
  reason: isMaybe(isText),
});

const isRemote = isShaped<RemoteStatus>({
  ...unpublished,
  publication: isNumber,
  lease: isLease,
  cachedBytes: isNumber,
  cacheBudgetBytes: isNumber,
  pendingBudgetBytes: isNumber,
  objects: isNumber,
  objectBytes: isNumber,
  liveBytes: isNumber,
  traffic: isShaped<TrafficStatus>({
    lanes: isListOf(isLane),
    limitedMs: isNumber,
    stopped: isMaybe(isText),
  }),
});

const isStatus = isShaped<MountStatus>({
  vault: isText,
  mountpoint: isText,
  pid: isCount,
  generation: isCount,
  unsafeBytes: isCount,
  readOnly: isFlag,
  driver: isText,
  since: isText,
  rotation: isMaybe(
    isShaped<RotationStatus>({
      state: isOneOf(["running", "held"]),
      movedPages: isNumber,
      totalPages: isNumber,
      heldBy: isMaybe(isNumber),
      problem: isMaybe(isText),
    }),
  ),
  remote: isMaybe(isRemote),
});

/** Results by what was asked for; changes come in parts before them. */
const results = {
  status: isStatus,
  sync: () => true,
  leave: () => true,
  flush: isUnpublished,
  unmount: isMaybe(isUnpublished),
  gc: isShaped<CleaningResult>({
    rewritten: isNumber,
    movedBytes: isNumber,
    deleted: isNumber,
    orphans: isNumber,
    records: isNumber,
    unreadable: isNumber,
  }),
  snapshots: isListOf(isSnapshot),
  "create-snapshot": isSnapshot,
  "delete-snapshot": isSnapshot,
  "diff-snapshots": isShaped<Omit<SnapshotDiff, "changes">>({ isWhole: isFlag }),
  "restore-snapshot": isShaped<Omit<SnapshotRestoration, "changes">>({ isDone: isFlag }),
  rotate: isShaped<RotationResult>({
    isDone: isFlag,
    movedPages: isNumber,
    lostPages: isNumber,
    heldBy: isListOf(isText),
  }),
} satisfies Record<ControlRequest["request"], Check>;

/**
 * Waits for the answer, and tells of progress before it.
 *
 * @param request - what was asked for
 * @param lines - from the process
 * @returns its result, with the changes that were told in parts
 * @throws DvaultError with the code and the message of a refusal; UsageError MOUNT_FAILED when no answer comes that makes
 *   sense
 */
export async function readAnswer(
  request: ControlRequest["request"],
  lines: AsyncIterable<string>,
  onProgress: (progress: WorkProgress) => void,
): Promise<unknown> {
  const parts: (readonly ChangeRecord[])[] = [];
  try {
    for await (const line of lines) {
      const answer = decodeLine(request, line);
      if (answer.kind === "part") parts.push(answer.changes);
      else if (answer.kind === "progress") onProgress(answer.progress);
      else return parts.length === 0 ? answer.result : withChanges(answer.result, parts.flat());
    }
  } catch (error) {
    if (error instanceof DvaultError) throw error;
    // A connection that breaks is no answer.
  }
  throw new UsageError(
    "MOUNT_FAILED",
    "the mount's process ended before it answered: mount again, and do again what is still to be done",
  );
}

function withChanges(result: unknown, changes: readonly ChangeRecord[]): unknown {
  return { ...(result as object | undefined), changes };
}

/** @throws as {@link readAnswer} */
function decodeLine(request: ControlRequest["request"], line: string): AnswerLine {
  const { ok, part, progress, result, code, message } = parseJsonObject(line);
  if (areChanges(part)) return { kind: "part", changes: part };
  if (isProgress(progress)) return { kind: "progress", progress };
  if (ok === true && results[request](result)) return { kind: "result", result };
  if (ok !== false) {
    throw new UsageError("MOUNT_FAILED", "the mount's process gave an answer that makes no sense");
  }
  throw new DvaultError(
    isErrorCode(code) ? code : "MOUNT_FAILED",
    typeof message === "string" ? message : "the mount's process refused",
  );
}
