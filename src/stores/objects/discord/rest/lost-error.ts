/** @module */
import { StoreError } from "../../../../core/base/errors.ts";

/** A request that got no usable answer, however often it was tried. */
export class LostError extends StoreError {
  /** Whether Discord may have done what was asked. */
  readonly mayHaveHappened: boolean;

  /** @param what - what was asked for, to follow "to" */
  constructor(what: string, problem: string, mayHaveHappened: boolean, options?: ErrorOptions) {
    super("STORE_DOWN", `discord cannot be asked to ${what}: ${problem}`, options);
    this.mayHaveHappened = mayHaveHappened;
  }
}
