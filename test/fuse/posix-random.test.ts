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

const { program, plain, shared, alone } = await posixPlace(t);
const { mountpoint } = shared;

for (const kind of [...KINDS, "alone"] as const) {
  const { mountpoint, remount } = kind === "alone" ? alone : shared;
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
      else await explain(t, pair, [...calls, ...look], seed);
    }
    remount();
    for (const { name, left } of kept) {
      const [, again] = await pair.answersIn(name, look);
      t.same(again, left, `${name}, mounted again`);
    }
  });
}

async function explain(t: Test, pair: Pair, calls: readonly string[], seed: number): Promise<void> {
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

t.test("setfacl, cp and rsync leave the lists that they leave in a plain directory", async (t) => {
  const script = [
    "umask 027; mkdir lists; cd lists; mkdir d; cp /bin/true f",
    "setfacl -m u:2001:rwx,g:2002:r f; getfacl -cn f; stat -c %a f",
    "chmod 600 f; getfacl -cn f; setfacl -x u:2001 f; stat -c %a f; setfacl -b f; stat -c %a f",
    "setfacl -d -m u:2001:rwX,o::- d; touch d/file; mkdir -m 2755 d/dir; getfacl -Rcn d | sort",
    "setfacl -m g:2003:rwx d/dir; stat -c %a d/dir; setfacl -m m::r f; ./f || echo cannot run it",
    "cp -a d copy; rsync -aAX d/ second; getfacl -Rcn copy second | sort",
    "setfacl -Rbk d; getfacl -Rcn d | sort; cd ..; rm -r lists",
  ].join("\n");
  const [right, ...found] = [plain, mountpoint, alone.mountpoint].map((cwd) => {
    const { status, stdout, stderr } = spawnSync("sh", ["-ec", script], { cwd, encoding: "utf8" });
    return { status, stdout, stderr };
  });
  t.match(right, { status: 0, stdout: /^user:2001:rwx\t+#effective:---$/m });
  for (const there of found) t.same(there, right);
});

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
  for (const mount of [shared, alone]) {
    const where = ["--verify", "--temp-path", mount.mountpoint];
    succeeds(t, "stress-ng", [...each, ...sizes, ...limits, ...where]);
  }
});
