import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { CommandLine } from "../../support/command-line.ts";

const CHEAP = ["--kdf-passes", "1"];

t.test("a recovery code opens a vault whose passwords are lost", async (t) => {
  const cli = await CommandLine.start(t.testdir());
  const vault = join(cli.home, "v.dvault");
  await cli.run(["init", vault, "--recipient", cli.recipient]);
  const made = await cli.open("key export-recovery --label safe", vault);
  t.match(made, { code: 0, out: /^DVAULT1(-[0-9A-Z]{4}){8}\n$/, err: /is not shown again/ });
  const code = made.out.trim();
  const id = /key (\w{16})/.exec(made.err)?.[1] ?? "";
  t.notMatch(readFileSync(vault, "latin1"), code.slice(8));
  t.match(await cli.ok("key list", vault), new RegExp(`  ${id}  recovery  .*  safe\\n`));
  t.equal(await cli.ok("key list", `${vault}:`), await cli.ok("key list", vault), "as in paths");

  const lost = { DVAULT_RECOVERY_CODE: code };
  const list = await cli.run(["key", "list", vault, "--recovery-code"], lost);
  t.match(list, { code: 0, out: new RegExp(`\\* ${id}`) });
  const anew = { ...lost, DVAULT_NEW_PASSWORD: "new" };
  t.match(await cli.run(["key", "add", vault, "--recovery-code", ...CHEAP], anew), { code: 0 });
  t.match(await cli.run(["ls", vault], { DVAULT_PASSWORD: "new" }), { code: 0 });

  await cli.ok("key remove", vault, id);
  t.match(await cli.run(["ls", vault, "--recovery-code"], lost), {
    code: 11,
    err: /no key slot of the vault opens with this recovery code/,
  });
});

t.test("a recovery code that was copied wrong is told before anything is tried", async (t) => {
  const cli = await CommandLine.start(t.testdir());
  const vault = join(cli.home, "v.dvault");
  await cli.run(["init", vault, "--recipient", cli.recipient]);
  const [code = ""] = (await cli.ok("key export-recovery", vault)).split("\n");
  const digit = code[9] === "Q" ? "P" : "Q";
  const wrong = { DVAULT_RECOVERY_CODE: `${code.slice(0, 9)}${digit}${code.slice(10)}` };
  t.match(await cli.run(["ls", vault, "--recovery-code"], wrong), {
    code: 2,
    err: "dvault: the recovery code was not copied right: a digit of group 1 is wrong\n",
  });
  t.match(await cli.run(["init", "other", "--recovery-code"], wrong), {
    code: 2,
    err: /makes none/,
  });
});

t.test("a recovery code goes to a file of one's own, or into an object", async (t) => {
  const cli = await CommandLine.start(t.testdir());
  const vault = join(cli.home, "v.dvault");
  const output = join(cli.home, "code");
  await cli.run(["init", vault, "--recipient", cli.recipient]);
  t.match(await cli.ok(`key export-recovery --output ${output}`, vault), /^[0-9a-f]{16}\n$/);
  t.equal(statSync(output).mode & 0o777, 0o600);
  t.match(readFileSync(output, "utf8"), /^DVAULT1(-\w{4}){8}\n$/);
  const opened = await cli.run(["ls", vault, "--recovery-code", "--password-file", output]);
  t.match(opened, { code: 0 });
  const again = await cli.open(`key export-recovery --output ${output}`, vault);
  t.match(again, { code: 2, err: /cannot write the recovery code to .*code: / });
  const { code, id } = JSON.parse(await cli.ok("key export-recovery --json", vault));
  t.match(code, /^DVAULT1-/);
  const slots = JSON.parse(await cli.ok("key list --json", vault)) as { id: string }[];
  t.equal(slots.length, 3, "the refused one was not added");
  t.equal(slots[2]?.id, id);
});
