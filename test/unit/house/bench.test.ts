/** What `scripts/bench` says before it compiles anything. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import t from "tap";
import { untraced } from "../../support/untraced.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const benchmarks = readdirSync(join(root, "bench"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

function bench(...args: readonly string[]) {
  return spawnSync(...untraced(join(root, "scripts/bench"), args), { encoding: "utf8" });
}

t.test("help tells every benchmark with every option, and an example", async (t) => {
  const { status, stdout } = bench("--help");
  t.equal(status, 0);
  for (const name of benchmarks) {
    const usage = bench(name, "--reps", "1", "--help").stdout;
    t.match(usage, new RegExp(`^scripts/bench ${name}: .*^ {2}scripts/bench ${name} --`, "ms"));
    t.ok(stdout.includes(usage), name);
    const source = readFileSync(join(root, "bench", name, "main.ts"), "utf8");
    const options = [...source.matchAll(/^ {2}"?([a-z-]+)"?: \{ type: /gm)].map(
      ([, option]) => option,
    );
    const told = [...usage.matchAll(/^ {2}--([a-z-]+) /gm)].map(([, option]) => option);
    t.ok(told.length > 0);
    t.strictSame(told.sort(), options.sort(), name);
  }
});

t.test("what is no benchmark is refused as wrong usage", async (t) => {
  for (const args of [[], ["nix"], ["nix", "--help"], ["--mib", "1"]]) {
    const { status, stdout, stderr } = bench(...args);
    t.match({ status, stdout }, { status: 2, stdout: /^$/ });
    t.match(stderr, /^scripts\/bench: [^\n]*--help tells which benchmarks there are\n$/);
  }
});
