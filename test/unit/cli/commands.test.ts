import { readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { commandTable } from "../../../src/cli/command-table.ts";
import { testContext } from "../../support/cli-context.ts";
import { CommandLine } from "../../support/command-line.ts";
import { treeSnapshot } from "../../support/tree-snapshot.ts";

const PASSWORD = { DVAULT_PASSWORD: "correct horse" };
const CHEAP = ["--kdf-passes", "1"];

t.test("a wrong line is one line and exit code 2", async (t) => {
  const cli = await CommandLine.start(t.testdir());
  const lines: readonly (readonly [string, RegExp])[] = [
    ["", /give a command/],
    ["bogus", /unknown command: bogus/],
    ["ls --bogus", /unknown argument: bogus/],
    ["key", /give a command of dvault key/],
    ["key bogus", /unknown command: bogus/],
    ["unmount", /an operand is missing; usage: unmount <mountpoint>/],
    ["unmount a b", /too many operands/],
    ["ls --password-file a --password-file b", /--password-file may be given once only/],
    ["ls --password-file", /not enough arguments following: password-file/],
    ["init x --kdf-memory 1", /--kdf-memory/],
    ["mkdir -m 999 /x", /--mode 999/],
    ["extract x.dvault y -n --overwrite", /exclude each other/],
    ["mount x.dvault y -o bogus", /-o bogus/],
    ["mount x.dvault y --cache-size 1", /--cache-size 1/],
    ["ls s3://bucket/x", /no store for s3/],
    ["ls work:/a other:/b", /one vault/],
    ["create work .", /give a path/],
    ["init x.dvault --compression deflate", /remembered by name/],
  ];
  for (const [line, message] of lines) {
    const { code, err, out } = await cli.run(line.split(" ").filter(Boolean));
    t.equal(code, 2, line);
    t.match(err, message);
    t.match(err, /^dvault: [^\n]*\n$/);
    t.equal(out, "");
  }
});

t.test("each command has help with an example", async (t) => {
  const cli = await CommandLine.start(t.testdir());
  const help = await cli.run(["--help"]);
  const names = [...help.out.matchAll(/^ {2}dvault ([\w-]+) /gm)].map((match) => match[1] ?? "");
  t.same(
    names,
    (
      "init mount unmount status flush gc compact create extract ls cat put get rm mkdir mv stat df snapshot key check " +
      "recover doctor recover-config completion"
    ).split(" "),
  );
  const keys = ["list", "add", "remove", "change-password", "export-recovery", "rotate"].map(
    (name) => `key ${name}`,
  );
  const snapshots = ["create", "list", "delete", "diff", "restore"].map(
    (name) => `snapshot ${name}`,
  );
  const single = names.filter((name) => !["key", "snapshot", "completion"].includes(name));
  for (const name of [...single, ...keys, ...snapshots]) {
    const { code, out } = await cli.run([...name.split(" "), "--help"]);
    t.equal(code, 0, name);
    t.match(out, new RegExp(`^dvault ${name}`));
    t.match(out, `Examples:\n  dvault ${name}`);
  }
  const version = await cli.run(["--version"]);
  t.match(version.out, /^\d+\.\d+\.\d+\n$/);
  t.match((await cli.run(["completion"])).out, /complete .* dvault/);
});

t.test("a vault is made once, and only by what can open it later", async (t) => {
  const cli = await CommandLine.start(t.testdir());
  const path = join(cli.home, "sub/v.dvault");
  const made = await cli.run(["init", path, ...CHEAP], PASSWORD);
  t.same([made.code, made.out], [0, `${path}\n`]);
  t.equal(statSync(path).mode & 0o777, 0o600);
  t.equal(statSync(join(cli.home, "sub")).mode & 0o777, 0o700);
  const again = await cli.run(["init", path], PASSWORD);
  t.equal(again.code, 1);
  t.match(again.err, /exists already/);
  const other = join(cli.home, "other.dvault");
  t.equal((await cli.run(["init", other, "--recipient", "age1nobody"])).code, 2);
  t.equal((await cli.run(["init", other, ...cli.key])).code, 2);
  t.notOk(readdirSync(cli.home).includes("other.dvault"), "nothing half made is left");
});

t.test("a wrong password is exit code 11 and leaves the vault as it is", async (t) => {
  const cli = await CommandLine.start(t.testdir());
  const path = join(cli.home, "v.dvault");
  await cli.run(["init", path, ...CHEAP], PASSWORD);
  const before = readFileSync(path);
  for (const line of [`ls ${path}`, `mkdir ${path}:/x`, `key list ${path}`, `key add ${path}`]) {
    const { code, err } = await cli.run(line.split(" "), { DVAULT_PASSWORD: "wrong" });
    t.equal(code, 11, line);
    t.match(err, /^dvault: no key slot of the vault opens/);
    t.ok(readFileSync(path).equals(before), "not a byte changed");
  }
  t.equal((await cli.run(["ls", path], PASSWORD)).code, 0);
});

t.test("what is no vault is told by its exit code", async (t) => {
  const cli = await CommandLine.start(
    t.testdir({ "junk.dvault": "junk".repeat(5000), "empty.dvault": "" }),
  );
  const codeOf = async (path: string): Promise<number> =>
    (await cli.run(["ls", path], PASSWORD)).code;
  t.equal(await codeOf(join(cli.home, "none.dvault")), 13);
  t.equal(await codeOf("nobody"), 13);
  t.equal(await codeOf(join(cli.home, "junk.dvault")), 14);
  t.equal(await codeOf(join(cli.home, "empty.dvault")), 14);
  t.equal(readFileSync(join(cli.home, "junk.dvault")).length, 20_000);
});

t.test("files go in, are looked at, moved, removed and come out", async (t) => {
  const cli = await CommandLine.start(t.testdir({ "a.txt": "hello\n", dir: { b: "bee" } }));
  const { home } = cli;
  const vault = join(home, "v.dvault");
  await cli.run(["init", vault, "--recipient", cli.recipient]);
  await cli.ok("put", join(home, "a.txt"), join(home, "dir"), `${vault}:/`);
  t.equal(await cli.ok("ls", vault), "a.txt\ndir\n");
  t.equal(await cli.ok("ls -R", vault), "a.txt\ndir\ndir/b\n");
  t.equal(await cli.ok("ls", vault, "/dir", "/a.txt"), "/dir/b\n/a.txt\n");
  t.equal(await cli.ok("cat", vault, "/a.txt", "/dir/b"), "hello\nbee");
  await cli.ok("mkdir -p", `${vault}:/x/y/z`);
  await cli.ok("mv", vault, "/a.txt", "/dir/b", "/x/y");
  t.equal(await cli.ok("ls", `${vault}:/x/y`), "a.txt\nb\nz\n");
  await cli.ok("mv", vault, "/x/y/b", "/x/c");
  await cli.ok("get", `${vault}:/x`, join(home, "out"));
  t.same(Object.keys(treeSnapshot(join(home, "out"))), ["", "/c", "/y", "/y/a.txt", "/y/z"]);
  await cli.ok("get", `${vault}:/x/c`, join(home, "out"));
  t.equal(readFileSync(join(home, "out/c"), "utf8"), "bee");
  await cli.ok("rm -r", `${vault}:/x`);
  await cli.ok("rm -f", `${vault}:/x`);
  t.equal(await cli.ok("ls", vault), "dir\n");
});

t.test("listings are JSON arrays when asked for", async (t) => {
  const cli = await CommandLine.start(t.testdir({ "a.txt": "hello\n" }));
  const vault = join(cli.home, "v.dvault");
  await cli.run(["init", vault, "--recipient", cli.recipient]);
  const parse = async (command: string, ...operands: string[]): Promise<unknown> =>
    JSON.parse(await cli.ok(command, ...operands));
  t.same(await parse("ls --json", vault), []);
  symlinkSync("a.txt", join(cli.home, "link"));
  await cli.ok("put", join(cli.home, "a.txt"), join(cli.home, "link"), `${vault}:/`);
  t.match(await parse("ls --json", vault), [
    { path: "/a.txt", type: "file", size: 6, nlink: 1, mode: /^0\d{3}$/, mtime: /\.\d{9}Z$/ },
    { path: "/link", type: "symlink", target: "a.txt" },
  ]);
  t.match(await parse("stat --json", `${vault}:/link`), [{ type: "symlink", xattrs: [] }]);
  t.match(await parse("df --json", vault), [{ vault, used: Number, available: Number, inodes: 3 }]);
  t.match(await parse("key list --json", vault), [
    { kind: "recipient", recipient: cli.recipient, current: true },
  ]);
  t.match(
    await cli.ok("ls -lh", vault),
    /^-rw.{7} +1 +\d+ +\d+ +6 B \d{4}-.* a\.txt\nl.* link -> a\.txt\n$/,
  );
  t.match(await cli.ok("stat", `${vault}:/a.txt`), /type +file\n +size +6 bytes/);
  t.match(await cli.ok("df", vault), /used, .* available, 3 files and directories/);
});

t.test("what is not there, or of the wrong kind, is told with its path", async (t) => {
  const cli = await CommandLine.start(t.testdir({ f: "x" }));
  const vault = join(cli.home, "v.dvault");
  await cli.run(["init", vault, "--recipient", cli.recipient]);
  await cli.ok("mkdir", `${vault}:/d`);
  await cli.ok("put", join(cli.home, "f"), `${vault}:/f`);
  const cases: readonly (readonly [string, readonly string[], number, RegExp])[] = [
    ["cat", ["/none"], 12, /^dvault: \/none: no such file/],
    ["cat", ["/d"], 1, /^dvault: \/d: it is a directory/],
    ["cat", ["/f/x"], 1, /^dvault: \/f\/x: it is no directory/],
    ["ls", ["/none"], 12, /^dvault: \/none: no such file/],
    ["rm", ["/none"], 12, /^dvault: \/none: no such file/],
    ["rm", ["/d"], 1, /^dvault: \/d: it is a directory; -r/],
    ["rm -r", ["/"], 1, /root of the vault/],
    ["mkdir", ["/d"], 1, /^dvault: \/d: it exists already/],
    ["mkdir -p", ["/f/x"], 1, /^dvault: \/f: it is no directory/],
    ["mkdir", [`/${"x".repeat(256)}`], 1, /longer than 255 bytes/],
    ["mv", ["/none", "/x"], 12, /^dvault: \/none: no such file/],
    ["mv", ["/d", "/d/e"], 1, /^dvault: \/d\/e: /],
    ["mv", ["/d", "/f", "/none"], 1, /^dvault: \/none: it is no directory/],
    ["mv -n", ["/f", "/d/../f2/"], 12, /no such file/],
    ["stat", ["/none"], 12, /no such file/],
  ];
  for (const [command, paths, code, message] of cases) {
    const outcome = await cli.open(command, vault, ...paths);
    t.equal(outcome.code, code, `${command} ${paths[0]?.slice(0, 20)}`);
    t.match(outcome.err, message);
  }
  t.equal((await cli.open("put", join(cli.home, "none"), `${vault}:/`)).code, 1);
  t.match(await cli.open("put", join(cli.home, "f"), `${vault}:/none/`), { code: 1, err: /mkdir/ });
  t.match(await cli.open("get", `${vault}:/none`, cli.home), { code: 12 });
  t.match(await cli.open("get", `${vault}:/f`, `${vault}:/d`, join(cli.home, "f")), { code: 2 });
});

t.test("links inside the vault are followed, those that leave it are not", async (t) => {
  const cli = await CommandLine.start(t.testdir({ in: { d: { f: "found" } } }));
  const vault = join(cli.home, "v.dvault");
  for (const [target, name] of [
    ["d", "relative"],
    ["relative/../d/f", "chain"],
    ["/etc", "absolute"],
    ["loop", "loop"],
    ["nowhere", "dangling"],
  ]) {
    symlinkSync(target ?? "", join(cli.home, "in", name ?? ""));
  }
  await cli.run(["create", vault, join(cli.home, "in"), "--recipient", cli.recipient]);
  t.equal(await cli.ok("cat", vault, "/relative/f", "/chain", "/d/./../d//f"), "foundfoundfound");
  t.match(await cli.open("cat", vault, "/absolute/passwd"), { code: 1, err: /outside the vault/ });
  t.match(await cli.open("cat", vault, "/loop"), { code: 1, err: /too many levels/ });
  t.match(await cli.open("cat", vault, "/dangling"), { code: 12 });
  t.equal(await cli.ok("ls", vault, "/absolute"), "/absolute\n", "the link itself can be seen");
});

t.test("a directory becomes a vault and a directory again", async (t) => {
  const cli = await CommandLine.start(t.testdir({ in: { a: "1", sub: { b: "2" } } }));
  const { home } = cli;
  const [source, vault, out] = [join(home, "in"), join(home, "v.dvault"), join(home, "out")];
  writeFileSync(join(source, "big"), Buffer.alloc(2_500_000, "x"));
  const made = await cli.run([
    "create",
    vault,
    source,
    "--recipient",
    cli.recipient,
    "--compression",
    "deflate",
  ]);
  t.same([made.code, made.err], [0, ""]);
  t.ok(statSync(vault).size < 1_500_000, "compressed");
  await cli.ok("extract", vault, out);
  t.same(treeSnapshot(out), treeSnapshot(source));
  const again = await cli.open("extract", vault, out);
  t.equal(again.code, 2);
  t.match(again.err, /not empty: give --overwrite or --no-clobber/);
  writeFileSync(join(out, "a"), "changed");
  await cli.ok("extract --no-clobber", vault, out);
  t.equal(readFileSync(join(out, "a"), "utf8"), "changed");
  await cli.ok("extract --overwrite", vault, out);
  t.same(treeSnapshot(out), treeSnapshot(source));
  t.equal((await cli.run(["create", vault, source, "--recipient", cli.recipient])).code, 1);
});

t.test("standard input can be put, and bytes of any kind come out", async (t) => {
  const cli = await CommandLine.start(t.testdir());
  const vault = join(cli.home, "v.dvault");
  await cli.run(["init", vault, "--recipient", cli.recipient]);
  const context = testContext({ HOME: cli.home }, undefined, Buffer.from([0, 255, 10, 13]));
  const put = await cli.runIn(context, ["put", ...cli.key, "-", `${vault}:/stdin`]);
  t.equal(put.code, 0);
  const cat = await cli.open("cat", `${vault}:/stdin`);
  t.same([...cat.outBytes], [0, 255, 10, 13]);
});

t.test("names of any bytes are listed, found and shown as JSON", async (t) => {
  const cli = await CommandLine.start(t.testdir({ in: {} }));
  const vault = join(cli.home, "v.dvault");
  const name = Buffer.from([0x63, 0xe9, 0x1b, 0x0a]);
  writeFileSync(Buffer.concat([Buffer.from(`${cli.home}/in/`), name]), "x");
  await cli.run(["create", vault, join(cli.home, "in"), "--recipient", cli.recipient]);
  const listed = await cli.open("ls", vault);
  t.same(listed.outBytes, Buffer.concat([name, Buffer.from("\n")]));
  const [entry] = JSON.parse(await cli.ok("ls --json", vault)) as { path: string }[];
  t.equal(entry?.path, "/c\udce9\u001b\n");
  t.equal(await cli.ok("cat", vault, entry?.path ?? ""), "x");
  const missing = await cli.open("cat", vault, "/c\udce9\u001b[2J");
  t.equal(missing.err, "dvault: /c\\xe9\\x1b[2J: no such file or directory\n");
});

t.test("the default vault is made at first use, and known by name from then on", async (t) => {
  const cli = await CommandLine.start(t.testdir({ f: "x" }));
  const first = await cli.run(["put", join(cli.home, "f"), "/"], PASSWORD);
  t.equal(first.code, 0);
  const path = join(cli.home, ".local/share/dvault/default.dvault");
  t.equal(first.err, `dvault: making the default vault, ${path}\n`);
  const config = JSON.parse(readFileSync(join(cli.home, ".config/dvault/config.json"), "utf8"));
  t.same(config, { default: "default", vaults: { default: { store: path } } });
  t.same(await cli.run(["ls"], PASSWORD), {
    code: 0,
    out: "f\n",
    err: "",
    outBytes: Buffer.from("f\n"),
  });
  t.equal((await cli.run(["cat", "default:/f"], PASSWORD)).out, "x");
  t.equal((await cli.run(["cat", ":f"], PASSWORD)).out, "x");
});

t.test("named vaults are kept by name, with how they store data", async (t) => {
  const cli = await CommandLine.start(t.testdir({ f: Buffer.alloc(500_000, "x") }));
  const made = await cli.run([
    "init",
    "work",
    "--recipient",
    cli.recipient,
    "--compression",
    "deflate",
  ]);
  t.equal(made.code, 0);
  const path = join(cli.home, ".local/share/dvault/work.dvault");
  const config = JSON.parse(readFileSync(join(cli.home, ".config/dvault/config.json"), "utf8"));
  t.same(config, { default: "work", vaults: { work: { store: path, compression: "deflate" } } });
  const before = statSync(path).size;
  await cli.ok("put", join(cli.home, "f"), "work:/");
  t.ok(statSync(path).size - before < 450_000, "compressed as the config says");
  t.equal((await cli.run(["init", "work", "--recipient", cli.recipient])).code, 1);
});

t.test("keys are added, used, changed and removed", async (t) => {
  const cli = await CommandLine.start(t.testdir());
  const vault = join(cli.home, "v.dvault");
  await cli.run(["init", vault, "--label", "first", ...CHEAP], PASSWORD);
  const as = (password: string): Record<string, string> => ({
    DVAULT_PASSWORD: password,
    DVAULT_NEW_PASSWORD: "second",
  });
  const add = await cli.run(
    ["key", "add", vault, "--label", "other", ...CHEAP],
    as("correct horse"),
  );
  t.match(add, { code: 0, out: /^[0-9a-f]{16}\n$/ });
  const list = await cli.run(["key", "list", vault], as("second"));
  t.match(list.out, /^ {2}\w{16} {2}password .* first\n\* \w{16} {2}password .* other\n$/);
  const recipient = ["--recipient", cli.recipient];
  t.equal((await cli.run(["key", "add", vault, ...recipient], as("second"))).code, 0);
  t.equal(await cli.ok("ls", vault), "");
  const changed = await cli.run(
    ["key", "change-password", vault, "--new-password-command", "echo third", ...CHEAP],
    as("correct horse"),
  );
  t.match(changed, { code: 0, err: /still open with the old password/ });
  t.equal((await cli.run(["ls", vault], as("correct horse"))).code, 11);
  t.equal((await cli.run(["ls", vault], as("third"))).code, 0);
  t.match(await cli.open("key change-password", vault), { code: 2, err: /is no password/ });
  const slots = JSON.parse(await cli.ok("key list --json", vault)) as { id: string }[];
  for (const { id } of slots.slice(0, 2)) await cli.ok("key remove", vault, id.slice(0, 12));
  t.equal((await cli.run(["ls", vault], as("third"))).code, 11);
  t.match(await cli.open("key remove", vault, slots[2]?.id ?? ""), { code: 1, err: /last one/ });
  t.match(await cli.open("key remove", vault, "ffff"), { code: 12 });
});

t.test("each command is loaded by the names it has", async (t) => {
  for (const { names, load } of commandTable) t.same((await load()).names, names);
});
