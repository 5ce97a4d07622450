/**
 * Loops whose steps are transactions.
 *
 * @module
 */
import { isPending, type MaybePromise } from "../base/maybe-promise.ts";

/** Runs a step until it answers true; without a promise as long as the steps need none. */
export function untilDone(step: () => MaybePromise<boolean>): MaybePromise<void> {
  for (;;) {
    const answer = step();
    if (isPending(answer)) return goOn(answer, step);
    if (answer === true) return undefined;
  }
}

async function goOn(pending: Promise<boolean>, step: () => MaybePromise<boolean>): Promise<void> {
  let isDone = await pending;
  while (!isDone) isDone = await step();
}
