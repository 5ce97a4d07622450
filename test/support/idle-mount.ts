/** What a mount answers at its control socket that has nothing to do. */
import { FsError } from "../../src/core/base/errors.ts";
import type {
  CleaningResult,
  RotationResult,
  SnapshotRecord,
} from "../../src/mount/control-messages.ts";
import type { ControlHandlers } from "../../src/mount/control-server.ts";
import type { MountStatus } from "../../src/mount/mount-status.ts";

export const status: MountStatus = {
  vault: "default",
  mountpoint: "/mnt/vault",
  pid: 4711,
  generation: 12,
  unsafeBytes: 65_536,
  readOnly: false,
  driver: "kernel",
  since: "2026-01-01T00:00:00.000Z",
};

export const snapshot: SnapshotRecord = {
  name: "a",
  time: "2026-01-01T00:00:00.000Z",
  generation: 3,
};

export const nothingCleaned: CleaningResult = {
  rewritten: 0,
  movedBytes: 0,
  deleted: 0,
  orphans: 0,
  records: 0,
  unreadable: 0,
};

const nothingRotated: RotationResult = { isDone: true, movedPages: 0, lostPages: 0, heldBy: [] };

/** Answers that do nothing. */
export function idleHandlers(socketPath: string): ControlHandlers {
  return {
    socketPath,
    status: () => status,
    sync: async () => {},
    flush: async () => ({ pendingBytes: 0, pendingCommits: 0 }),
    gc: async () => nothingCleaned,
    snapshots: {
      list: async () => [snapshot],
      create: async (name) => ({ ...snapshot, name }),
      delete: async () => {
        throw new FsError("ENOENT", "there is no such snapshot");
      },
      diff: async (from, to = "now") => ({
        changes: [{ kind: "moved", path: to, from }],
        isWhole: false,
      }),
      restore: async (from, { paths, dryRun }) => ({
        changes: paths.map((path) => ({ kind: "moved", path, from })),
        isDone: !dryRun,
      }),
    },
    rotate: async () => nothingRotated,
    unmount: async () => undefined,
  };
}
