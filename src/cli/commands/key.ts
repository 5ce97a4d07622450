/**
 * `dvault key`: the passwords and recipients that open a vault.
 *
 * @module
 */
import { type Command, defineGroup } from "../command.ts";
import { keyAddCommand } from "./key-add.ts";
import { keyChangePasswordCommand } from "./key-change-password.ts";
import { keyListCommand } from "./key-list.ts";
import { keyRemoveCommand } from "./key-remove.ts";

/** Manages key slots. */
export const keyCommand: Command = defineGroup("key", "Manage the keys that open a vault", [
  keyListCommand,
  keyAddCommand,
  keyRemoveCommand,
  keyChangePasswordCommand,
]);
