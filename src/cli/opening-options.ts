/**
 * Options of every command that opens a vault.
 *
 * @module
 */
import { type PasswordChoice, passwordOptions } from "./password/sources.ts";

/** See the head of this file. */
export const openingOptions = {
  "allow-rollback": {
    type: "boolean",
    default: false,
    describe: "Open an older state than this machine has seen, and go on from it",
  },
  ...passwordOptions,
} as const;

/** Values of {@link openingOptions}. */
export interface OpeningChoice extends PasswordChoice {
  readonly "allow-rollback"?: boolean | undefined;
}
