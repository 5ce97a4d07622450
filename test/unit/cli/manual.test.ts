import { readFileSync } from "node:fs";
import t from "tap";
import { ExitCode } from "../../../src/cli/exit-code.ts";
import { CommandLine } from "../../support/command-line.ts";

const manual = readFileSync(new URL("../../../docs/CLI.md", import.meta.url), "utf8");

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
  const keys = ["list", "add", "remove", "change-password"].map((name) => `key ${name}`);
  for (const command of [...names.filter((name) => name !== "key"), ...keys]) {
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
