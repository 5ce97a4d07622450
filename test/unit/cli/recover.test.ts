import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import t, { type Test } from "tap";
import { HEADER_SLOT_SIZE, pageOffset } from "../../../src/stores/file/layout.ts";
import { findFrames } from "../../../src/stores/segments/search/find-frames.ts";
import { CommandLine } from "../../support/command-line.ts";

const [GOLDEN, IN_PARTS] = ["v1", "v1-parts"].map((name) =>
  fileURLToPath(new URL(`../../vectors/golden/${name}.dvault`, import.meta.url)),
) as [string, string];
const PASSWORD = { DVAULT_PASSWORD: "golden vault" };
const QUICK = ["--kdf-memory", "64", "--kdf-passes", "1"];
const CLASS_DATA = 1;

interface Place {
  readonly cli: CommandLine;
  readonly damaged: string;
  readonly rescued: string;
}

/** A copy of a golden vault, changed. */
async function damagedVault(
  t: Test,
  change: (image: Buffer) => void,
  golden = GOLDEN,
): Promise<Place> {
  const cli = await CommandLine.start(t.testdir());
  const damaged = join(cli.home, "damaged.dvault");
  copyFileSync(golden, damaged);
  const image = readFileSync(damaged);
  change(image);
  writeFileSync(damaged, image);
  return { cli, damaged, rescued: join(cli.home, "rescued.dvault") };
}

function leftovers(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith("dvault-recover-"));
}

