/**
 * Options of the commands that copy trees.
 *
 * @module
 */
import { UsageError } from "../../core/base/errors.ts";
import { isRoot } from "../caller.ts";
import type { Existing, TransferOptions } from "./transfer.ts";

/** Options of commands that copy: whose the copies are. */
export const ownerOptions = {
  "same-owner": {
    type: "boolean",
    default: false,
    describe: "Keep owners (as root does anyway), set-ID bits and file capabilities; root only",
  },
  "no-same-owner": {
    type: "boolean",
    default: false,
    describe: "Let everything belong to root; root only",
  },
} as const;

/** Options of commands that may meet what is there already. */
export const clobberOption = {
  "no-clobber": {
    alias: "n",
    type: "boolean",
    default: false,
    describe: "Leave files alone that exist already",
  },
} as const;

/** Values of {@link ownerOptions}. */
export interface OwnerChoice {
  readonly "same-owner": boolean;
  readonly "no-same-owner": boolean;
}

/** @throws UsageError USAGE when owners cannot be kept, or are to be both kept and not */
export function transferOptions(existing: Existing, choice: OwnerChoice): TransferOptions {
  const { "same-owner": keep, "no-same-owner": drop } = choice;
  if (keep && drop) {
    throw new UsageError("USAGE", "--same-owner and --no-same-owner exclude each other");
  }
  if (keep && !isRoot()) {
    throw new UsageError("USAGE", "--same-owner needs root: only root gives files to others");
  }
  return { existing, owners: isRoot() && !drop, privileges: keep };
}
