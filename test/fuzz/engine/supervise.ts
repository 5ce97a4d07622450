/**
 * Runs a target in a thread of its own and watches it: what hangs or fills the memory is a failure, too.
 *
 * @module
 */
import { Worker } from "node:worker_threads";
import type { Outcome } from "./campaign.ts";
import { newCurrentInput, seeInput } from "./current-input.ts";
import type { WorkerTask } from "./worker.ts";

/** Time after which an input that is still being run hangs, ms. */
const HANG_MS = 30_000;

/** Memory of the thread, MiB. */
const HEAP_MIB = 512;

/** A run that did not come to its end. */
export interface Broken {
  readonly kind: "broken";
  readonly problem: string;
  readonly input: Uint8Array;
}

/** A run that did. */
export interface Ended {
  readonly kind: "ended";
  readonly outcome: Outcome;
}

/** Runs a target. */
export function supervise(task: Omit<WorkerTask, "current">): Promise<Broken | Ended> {
  const current = newCurrentInput();
  const workerData: WorkerTask = { ...task, current };
  const worker = new Worker(new URL("./worker.js", import.meta.url), {
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
  });
  return new Promise((resolve) => {
    let last = -1;
    const watch = setInterval(() => {
      const { number } = seeInput(current);
      if (number === last && number > 0) end("it hangs");
      last = number;
    }, HANG_MS);
    const finish = (result: Broken | Ended): void => {
      clearInterval(watch);
      resolve(result);
    };
    const end = (problem: string): void => {
      finish({ kind: "broken", problem, input: seeInput(current).input });
      void worker.terminate();
    };
    worker.on("message", (outcome: Outcome) => finish({ kind: "ended", outcome }));
    worker.on("error", (error) => end(error.stack ?? String(error)));
    worker.on("exit", (code) => end(`the thread ended with ${code}`));
  });
}
