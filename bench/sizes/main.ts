/**
 * How cost grows with the size of a vault file.
 * `usage.txt` tells its options.
 *
 * Makes a vault for each count of small files and mounts them in turns: in a cold mount, files are made, looked up and
 * deleted in one directory, and others looked up all over the vault. Prints microseconds of each, medians of the
 * rounds, and how many times the first vault's they are. Then, for each vault, those of `--gib` included: how many pages
 * are read to open it and read one file.
 *
 * @module
 */
import { randomInt } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import process from "node:process";
import { Usage } from "../../test/support/usage.ts";
import { type Peer, peers } from "../mount/peers.ts";
import { run } from "../mount/processes.ts";
import { median } from "../mount/table.ts";
import {
  bigFiles,
  type Contents,
  growVault,
  pagesOfFirstRead,
  placeOf,
  smallFiles,
} from "./grown-vault.ts";

const usage = new Usage("scripts/bench sizes");
const values = usage.read({
  files: { type: "string", default: "1000,10000,100000,1000000" },
  gib: { type: "string", default: "1,10" },
  accesses: { type: "string", default: "500" },
  reps: { type: "string", default: "3" },
  scratch: { type: "string", default: "/dev/shm" },
  dvault: { type: "string", default: "scripts/dvault" },
});

/** Openings of which the largest count of pages is told. */
const OPENINGS = 20;

const ROWS = ["create", "look up", "delete", "look up anywhere, cold"] as const;
type Row = (typeof ROWS)[number];

/** A vault that is measured. */
interface Subject {
  readonly title: string;
  readonly contents: Contents;
  readonly home: string;
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const print = (line: string): void => void process.stdout.write(`${line}\n`);

function numbers(name: "files" | "gib"): readonly number[] {
  const list = values[name].split(",").filter(Boolean).map(Number);
  if (list.every((number) => number > 0)) return list;
  return usage.refuse(`--${name} takes numbers between commas, not ${values[name]}`);
}

function vaultOf({ home }: Subject): string {
  return join(home, "back", "bench.dvault");
}

async function makeSubject(scratch: string, title: string, contents: Contents): Promise<Subject> {
  const home = mkdtempSync(join(scratch, "vault-"));
  for (const name of ["back", "mnt", "state"]) mkdirSync(join(home, name), { mode: 0o700 });
  const subject = { title, contents, home };
  say(`making a vault of ${title}`);
  await growVault(vaultOf(subject), contents);
  return subject;
}

/** Mean time of `body` over all places, microseconds. */
function meanTime(places: readonly string[], body: (place: string) => void): number {
  const begin = performance.now();
  for (const place of places) body(place);
  return ((performance.now() - begin) * 1000) / places.length;
}

/** One cold mount of a vault. @returns microseconds by row */
async function measure(
  peer: Peer,
  { contents, home }: Subject,
): Promise<Readonly<Record<Row, number>>> {
  run("sync", []);
  writeFileSync("/proc/sys/vm/drop_caches", "3");
  const mountpoint = join(home, "mnt");
  const place = {
    ...{ back: join(home, "back"), mountpoint, state: join(home, "state") },
    dvault: resolve(values.dvault),
  };
  const live = await peer.mount(place);
  try {
    const count = Number(values.accesses);
    const anywhere = Array.from({ length: count }, () => {
      const { directory, name } = placeOf(randomInt(contents.files));
      return join(mountpoint, directory, name);
    });
    const { directory } = placeOf(randomInt(contents.files));
    const fresh = anywhere.map((_, n) => join(mountpoint, directory, `new-${n}`));
    const cold = meanTime(anywhere, (path) => void statSync(path));
    return {
      create: meanTime(fresh, (path) => writeFileSync(path, "")),
      "look up": meanTime(fresh, (path) => {
        // One that is not there is asked for anew each time; the others the kernel knows.
        statSync(`${path}?`, { throwIfNoEntry: false });
      }),
      delete: meanTime(fresh, unlinkSync),
      "look up anywhere, cold": cold,
    };
  } finally {
    await live.unmount();
  }
}

async function compareMounts(subjects: readonly Subject[]): Promise<void> {
  const peer = peers.find(({ name }) => name === "dvault") as Peer;
  const rounds = new Map(subjects.map(({ title }) => [title, [] as Record<Row, number>[]]));
  for (let rep = 1; rep <= Number(values.reps); rep++) {
    for (const subject of subjects) {
      say(`round ${rep}: ${subject.title}`);
      rounds.get(subject.title)?.push(await measure(peer, subject));
    }
  }
  print(`| us (times the first) | ${subjects.map(({ title }) => title).join(" | ")} |`);
  print(`| --- |${" ---: |".repeat(subjects.length)}`);
  for (const row of ROWS) {
    const medians = subjects.map(({ title }) =>
      median((rounds.get(title) ?? []).map((r) => r[row])),
    );
    const cells = medians.map((us) => `${us.toFixed(0)} (${(us / (medians[0] ?? us)).toFixed(2)})`);
    print(`| ${row} | ${cells.join(" | ")} |`);
  }
}

async function countPages(subjects: readonly Subject[]): Promise<void> {
  print("");
  print("| vault | MiB | pages read to open it and read one file, at most |");
  print("| --- | ---: | ---: |");
  for (const subject of subjects) {
    const counts: number[] = [];
    for (let n = 0; n < OPENINGS; n++) {
      counts.push(await pagesOfFirstRead(vaultOf(subject), subject.contents));
    }
    const mib = statSync(vaultOf(subject)).size / 2 ** 20;
    print(`| ${subject.title} | ${mib.toFixed(0)} | ${Math.max(...counts)} |`);
  }
}

const counts = numbers("files");
const sizes = numbers("gib");
const scratch = mkdtempSync(join(values.scratch, "dvault-sizes-"));
try {
  const small: Subject[] = [];
  for (const files of counts) {
    small.push(await makeSubject(scratch, `${files} files`, smallFiles(files)));
  }
  if (small.length > 0) await compareMounts(small);
  const big: Subject[] = [];
  for (const gib of sizes) {
    big.push(await makeSubject(scratch, `${gib} GiB`, bigFiles(gib)));
  }
  await countPages([...small, ...big]);
} finally {
  rmSync(scratch, { recursive: true });
}
