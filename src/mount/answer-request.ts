/**
 * What is done about a line that came over a control socket; `control-messages.ts` has what is said. Whoever may connect may
 * ask for everything, but a line need not be a request.
 *
 * @module
 */
import { DvaultError, UsageError } from "../core/base/errors.ts";
import { parseJsonObject } from "../core/base/json.ts";
import type {
  Asker,
  CleaningResult,
  KeyChange,
  RestoreWish,
  RotationResult,
  SnapshotWork,
} from "./control-messages.ts";
import type { MountStatus, Unpublished } from "./mount-status.ts";

/** What the process behind a control socket does when asked. */
export interface ControlWork {
  status(): MountStatus;
  /** Resolves when everything done so far is safe. */
  sync(): Promise<void>;
  /** Resolves with what is not published yet: nothing, unless the asker left. */
  flush(asker: Asker): Promise<Unpublished>;
  /** Cleans, or says what would be done. Rejects when the asker left. */
  gc(dryRun: boolean, asker: Asker): Promise<CleaningResult>;
  readonly snapshots: SnapshotWork;
  /** Changes the vault key, or waits for the work behind an earlier change; resolves early when the asker left. */
  rotate(change: KeyChange | undefined, asker: Asker): Promise<RotationResult>;
  /**
   * Resolves when the mount is gone and everything is safe; the answer goes out then.
   * @param wait - whether to publish before
   * @returns what is not published; undefined where nothing ever is
   */
  unmount(wait: boolean, asker: Asker): Promise<Unpublished | undefined>;
}

/** What is answered in the end. */
export interface ControlAnswer {
  readonly ok: boolean;
  readonly result?: object | undefined;
  readonly code?: string;
  readonly message?: string;
}

/** Does what a line asks for; never rejects. */
export async function answerRequest(
  line: string,
  work: ControlWork,
  asker: Asker,
): Promise<ControlAnswer> {
  try {
    return { ok: true, result: await perform(parseJsonObject(line), work, asker) };
  } catch (error) {
    if (error instanceof DvaultError)
      return { ok: false, code: error.code, message: error.message };
    return { ok: false, code: "MOUNT_FAILED", message: String(error) };
  }
}

/** A request as it came. */
interface RawRequest {
  readonly request?: unknown;
  readonly dryRun?: unknown;
  readonly wait?: unknown;
  readonly name?: unknown;
  readonly change?: unknown;
  readonly from?: unknown;
  readonly to?: unknown;
  readonly paths?: unknown;
  readonly force?: unknown;
  readonly delete?: unknown;
}

async function perform(
  raw: RawRequest,
  work: ControlWork,
  asker: Asker,
): Promise<object | undefined> {
  const { request, dryRun, wait } = raw;
  switch (request) {
    case "status":
      return work.status();
    case "sync":
      await work.sync();
      return undefined;
    case "flush":
      return work.flush(asker);
    case "gc":
      return work.gc(dryRun === true, asker);
    case "rotate":
      return work.rotate(keyChangeOf(raw.change), asker);
    case "unmount":
      return work.unmount(wait !== false, asker);
    default:
      return performOnSnapshots(raw, work.snapshots);
  }
}

async function performOnSnapshots(raw: RawRequest, snapshots: SnapshotWork): Promise<object> {
  const name = String(raw.name);
  switch (raw.request) {
    case "snapshots":
      return snapshots.list();
    case "create-snapshot":
      return snapshots.create(name);
    case "delete-snapshot":
      return snapshots.delete(name);
    case "diff-snapshots":
      return snapshots.diff(String(raw.from), textOf(raw.to));
    case "restore-snapshot":
      return snapshots.restore(name, wishOf(raw));
    default:
      throw new UsageError("USAGE", "unknown request");
  }
}

/** @throws UsageError USAGE */
function keyChangeOf(change: unknown): KeyChange | undefined {
  if (change === undefined) return undefined;
  const { key, directory } = Object(change) as Partial<Record<keyof KeyChange, unknown>>;
  if (typeof key === "string" && typeof directory === "string") return { key, directory };
  throw new UsageError("USAGE", "a change of the vault key that makes no sense");
}

function wishOf({ paths, to, force, delete: removes, dryRun }: RawRequest): RestoreWish {
  return {
    paths: Array.isArray(paths) ? paths.map(String) : [],
    to: textOf(to),
    force: force === true,
    delete: removes === true,
    dryRun: dryRun !== false,
  };
}

function textOf(value: unknown): string | undefined {
  return value === undefined ? undefined : String(value);
}
