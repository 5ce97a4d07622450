import { randomBytes } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
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

t.test("rotate shuts out a key that was removed, and asks about what it keeps", async (t) => {
  const cli = await CommandLine.start(t.testdir());
  const vault = join(cli.home, "v.dvault");
  const file = join(cli.home, "file");
  writeFileSync(file, "content ".repeat(40_000));
  await cli.run(["init", vault, "--recipient", cli.recipient]);
  const add = (password: string): Promise<unknown> =>
    cli.run(["key", "add", vault, ...cli.key, ...CHEAP], { DVAULT_NEW_PASSWORD: password });
  await add("mine");
  await add("theirs");
  await cli.ok("put", file, `${vault}:/file`);
  await cli.ok("snapshot create", vault, "then");
  const code = (await cli.ok("key export-recovery", vault)).trim();
  const [, , theirs] = JSON.parse(await cli.ok("key list --json", vault)) as { id: string }[];
  const old = readFileSync(vault);

  t.match(await cli.open("key rotate --yes", vault), { code: 2, err: /passwords of all keys/ });
  const other = join(cli.home, "mine");
  writeFileSync(other, "mine\n", { mode: 0o600 });
  const removed = await cli.open("key remove", vault, theirs?.id ?? "");
  t.match(removed.err, /run dvault key rotate to shut them out/);
  const rotate = `key rotate --other-password-file ${other} --json`;
  t.match(await cli.open(rotate, vault), { code: 2, err: /say --yes when they are right/ });
  const rotated = await cli.open(`${rotate} --yes`, vault);
  t.match(rotated, { code: 0, err: /the old key is kept for snapshots made before: then;/ });
  t.match(JSON.parse(rotated.out), { isDone: true, lostPages: 0, heldBy: ["then"], dropped: [] });
  await cli.ok("rm", `${vault}:/file`);
  await cli.ok("snapshot restore", vault, "then");
  await cli.ok("snapshot delete", vault, "then");
  const resumed = await cli.open(rotate, vault);
  t.match(resumed, { code: 0, err: /pages of the old one are left: going on with them/ });
  t.match(JSON.parse(resumed.out), { isDone: true, lostPages: 0, heldBy: [] });

  t.equal((await cli.run(["ls", vault], { DVAULT_PASSWORD: "mine" })).out, "file\n");
  const recovered = await cli.run(["cat", `${vault}:/file`, "--recovery-code"], {
    DVAULT_RECOVERY_CODE: code,
  });
  t.equal(recovered.out, "content ".repeat(40_000));
  t.match(await cli.open("check --read-data", vault), { code: 0 });
  writeFileSync(join(cli.home, "old.dvault"), old);
  const opened = await cli.ok("ls --allow-rollback", join(cli.home, "old.dvault"));
  t.equal(opened, "file\n", "an old copy still opens");
});

t.test("compact says what it gains, and makes the file shorter", async (t) => {
  const cli = await CommandLine.start(t.testdir());
  const vault = join(cli.home, "v.dvault");
  const file = join(cli.home, "file");
  writeFileSync(file, randomBytes(3_000_000));
  await cli.run(["init", vault, "--recipient", cli.recipient]);
  await cli.ok("put", file, `${vault}:/a`);
  await cli.ok("put", file, `${vault}:/b`);
  await cli.ok("rm", `${vault}:/a`);
  const before = statSync(vault).size;
  const bytesBefore = readFileSync(vault);
  t.match(await cli.ok("compact --dry-run", vault), /was 6\.\d MiB, would be 3\.\d MiB\n$/);
  t.ok(readFileSync(vault).equals(bytesBefore), "nothing was written");
  const { bytesAfter } = JSON.parse(await cli.ok("compact --json", vault)) as {
    bytesAfter: number;
  };
  t.ok(bytesAfter < 0.6 * before, `${bytesAfter} of ${before}`);
  t.ok(statSync(vault).size <= bytesAfter);
  t.match(await cli.open("check --read-data", vault), { code: 0 });
  const shown = await cli.open("cat", `${vault}:/b`);
  t.ok(shown.outBytes.equals(readFileSync(file)));

  await cli.ok("put", file, `${vault}:/c`);
  await cli.ok("snapshot create", vault, "then");
  await cli.ok("rm", `${vault}:/b`);
  const pinned = await cli.open("compact", vault);
  t.match(pinned, { code: 0 });
  t.match(await cli.open("check --read-data", vault), { code: 0 });
});
