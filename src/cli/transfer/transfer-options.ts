/**
 * Options of the commands that copy trees.
 *
 * @module
 */
import { UsageError } from "../../core/base/errors.ts";
import { isRoot } from "../caller.ts";
import type { Existing, TransferOptions } from "./transfer.ts";

/** Options of commands that copy. */
export const ownerOption = {
  "same-owner": {
    type: "boolean",
    describe: "Keep owners (what root does anyway), set-ID bits and file capabilities; root only",
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

/** @throws UsageError USAGE when owners cannot be kept */
export function transferOptions(
  existing: Existing,
  sameOwner: boolean | undefined,
): TransferOptions {
  if (sameOwner === true && !isRoot()) {
    throw new UsageError("USAGE", "--same-owner needs root: only root gives files to others");
  }
  return { existing, owners: sameOwner ?? isRoot(), privileges: sameOwner === true };
}
