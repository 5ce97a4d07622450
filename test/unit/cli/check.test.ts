import { closeSync, copyFileSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import t from "tap";
import { pageOffset } from "../../../src/stores/file/layout.ts";
import { CommandLine } from "../../support/command-line.ts";

const GOLDEN = fileURLToPath(new URL("../../vectors/golden/v1.dvault", import.meta.url));
const PASSWORD = { DVAULT_PASSWORD: "golden vault" };
const CLASS_DATA = 1;
const CLASS_SPACE = 6;

/** Changes the last byte of the first sealed page of a class that is in use. */
function damagePage(path: string, pageClass: number): void {
  const image = readFileSync(path);
  for (let number = 0; pageOffset(number) < image.length; number++) {
    const start = pageOffset(number);
    if (image.toString("latin1", start, start + 4) !== "DVPG") continue;
    if (image[start + 4] !== pageClass) continue;
    const at = start + 32 + 12 + image.readUInt32BE(start + 24) - 1;
    const fd = openSync(path, "r+");
    writeSync(fd, Uint8Array.of((image[at] as number) ^ 0x80), 0, 1, at);
    closeSync(fd);
  }
}

t.test("a whole vault is said to be whole", async (t) => {
  const cli = await CommandLine.start(t.testdir());
  const whole = await cli.run(["check", GOLDEN, "--read-data"], PASSWORD);
  t.match(whole, { code: 0, err: "" });
  t.match(
    whole.out,
    /v1\.dvault: whole \(commit \d+: \d+ files and directories, .* data read\)\n$/,
  );
  const json = await cli.run(["check", GOLDEN, "--json"], PASSWORD);
  t.match(JSON.parse(json.out), { vault: GOLDEN, findings: [], warnings: [], bytes: 0, more: 0 });
});

t.test("what is damaged is told by path and range, with exit code 15", async (t) => {
  const cli = await CommandLine.start(t.testdir());
  const path = join(cli.home, "v.dvault");
  copyFileSync(GOLDEN, path);
  damagePage(path, CLASS_DATA);
  const { code, out } = await cli.run(["check", path, "--read-data"], PASSWORD);
  t.equal(code, 15);
  t.match(out, /^page-damaged: \/.*: bytes \d+ to \d+: page \d+/m);
  t.match(out, /v\.dvault: \d+ problems/);
  const json = await cli.run(["check", path, "--read-data", "--json"], PASSWORD);
  t.match(JSON.parse(json.out).findings.at(-1), {
    code: "page-damaged",
    path: /^\//,
    start: Number,
  });
  t.match(await cli.run(["check", path], PASSWORD), { code: 0 }, "structure alone is whole");
});

t.test("what can be mended is mended, and named", async (t) => {
  const cli = await CommandLine.start(t.testdir());
  const path = join(cli.home, "v.dvault");
  copyFileSync(GOLDEN, path);
  damagePage(path, CLASS_SPACE);
  const { code, out } = await cli.run(["check", path], PASSWORD);
  t.equal(code, 15);
  t.match(out, /^space-wrong: the space map is damaged/m);
  const repaired = await cli.run(["check", path, "--repair"], PASSWORD);
  t.match(repaired, { code: 0, out: /v\.dvault: whole/ });
  t.match(await cli.run(["check", path, "--read-data"], PASSWORD), { code: 0 });
});
