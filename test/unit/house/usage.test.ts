/** What the programs of a checkout say of themselves, and to whoever calls them wrongly. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import t, { type Test } from "tap";
import { TYPESCRIPT, untraced } from "../../support/untraced.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const benchmarks = readdirSync(join(root, "bench"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

function run(program: string, ...args: readonly string[]) {
  return spawnSync(...untraced(program, args), { encoding: "utf8" });
}

/** The program that a script compiles, without being compiled. */
function runSource(folder: string, ...args: readonly string[]) {
  return run(process.execPath, ...TYPESCRIPT, join(root, folder, "main.ts"), ...args);
}

/** A usage names the program, every option of its source and none else, and an example. */
function isComplete(t: Test, program: string, usage: string, folder: string): void {
  t.match(usage, new RegExp(`^${program}: .*^ {2}${program} --`, "ms"));
  const source = readFileSync(join(root, folder, "main.ts"), "utf8");
  const options = [...source.matchAll(/^ {2}"?([a-z-]+)"?: \{ type: /gm)].map(([, name]) => name);
  const told = [...usage.matchAll(/^ {2}--([a-z-]+) /gm)].map(([, name]) => name);
  t.ok(told.length > 0);
  t.strictSame(told.sort(), options.sort(), program);
}

t.test("help tells every benchmark with every option, and an example", async (t) => {
  const bench = join(root, "scripts/bench");
  const { status, stdout } = run(bench, "--help");
  t.equal(status, 0);
  for (const name of benchmarks) {
    const usage = run(bench, name, "--reps", "1", "--help").stdout;
    isComplete(t, `scripts/bench ${name}`, usage, join("bench", name));
    t.ok(stdout.includes(usage), name);
  }
});

t.test("help tells every option of the soak and of the fuzzer, and an example", async (t) => {
  for (const name of ["soak", "fuzz"]) {
    const { status, stdout } = run(join(root, "scripts", name), "--minutes", "1", "--help");
    t.equal(status, 0);
    isComplete(t, `scripts/${name}`, stdout, join("test", name));
  }
});

t.test("what is no benchmark is refused as wrong usage", async (t) => {
  for (const args of [[], ["nix"], ["nix", "--help"], ["--mib", "1"]]) {
    const { status, stdout, stderr } = run(join(root, "scripts/bench"), ...args);
    t.match({ status, stdout }, { status: 2, stdout: /^$/ });
    t.match(stderr, /^scripts\/bench: [^\n]*--help tells which benchmarks there are\n$/);
  }
});

t.test("wrong options are refused in a line, before anything is done", async (t) => {
  const dir = t.testdir();
  const calls: readonly (readonly [name: string, problem: RegExp, ...args: string[]])[] = [
    ["soak", /Unknown option '--nix'/, "--nix"],
    ["soak", /'--minutes <value>' argument missing/, "--minutes"],
    ["soak", /--minutes takes a number, not long/, "--minutes", "long"],
    ["soak", /--chance takes a number from 0 to 1, not 5/, "--chance", "5"],
    ["soak", /--actors takes a whole number from 1 up, not 0/, "--actors", "0"],
    ["fuzz", /Unexpected argument 'header'/, "header"],
    ["fuzz", /--runs takes a number, not many/, "--runs", "many"],
    ["fuzz", /--target nix: --list tells which there are/, "--target", "header,nix"],
  ];
  for (const [name, problem, ...args] of calls) {
    const own = name === "soak" ? ["--dir", dir] : [];
    const { status, stdout, stderr } = runSource(join("test", name), ...own, ...args);
    t.match({ status, stdout }, { status: 2, stdout: /^$/ });
    t.match(stderr, problem);
    t.match(stderr, new RegExp(`^scripts/${name}: [^\n]*; scripts/${name} --help tells more\n$`));
  }
  t.notOk(existsSync(join(dir, "soak-data")));
});
