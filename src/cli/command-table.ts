/**
 * All commands, in the order the help lists them. A command's own modules are loaded when it is called: those of all
 * commands together take longer to load than a short command runs.
 *
 * @module
 */
import type { Command } from "./command.ts";

/** A command that can be loaded. */
export interface CommandEntry {
  /** As the command has them. */
  readonly names: readonly string[];
  load(): Promise<Command>;
}

/** What `dvault` can do. */
export const commandTable: readonly CommandEntry[] = [
  {
    names: ["init"],
    load: async () => (await import("./commands/init.ts")).initCommand,
  },
  {
    names: ["mount"],
    load: async () => (await import("./commands/mount.ts")).mountCommand,
  },
  {
    names: ["unmount", "umount"],
    load: async () => (await import("./commands/unmount.ts")).unmountCommand,
  },
  {
    names: ["status"],
    load: async () => (await import("./commands/status.ts")).statusCommand,
  },
  {
    names: ["flush"],
    load: async () => (await import("./commands/flush.ts")).flushCommand,
  },
  {
    names: ["gc"],
    load: async () => (await import("./commands/gc.ts")).gcCommand,
  },
  {
    names: ["compact"],
    load: async () => (await import("./commands/compact.ts")).compactCommand,
  },
  {
    names: ["create"],
    load: async () => (await import("./commands/create.ts")).createCommand,
  },
  {
    names: ["extract"],
    load: async () => (await import("./commands/extract.ts")).extractCommand,
  },
  {
    names: ["ls", "list"],
    load: async () => (await import("./commands/ls.ts")).lsCommand,
  },
  {
    names: ["cat"],
    load: async () => (await import("./commands/cat.ts")).catCommand,
  },
  {
    names: ["put"],
    load: async () => (await import("./commands/put.ts")).putCommand,
  },
  {
    names: ["get"],
    load: async () => (await import("./commands/get.ts")).getCommand,
  },
  {
    names: ["rm"],
    load: async () => (await import("./commands/rm.ts")).rmCommand,
  },
  {
    names: ["mkdir"],
    load: async () => (await import("./commands/mkdir.ts")).mkdirCommand,
  },
  {
    names: ["mv"],
    load: async () => (await import("./commands/mv.ts")).mvCommand,
  },
  {
    names: ["stat"],
    load: async () => (await import("./commands/stat.ts")).statCommand,
  },
  {
    names: ["df"],
    load: async () => (await import("./commands/df.ts")).dfCommand,
  },
  {
    names: ["snapshot"],
    load: async () => (await import("./commands/snapshot.ts")).snapshotCommand,
  },
  {
    names: ["key"],
    load: async () => (await import("./commands/key.ts")).keyCommand,
  },
  {
    names: ["check"],
    load: async () => (await import("./commands/check.ts")).checkCommand,
  },
  {
    names: ["recover"],
    load: async () => (await import("./commands/recover.ts")).recoverCommand,
  },
  {
    names: ["doctor"],
    load: async () => (await import("./commands/doctor.ts")).doctorCommand,
  },
  {
    names: ["recover-config"],
    load: async () => (await import("./commands/recover-config.ts")).recoverConfigCommand,
  },
];
