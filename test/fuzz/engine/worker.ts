/**
 * The thread that runs a target's inputs, so that one that hangs or fills the memory can be told from outside.
 *
 * @module
 */
import "./probes.ts";
import { parentPort, workerData } from "node:worker_threads";
import { Campaign } from "./campaign.ts";
import { loadCorpus } from "./corpus-files.ts";
import { type CurrentInput, tellInput } from "./current-input.ts";

/** What the thread is given. */
export interface WorkerTask {
  readonly root: string;
  readonly target: string;
  readonly runs: number;
  readonly minutes: number;
  readonly seed: number;
  readonly probes: number;
  readonly current: CurrentInput;
}

const { root, target: name, current, ...task } = workerData as WorkerTask;
// The probes must stand before anything of src/ is loaded.
const { targets } = await import("../targets.ts");
const target = targets.find((candidate) => candidate.name === name);
if (target === undefined) throw new Error(`there is no target ${name}`);
const campaign = new Campaign({
  ...task,
  target,
  kept: loadCorpus(root, name),
  announce: (input) => tellInput(current, input),
});
parentPort?.postMessage(await campaign.run());
