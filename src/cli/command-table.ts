/**
 * All commands, in the order the help lists them.
 *
 * @module
 */
import type { Command } from "./command.ts";
import { catCommand } from "./commands/cat.ts";
import { checkCommand } from "./commands/check.ts";
import { createCommand } from "./commands/create.ts";
import { dfCommand } from "./commands/df.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { extractCommand } from "./commands/extract.ts";
import { flushCommand } from "./commands/flush.ts";
import { gcCommand } from "./commands/gc.ts";
import { getCommand } from "./commands/get.ts";
import { initCommand } from "./commands/init.ts";
import { keyCommand } from "./commands/key.ts";
import { lsCommand } from "./commands/ls.ts";
import { mkdirCommand } from "./commands/mkdir.ts";
import { mountCommand } from "./commands/mount.ts";
import { mvCommand } from "./commands/mv.ts";
import { putCommand } from "./commands/put.ts";
import { recoverCommand } from "./commands/recover.ts";
import { recoverConfigCommand } from "./commands/recover-config.ts";
import { rmCommand } from "./commands/rm.ts";
import { snapshotCommand } from "./commands/snapshot.ts";
import { statCommand } from "./commands/stat.ts";
import { statusCommand } from "./commands/status.ts";
import { unmountCommand } from "./commands/unmount.ts";

/** What `dvault` can do. */
export const commandTable: readonly Command[] = [
  initCommand,
  mountCommand,
  unmountCommand,
  statusCommand,
  flushCommand,
  gcCommand,
  createCommand,
  extractCommand,
  lsCommand,
  catCommand,
  putCommand,
  getCommand,
  rmCommand,
  mkdirCommand,
  mvCommand,
  statCommand,
  dfCommand,
  snapshotCommand,
  keyCommand,
  checkCommand,
  recoverCommand,
  doctorCommand,
  recoverConfigCommand,
];
