/**
 * Random sequences of calls on a mount and in a plain directory, and what other people's programs find. POSIX_SEED and
 * POSIX_RUNS choose the sequences, POSIX_STEPS their length.
 */
import { spawnSync } from "node:child_process";
import t, { type Test } from "tap";
import { Pair } from "../support/posix-compare.ts";
import { cannotCompare, posixPlace } from "../support/posix-place.ts";
import { LET_GO, lookAtAll, randomCalls, type SequenceKind } from "../support/posix-sequence.ts";

const skip = cannotCompare();
if (skip) t.plan(0, skip);

const SEED = Number(process.env.POSIX_SEED ?? 1);
const RUNS = Number(process.env.POSIX_RUNS ?? 5);
const STEPS = Number(process.env.POSIX_STEPS ?? 250);
const KINDS: readonly SequenceKind[] = ["tree", "files", "mapped"];

const { program, plain, mountpoint, remount } = await posixPlace(t);

for (const kind of KINDS) {
  t.test(`random calls leave what they leave in a plain directory: ${kind}`, async (t) => {
    const pair = new Pair(program, `${plain}/${kind}`, `${mountpoint}/${kind}`);
    const kept: { readonly name: string; readonly left: readonly string[] }[] = [];
    const look = lookAtAll();
    for (let seed = SEED; seed < SEED + RUNS; seed++) {
      const calls = [...randomCalls(kind, seed, STEPS), ...LET_GO];
      const [right = [], found = []] = await pair.answers([...calls, ...look]);
      const isSame = right.every((answer, i) => answer === found[i]);
      kept.push({ name: pair.last, left: right.slice(calls.length) });
      if (isSame) t.pass(`seed ${seed}`);
      else await explain(pair, [...calls, ...look], seed);
    }
    remount();
    for (const { name, left } of kept) {
      const [, again] = await pair.answersIn(name, look);
      t.same(again, left, `${name}, mounted again`);
    }
  });
}

async function explain(pair: Pair, calls: readonly string[], seed: number): Promise<void> {
  const first = await pair.compare(calls);
  const smallest = first && (await pair.shrink(first));
  t.fail(`POSIX_SEED=${seed} makes a difference`, { smallest });
}

t.test("several processes at once do not disturb each other", async (t) => {
  const workers = Array.from({ length: 4 }, async (_, worker) => {
    const pair = new Pair(program, `${plain}/worker-${worker}`, `${mountpoint}/worker-${worker}`);
    for (let run = 0; run < RUNS / 4; run++) {
      const seed = SEED + 1000 * (worker + 1) + run;
      const calls = randomCalls(KINDS[worker % KINDS.length] as SequenceKind, seed, STEPS);
      t.same(await pair.compare([...calls, ...LET_GO, ...lookAtAll()]), undefined, `seed ${seed}`);
    }
  });
  await Promise.all(workers);
});

/** Runs a program of a Debian package on the mount. */
function succeeds(t: Test, command: string, args: readonly string[]): void {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: "/",
    encoding: "utf8",
  });
  if (error !== undefined) t.fail(`${command} is missing (Debian: apt install ${command})`);
  else t.equal(status, 0, [stdout, stderr].join(""));
}

t.test("fio finds every byte it wrote", async (t) => {
  const common = ["--verify=crc32c", "--size=24m", `--directory=${mountpoint}`, "--minimal"];
  const mixed = ["--name=mixed", "--rw=randrw", "--bsrange=512-128k", "--bs_unaligned"];
  succeeds(t, "fio", [...mixed, "--ioengine=psync", "--overwrite=1", ...common]);
  succeeds(t, "fio", ["--name=mapped", "--rw=randwrite", "--bs=4k", "--ioengine=mmap", ...common]);
  const direct = ["--name=direct", "--rw=write", "--bs=64k", "--direct=1", "--numjobs=3"];
  succeeds(t, "fio", [...direct, "--ioengine=libaio", "--iodepth=8", ...common]);
});

t.test("stress-ng's file system class has nothing to object", async (t) => {
  const stressors = [
    ..."access chdir chmod chown dentry dir fallocate fcntl filename flock fpunch fstat".split(" "),
    ..."getdent handle hdd iomix link locka lockf lockofd mknod open rename".split(" "),
    ..."symlink touch utime xattr".split(" "),
  ];
  const each = stressors.flatMap((name) => [`--${name}`, "1"]);
  const sizes = ["--hdd-bytes", "4m", "--fallocate-bytes", "8m", "--iomix-bytes", "8m"];
  const limits = ["--chdir-dirs", "64", "--open-max", "500", "--timeout", "4s"];
  const where = ["--verify", "--temp-path", mountpoint];
  succeeds(t, "stress-ng", [...each, ...sizes, ...limits, ...where]);
});
