/**
 * `dvault key`: what opens a vault: passwords, recipients, recovery codes.
 *
 * @module
 */
import { type Command, defineGroup } from "../command.ts";
import { keyAddCommand } from "./key-add.ts";
import { keyChangePasswordCommand } from "./key-change-password.ts";
import { keyExportRecoveryCommand } from "./key-export-recovery.ts";
import { keyListCommand } from "./key-list.ts";
import { keyRemoveCommand } from "./key-remove.ts";
import { keyRotateCommand } from "./key-rotate.ts";

/** Manages key slots. */
export const keyCommand: Command = defineGroup("key", "Manage the keys that open a vault", [
  keyListCommand,
  keyAddCommand,
  keyRemoveCommand,
  keyChangePasswordCommand,
  keyExportRecoveryCommand,
  keyRotateCommand,
]);
