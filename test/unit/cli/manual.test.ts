import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import t from "tap";
import { ExitCode } from "../../../src/cli/exit-code.ts";
import { readMountWords } from "../../../src/cli/mount-words.ts";
import { CommandLine } from "../../support/command-line.ts";
import { untraced } from "../../support/untraced.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const manual = readFileSync(join(root, "docs/CLI.md"), "utf8");
const helperManual = readFileSync(join(root, "docs/FSTAB.md"), "utf8");

/** Runs a program that checks files; undefined where it is not installed. */
function lint(program: string, ...args: readonly string[]): string | undefined {
  const { error, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
  return error === undefined ? stdout + stderr : undefined;
}

/** The part of the manual about a command. */
function section(command: string): string {
  const [, text = ""] =
    new RegExp(`^### .*\\b${command}\\b.*\\n([^]*?)(?=^##)`, "m").exec(manual) ?? [];
  return text;
}

t.test("the manual names every command and every option", async (t) => {
  const cli = await CommandLine.start(t.testdir());
  const { out } = await cli.run(["--help"]);
  const names = [...out.matchAll(/^ {2}dvault (\w+) /gm)].map(([, name = ""]) => name);
  const keys = ["list", "add", "remove", "change-password", "export-recovery", "rotate"].map(
    (name) => `key ${name}`,
  );
  const snapshots = ["create", "list", "delete", "diff", "restore"].map(
    (name) => `snapshot ${name}`,
  );
  const single = names.filter((name) => !["key", "snapshot"].includes(name));
  for (const command of [...single, ...keys, ...snapshots]) {
    const about = section(command);
    t.not(about, "", `there is a section about ${command}`);
    t.match(about, `dvault ${command}`);
    const help = await cli.run([...command.split(" "), "--help"]);
    const options = [...help.out.matchAll(/^ +(?:-\w, )?(--[\w-]+) /gm)].map(
      ([, name = ""]) => name,
    );
    for (const option of options.filter((name) => !["--help", "--version"].includes(name))) {
      t.match(manual, option, `${command} ${option}`);
    }
  }
});

t.test("the manual tells every exit code", async (t) => {
  const table = manual.slice(manual.indexOf("## Exit codes"));
  const told = [...table.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));
  t.same(
    told,
    [...new Set(Object.values(ExitCode))].sort((a, b) => a - b),
  );
});

t.test("the manual of the mount helper names every word of -o", async (t) => {
  const message = t.throws(() => readMountWords(["bogus"])) as unknown as Error;
  const words = message.message.match(/[a-z_]+=?(?=[, ]|$)/g) ?? [];
  t.ok(words.length > 10);
  const table = helperManual.slice(helperManual.indexOf("## Options"));
  const known = words.filter((word) => !["o", "bogus", "there", "are", "and"].includes(word));
  for (const word of known) t.match(table, `\`${word}`, word);
});

t.test("both manuals become man pages without a fault", async (t) => {
  const out = t.testdir();
  const { status, stderr } = spawnSync(...untraced(join(root, "scripts/build-man"), [out]), {
    encoding: "utf8",
  });
  t.equal(status, 0, stderr);
  t.match(readFileSync(join(out, "dvault.1"), "utf8"), /^\.TH "DVAULT" "1"/);
  for (const page of ["dvault.1", "mount.fuse.dvault.8"]) {
    t.equal(lint("mandoc", "-Tlint", "-Werror", join(out, page)) ?? "", "", page);
    t.notMatch(lint("man", "--warnings=mac,font,char", "-l", join(out, page)) ?? "", /warning:/);
  }
});

t.test("the unit files of the manual hold before systemd", async (t) => {
  const directory = t.testdir();
  const blocks = [...helperManual.matchAll(/^```ini\n# (\S+)\n([^`]*)^```/gm)];
  t.equal(blocks.length, 4);
  for (const [, path = "", text = ""] of blocks) {
    const isUser = path.startsWith("~");
    const place = join(directory, isUser ? "user" : "system");
    mkdirSync(place, { recursive: true });
    const unit = join(place, basename(path));
    // What is not installed here would be complained about.
    writeFileSync(unit, text.replaceAll("/usr/local/bin/dvault", process.execPath));
    const mode = isUser ? ["--user"] : [];
    const said = lint("systemd-analyze", ...mode, "--man=no", "verify", unit) ?? "";
    t.notMatch(said, new RegExp(`${basename(path)}:`), said);
  }
});