async function list({ cli }: Place, path: string): Promise<string> {
  const { out } = await cli.run(["ls", "-R", "--json", path], PASSWORD);
  const shown = out.replaceAll(/"(ino|allocated|btime|atime|ctime|nlink)":("[^"]*"|\d+),?/g, "");
  return shown.replaceAll(path, "");
}

for (const golden of [GOLDEN, IN_PARTS]) {
  t.test(`${basename(golden)} comes back whole in a new file without its headers`, async (t) => {
    const spoil = (image: Buffer): void => void image.fill(0, 0, 2 * HEADER_SLOT_SIZE);
    const place = await damagedVault(t, spoil, golden);
    const { cli, damaged, rescued } = place;
    const before = leftovers();
    t.match(await cli.run(["ls", damaged], PASSWORD), { code: 14 });
    const report = await cli.run(["recover", "--report", damaged], PASSWORD);
    t.match(report, { code: 0, err: "" });
    t.match(report.out, /found by a commit root found by search.*: commit \d+ of /);
    t.match(report.out, /^\d+ whole, 0 old, 0 partial, 0 lost, in \d+ directories/m);
    t.notOk(existsSync(rescued), "a report writes nothing");
    const image = readFileSync(damaged);
    t.match(await cli.run(["recover", damaged, rescued, ...QUICK], PASSWORD), { code: 0, err: "" });
    t.ok(readFileSync(damaged).equals(image), "the damaged file stays as it is");
    t.equal(await list(place, rescued), await list(place, golden));
    t.match(await cli.run(["check", rescued, "--read-data"], PASSWORD), { code: 0 });
    t.strictSame(leftovers(), before);
  });
}

t.test("files that are not whole are told, and named so, with exit code 15", async (t) => {
  const place = await damagedVault(t, (image) => {
    for (let number = 0; pageOffset(number) < image.length; number++) {
      const start = pageOffset(number);
      if (image[start + 4] === CLASS_DATA) image.fill(0xff, start + 44, start + 60);
    }
  });
  const { cli, damaged, rescued } = place;
  const { code, out } = await cli.run(["recover", damaged, rescued, "--json", ...QUICK], PASSWORD);
  t.equal(code, 15);
  const report = JSON.parse(out);
  const partial = report.entries.find((entry: { state: string }) => entry.state === "partial");
  t.match(partial, { newPath: `${partial.path}.partial`, reasons: [/page \d+: tag mismatch/] });
  t.equal(report.partial, report.entries.length);
  const listed = await list(place, rescued);
  t.match(listed, `${partial.path}.partial`);
  t.match(await cli.run(["recover", "--report", damaged], PASSWORD), {
    code: 15,
    out: /^partial: \/.*: bytes \d+ to \d+.*: page \d+: tag mismatch$/m,
  });
});

t.test("what cannot be is refused, and leaves nothing behind", async (t) => {
  const place = await damagedVault(t, () => undefined);
  const { cli, damaged, rescued } = place;
  const before = leftovers();
  const run = (...args: string[]) => cli.run(["recover", ...args], PASSWORD);
  t.match(await run(damaged), { code: 2, err: /give the place of the new vault, or --report/ });
  t.match(await run("--report", damaged, rescued), { code: 2, err: /leave the new vault out/ });
  t.match(await run("--report", `dir:${cli.home}`), { code: 13, err: /cannot open the store in/ });
  t.match(await run(damaged, damaged, ...QUICK), { code: 1, err: /there is a file already/ });
  const wrong = await cli.run(["recover", "--report", damaged], { DVAULT_PASSWORD: "wrong" });
  t.match(wrong, { code: 11 });
  writeFileSync(rescued, Buffer.alloc(100_000));
  t.match(await run("--report", rescued), { code: 14, err: /no page of a vault is left/ });
  t.strictSame(leftovers(), before);
});

/** Records of a folder and what is attached to them, oldest first. */
function recordFiles(folder: string): readonly string[] {
  return readdirSync(join(folder, "records"))
    .filter((name) => /^\d{12}-[0-9a-f]{32}(\.0)?$/.test(name))
    .sort()
    .map((name) => join(folder, "records", name));
}

t.test(
  "a vault in a folder comes back without what marks it, and without any record",
  async (t) => {
    const home = t.testdir({ a: "first", b: "second".repeat(2000) });
    const cli = await CommandLine.start(home);
    const folder = join(home, "objects");
    const rescued = join(home, "rescued.dvault");
    await cli.run(["init", `dir:${folder}`, "--recipient", cli.recipient]);
    for (const name of ["a", "b"]) await cli.ok("put", join(home, name), `dir:${folder}:/`);
    rmSync(join(folder, "dvault-objects"));
    for (const file of recordFiles(folder)) if (!file.endsWith(".0")) rmSync(file);
    t.match(await cli.open("ls", `dir:${folder}`), { code: 13 });
    const lines = ["recover", ...cli.key, "--recipient", cli.recipient];
    const { code, out } = await cli.run([...lines, `dir:${folder}`, rescued]);
    t.equal(code, 0);
    t.match(out, /2 whole, 0 old, 0 partial, 0 lost/);
    t.equal(await cli.ok("cat", `${rescued}:/b`), "second".repeat(2000));
    const again = join(home, "again");
    t.match(await cli.run([...lines, rescued, `dir:${again}`]), { code: 0 });
    t.equal(await cli.ok("ls", `dir:${again}`), "a\nb\n");
  },
);

t.test(
  "what the newest record alone knew is told, and files made since have no name",
  async (t) => {
    const home = t.testdir({ a: "first", b: "x".repeat(200_000), c: "y".repeat(3000) });
    const cli = await CommandLine.start(home);
    const folder = join(home, "objects");
    const rescued = join(home, "rescued.dvault");
    const place = `dir:${folder}`;
    await cli.run(["init", place, "--recipient", cli.recipient]);
    await cli.ok("put", join(home, "a"), `${place}:/`);
    await cli.ok("put", join(home, "b"), join(home, "c"), `${place}:/`);
    const attached = recordFiles(folder).filter((file) => file.endsWith(".0"));
    const newest = attached.at(-1) ?? "";
    const bytes = readFileSync(newest);
    const root = [...findFrames(bytes)].find(({ header }) => header.pageClass === "root");
    // Everything but the content and the tree: no header or root leads there any more.
    writeFileSync(newest, bytes.fill(0, root?.offset ?? 0));
    const lines = ["recover", ...cli.key, "--recipient", cli.recipient, place, rescued];
    const { code, out } = await cli.run(lines);
    t.equal(code, 15);
    t.match(out, /there were later commits, up to \d+/);
    t.match(out, /1 whole, 0 old, 2 partial, 0 lost/);
    const found = await cli.ok("ls --json", `${rescued}:/lost+found`);
    const contents: string[] = [];
    for (const { path } of JSON.parse(found)) {
      contents.push(await cli.ok("cat", `${rescued}:${path}`));
    }
    t.same(contents.sort(), ["x".repeat(200_000), "y".repeat(3000)]);
  },
);

t.test("a header alone tells that its commit is lost", async (t) => {
  const home = t.testdir({ a: "first", b: "second" });
  const cli = await CommandLine.start(home);
  const folder = join(home, "objects");
  await cli.run(["init", `dir:${folder}`, "--recipient", cli.recipient]);
  for (const name of ["a", "b"]) await cli.ok("put", join(home, name), `dir:${folder}:/`);
  rmSync(
    recordFiles(folder)
      .filter((file) => file.endsWith(".0"))
      .at(-1) ?? "",
  );
  const report = await cli.open("recover --report", `dir:${folder}`);
  t.match(report, { code: 15, out: /there were later commits, up to \d+/ });
  t.match(report.out, /1 whole, 0 old, 0 partial, 0 lost/);
});
