/**
 * Mounts dvault and its peers on the same backing directory, takes turns, and compares.
 * Prints a table of medians; behind each stands how many times better the first peer is. `usage.txt` tells its options.
 *
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, release, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { Usage } from "../../test/support/usage.ts";
import { type Peer, peers } from "./peers.ts";
import { type Figures, runRound } from "./round.ts";
import { summarize, tableOf } from "./table.ts";
import { type Workload, workloads } from "./workloads.ts";

const usage = new Usage("scripts/bench mount");
const values = usage.read({
  peers: { type: "string" },
  rows: { type: "string" },
  reps: { type: "string", default: "3" },
  mib: { type: "string", default: "256" },
  files: { type: "string", default: "1000" },
  accesses: { type: "string", default: "4000" },
  transactions: { type: "string", default: "200" },
  scratch: { type: "string", default: "/dev/shm" },
  dvault: { type: "string", default: "scripts/dvault" },
  json: { type: "string", default: join(tmpdir(), "dvault-bench.json") },
});

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Peers that were asked for, without those that cannot run here. */
function chosenPeers(): readonly Peer[] {
  const names = values.peers?.split(",") ?? peers.map(({ name }) => name);
  return names.map(peerNamed).filter((peer) => {
    const obstacle = peer.obstacle();
    if (obstacle !== undefined) say(`${peer.name} is left out: ${obstacle}`);
    return obstacle === undefined;
  });
}

function peerNamed(name: string): Peer {
  const peer = peers.find((candidate) => candidate.name === name);
  if (peer !== undefined) return peer;
  return usage.refuse(`--peers ${name}: there are ${peers.map((known) => known.name).join(", ")}`);
}

/** Workloads that were asked for, and those whose files they need. */
function chosenWorkloads(): readonly Workload[] {
  const names = values.rows?.split(",") ?? workloads.map(({ name }) => name);
  const unknown = names.find((name) => !workloads.some((workload) => workload.name === name));
  if (unknown !== undefined) {
    usage.refuse(`--rows ${unknown}: there are ${workloads.map(({ name }) => name).join(", ")}`);
  }
  const chosen = workloads.filter(({ name }) => names.includes(name));
  const needed = new Set([...names, ...chosen.flatMap(({ needs = [] }) => needs)]);
  return workloads.filter(({ name }) => needed.has(name));
}

/** All rounds, in turns, so that what else the machine does hits every peer alike. */
async function runAll(chosen: readonly Peer[], rows: readonly Workload[]): Promise<Figures[]> {
  const scratch = mkdtempSync(join(values.scratch, "dvault-bench-"));
  const { mib, files, accesses, transactions } = values;
  const options = {
    sizes: {
      ...{ mib: Number(mib), files: Number(files) },
      ...{ accesses: Number(accesses), transactions: Number(transactions) },
    },
    ...{ workloads: rows, scratch, dvault: resolve(values.dvault) },
  };
  const rounds: Figures[] = [];
  try {
    for (let rep = 1; rep <= Number(values.reps); rep++) {
      for (const peer of chosen) {
        say(`${peer.name}, round ${rep} of ${values.reps}`);
        const figures = await runRound(peer, options);
        for (const [row, what] of Object.entries(figures.failures)) say(`  ${row}: ${what}`);
        rounds.push(figures);
      }
    }
  } finally {
    rmSync(scratch, { recursive: true });
  }
  return rounds;
}

const rows = chosenWorkloads();
const rounds = await runAll(chosenPeers(), rows);
const summary = summarize(rounds, rows);
const machine = {
  kernel: release(),
  node: process.version,
  cpus: cpus().map(({ model }) => model),
};
writeFileSync(values.json, `${JSON.stringify({ machine, settings: values, summary, rounds })}\n`);
process.stdout.write(tableOf(summary));
if (rounds.some(({ failures }) => Object.keys(failures).length > 0)) process.exitCode = 1;
