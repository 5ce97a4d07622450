/**
 * Commands on vaults that are not one local file: a folder of objects.
 *
 * @module
 */
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { CommandLine, type Outcome } from "../../support/command-line.ts";

interface Folder {
  readonly line: CommandLine;
  /** The folder of objects, and how it is written as a vault. */
  readonly folder: string;
  readonly place: string;
  /** Where the local databases are. */
  readonly state: string;
  /** Runs a command at home. */
  readonly run: (...args: readonly string[]) => Promise<Outcome>;
  /** Runs a command where no state is. */
  readonly elsewhere: (...args: readonly string[]) => Promise<Outcome>;
}

/** Makes a vault named far, in a folder. */
async function makeFolder(t: Test): Promise<Folder> {
  const home = t.testdir({ a: "first", b: "second" });
  const line = await CommandLine.start(home);
  const folder = join(home, "objects");
  const made = await line.run(
    ["init", "far", "--store", `dir:${folder}`, "--recipient", line.recipient],
    {},
  );
  t.match(made, { code: 0, out: `dir:${folder}\n`, err: "" });
  const withKey = (args: readonly string[]): readonly string[] => [
    args[0] as string,
    ...line.key,
    ...args.slice(1),
  ];
  return {
    line,
    folder,
    place: `dir:${folder}`,
    state: join(home, ".local/state/dvault/pages"),
    run: (...args) => line.run(withKey(args)),
    elsewhere: (...args) => {
      const other = join(home, `elsewhere-${Math.random()}`);
      mkdirSync(other);
      return line.run(withKey(args), { HOME: other });
    },
  };
}

t.test("what is put into a folder of objects is there for others at once", async (t) => {
  const { run, elsewhere, line, place, folder, state } = await makeFolder(t);
  t.equal(statSync(state).mode & 0o777, 0o700);
  for (const name of readdirSync(state)) t.equal(statSync(join(state, name)).mode & 0o777, 0o600);
  t.match(await elsewhere("ls", place), { code: 0, out: "", err: "" });
  t.match(await run("put", join(line.home, "a"), join(line.home, "b"), "far:/"), {
    code: 0,
    err: "",
  });
  t.match(await elsewhere("cat", `${place}:/a`), { code: 0, out: "first", err: "" });
  t.match(await elsewhere("mv", `${place}:/b`, `${place}:/c`), { code: 0, err: "" });
  t.match(await run("ls", "far:/"), { code: 0, out: "a\nc\n", err: "" });
  t.match(await run("df", "--json", "far"), { code: 0, out: new RegExp(`"vault": ?"${place}"`) });
  t.match(await run("mkdir", `${place}:/d`), { code: 0 });
  t.match(await run("rm", "far:/a"), { code: 0 });
  t.match(await elsewhere("ls", `${place}:/`), { code: 0, out: "c\nd\n" });
  const again = await line.run(["init", "two", "--store", place, "--recipient", line.recipient]);
  t.match(again, { code: 1, err: /there is a vault in dir:.* already/ });
  t.match(await line.run(["init", "far", "--store", "dir:/x"]), {
    code: 1,
    err: /named far already/,
  });
  t.match(await line.run(["init", "./x", "--store", "dir:/x"]), { code: 2, err: /no name/ });
  writeFileSync(join(line.home, "a"), "changed");
  const full = join(line.home, "full");
  mkdirSync(full);
  writeFileSync(join(full, "mine"), "");
  const foreign = await line.run(["init", `dir:${full}`, "--recipient", line.recipient]);
  t.match(foreign, { code: 1, err: /holds other files/ });
  t.match(await elsewhere("ls", `dir:${folder}/none`), { code: 13 });
});

t.test("--no-wait leaves publishing to the next command, and says so", async (t) => {
  const { run, elsewhere, line, place } = await makeFolder(t);
  const left = await run("put", "--no-wait", join(line.home, "a"), "far:/");
  t.match(left, { code: 0, err: /^dvault: \d.* on this machine only: the next command[^\n]*\n$/ });
  t.match(await elsewhere("ls", `${place}:/`), { out: "" });
  t.match(await run("ls", "far:/"), { out: "a\n", err: "" });
  t.match(await run("put", join(line.home, "b"), "far:/"), { code: 0, err: "" });
  t.match(await elsewhere("ls", `${place}:/`), { out: "a\nb\n" });
});

t.test("a new vault that cannot be completed leaves nothing behind", async (t) => {
  const home = t.testdir();
  const line = await CommandLine.start(home);
  const place = `dir:${join(home, "objects")}`;
  t.match(await line.run(["init", place, "--recipient", "age1bogus"]), { code: 2 });
  t.same(readdirSync(join(home, ".local/state/dvault/pages")), []);
  t.match(await line.run(["init", place, "--recipient", line.recipient]), { code: 0 });
  rmSync(join(home, ".local"), { recursive: true });
  t.match(await line.open("ls", place), { code: 0 });
});
