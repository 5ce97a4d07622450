/**
 * An older state of a vault in the place of a newer one is refused by whoever has seen the newer.
 *
 * @module
 */
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { CommitNotes } from "../../../src/cli/seen/commit-notes.ts";
import { HEADER_SLOT_SIZE } from "../../../src/stores/file/layout.ts";
import { CommandLine } from "../../support/command-line.ts";
import { DiscordClient } from "../../support/discord-client.ts";
import { discordDesk } from "../../support/discord-desk.ts";

const OLDER = { code: 16, err: /--allow-rollback/ };

interface Files {
  readonly cli: CommandLine;
  readonly vault: string;
  /** The vault as it was before `b` was put into it. */
  readonly older: string;
}

async function twoStates(t: Test): Promise<Files> {
  const home = t.testdir({ a: "first", b: "second" });
  const cli = await CommandLine.start(home);
  const [vault, older] = [join(home, "v.dvault"), join(home, "older.dvault")];
  await cli.run(["init", vault, "--recipient", cli.recipient]);
  await cli.ok("put", join(home, "a"), `${vault}:/`);
  copyFileSync(vault, older);
  await cli.ok("put", join(home, "b"), `${vault}:/`);
  return { cli, vault, older };
}

function seenFiles({ home }: CommandLine): string[] {
  const folder = join(home, ".local/state/dvault/seen");
  return readdirSync(folder).map((name) => join(folder, name));
}

t.test(
  "a file that was put back is refused by all that open it, until that is accepted",
  async (t) => {
    const { cli, vault, older } = await twoStates(t);
    const [seen = "", ...others] = seenFiles(cli);
    t.same(others, []);
    t.equal(statSync(seen).mode & 0o777, 0o600);
    copyFileSync(older, vault);
    const before = readFileSync(vault);
    for (const command of ["ls", "check", "df", "key list"]) {
      t.match(await cli.open(command, vault), OLDER, command);
    }
    const message =
      /v\.dvault is at commit \d+ \(.*\), and this machine has seen commit \d+ .* there/;
    t.match(await cli.open("cat", `${vault}:/a`), { code: 16, out: "", err: message });
    t.match(await cli.open("put", join(cli.home, "b"), `${vault}:/`), OLDER);
    t.ok(readFileSync(vault).equals(before), "what is refused is not written to");
    const accepted = await cli.open("ls --allow-rollback", vault);
    t.match(accepted, { code: 0, out: "a\n", err: "" });
    t.match(await cli.open("ls", vault), { code: 0, out: "a\n", err: "" }, "and is remembered");
    await cli.ok("put", join(cli.home, "b"), `${vault}:/c`);
    copyFileSync(older, vault);
    t.match(await cli.open("ls", vault), OLDER);
  },
);

t.test("another history of the same length is refused too", async (t) => {
  const { cli, vault, older } = await twoStates(t);
  await cli.ok("ls --allow-rollback", older);
  await cli.ok("put", join(cli.home, "a"), `${older}:/other`);
  copyFileSync(older, vault);
  t.match(await cli.open("ls", vault), { code: 16, err: /is at another commit \d+/ });
});

t.test("copies have histories of their own, once they were accepted", async (t) => {
  const { cli, vault, older } = await twoStates(t);
  const copy = join(cli.home, "copy.dvault");
  copyFileSync(vault, copy);
  t.match(await cli.open("ls", copy), { code: 0, out: "a\nb\n", err: "" }, "an equal copy is fine");
  for (let n = 0; n < 3; n++) await cli.ok("put", join(cli.home, "a"), `${vault}:/${n}`);
  t.match(await cli.open("ls", copy), { code: 0, out: "a\nb\n", err: "" }, "and stays so");
  const message =
    /of the same vault in .*v\.dvault: it is an older copy or backup; --allow-rollback/;
  t.match(await cli.open("ls", older), { code: 16, err: message }, "a new place is no way around");
  await cli.ok("ls --allow-rollback", older);
  t.match(await cli.open("ls", older), { code: 0, out: "a\n", err: "" });
  t.match(await cli.open("ls", vault), { code: 0, err: "" }, "the newest is what it was");
});

t.test("either header of a file may be damaged: that is no older state", async (t) => {
  const { cli, vault } = await twoStates(t);
  const whole = readFileSync(vault);
  for (const slot of [0, 1]) {
    writeFileSync(
      vault,
      Buffer.from(whole).fill(7, slot * HEADER_SLOT_SIZE, slot * HEADER_SLOT_SIZE + 9),
    );
    const listed = await cli.open("ls", vault);
    t.match(listed, { code: 0, out: "a\nb\n", err: /header slot \d is damaged/ });
  }
});

t.test("a fork under a replaced vault key is refused, however long it is", async (t) => {
  const { cli, vault, older } = await twoStates(t);
  await cli.ok("key rotate --yes", vault);
  const theirs = { XDG_STATE_HOME: join(cli.home, "theirs") };
  for (let n = 0; n < 9; n++) {
    const put = ["put", ...cli.key, join(cli.home, "a"), `${older}:/${n}`];
    t.match(await cli.run(put, theirs), { code: 0 });
  }
  const rotated = readFileSync(vault);
  copyFileSync(older, vault);
  const message = /dvault is at commit \d+ .* under a vault key that was replaced, as .* seen in/;
  t.match(await cli.open("ls", vault), { code: 16, out: "", err: message });
  writeFileSync(vault, rotated);
  t.match(await cli.open("ls", vault), { code: 0, out: "a\nb\n", err: "" });
  const elsewhere = join(cli.home, "elsewhere.dvault");
  copyFileSync(older, elsewhere);
  t.match(
    await cli.open("ls", elsewhere),
    { code: 16, err: message },
    "a new place is no way around",
  );
  copyFileSync(elsewhere, vault);
  t.match(await cli.open("ls --allow-rollback", vault), { code: 0 });
  t.match(await cli.open("ls", vault), { code: 0, err: "" }, "what was accepted is remembered");
});

t.test("a machine that cannot remember says so, and goes on", async (t) => {
  const { cli, vault, older } = await twoStates(t);
  const [seen = ""] = seenFiles(cli);
  writeFileSync(seen, "{");
  copyFileSync(older, vault);
  t.match(await cli.open("ls", vault), { code: 0, out: "a\n", err: "" }, "as if it knew nothing");
  rmSync(seen);
  mkdirSync(seen);
  const listed = await cli.open("ls", vault);
  t.match(listed, { code: 0, out: "a\n", err: /cannot remember the newest commit/ });
  t.equal(listed.err.split("cannot remember").length, 2, "once");
});

t.test(
  "a folder of objects that was put back is refused, also with its local database",
  async (t) => {
    const home = t.testdir({ a: "first", b: "second" });
    const cli = await CommandLine.start(home);
    const [folder, backup] = [join(home, "objects"), join(home, "backup")];
    const place = `dir:${folder}`;
    await cli.run(["init", place, "--recipient", cli.recipient]);
    await cli.ok("put", join(home, "a"), `${place}:/`);
    cpSync(folder, backup, { recursive: true });
    await cli.ok("put", join(home, "b"), `${place}:/`);
    rmSync(folder, { recursive: true });
    cpSync(backup, folder, { recursive: true });
    t.match(await cli.open("ls", place), OLDER);
    rmSync(join(home, ".local/state/dvault/pages"), { recursive: true });
    t.match(await cli.open("ls", place), OLDER, "a lost local database changes nothing");
    const report = await cli.run(["recover", "--report", ...cli.key, place]);
    t.match(report, { code: 15, out: /this machine has seen commit \d+ of / });
    t.match(await cli.open("ls --allow-rollback", place), { code: 0, out: "a\n", err: "" });
    await cli.ok("put", join(home, "b"), `${place}:/`);
    t.match(await cli.open("ls", place), { code: 0, out: "a\nb\n", err: "" });
  },
);

t.test("what was never published may be given up without a word about it", async (t) => {
  const home = t.testdir({ a: "first" });
  const cli = await CommandLine.start(home);
  const place = `dir:${join(home, "objects")}`;
  await cli.run(["init", place, "--recipient", cli.recipient]);
  await cli.ok("put --no-wait", join(home, "a"), `${place}:/`);
  rmSync(join(home, ".local/state/dvault/pages"), { recursive: true });
  t.match(await cli.open("ls", place), { code: 0, out: "", err: "" });
});

t.test("a header message that is taken away at Discord is missed", async (t) => {
  const desk = await discordDesk(t);
  const { line, url, config, env, home } = desk;
  await desk.run("init", "far", "--store", url, "--recipient", line.recipient, "--accept-policy");
  writeFileSync(join(home, "a"), "first");
  const here = (command: string, ...rest: readonly string[]) =>
    desk.run(...command.split(" "), ...line.key, ...rest);
  t.match(await here("put", join(home, "a"), "far:/"), { code: 0 });
  const client = new DiscordClient(env.DVAULT_DISCORD_API ?? "", env.DVAULT_DISCORD_TOKEN);
  const channel = `/channels/${config.headerChannel}/messages`;
  const { json: messages } = await client.get(`${channel}?limit=100`);
  const newest = messages.find(({ content }: { content: string }) => content.startsWith("dv1c"));
  t.equal((await client.delete(`${channel}/${newest.id}`)).status, 204);
  rmSync(join(home, ".local/state/dvault/pages"), { recursive: true });
  t.match(await here("ls", "far:/"), {
    code: 16,
    out: "",
    err: /is at commit \d+ .* has seen commit/,
  });
  t.match(await here("ls --allow-rollback", "far:/"), { code: 0, out: "" });
});

t.test("a commit is remembered a while later, and an idle vault waits for nothing", async (t) => {
  const due: (() => void)[] = [];
  const passTime = (): void => due.pop()?.();
  let isFinal = true;
  let noted = 0;
  const notes = new CommitNotes({
    timer: (_, body) => {
      due.push(body);
      return () => due.splice(0);
    },
    note: () => {
      noted += 1;
      return isFinal;
    },
  });
  notes.expect();
  notes.expect();
  t.equal(due.length, 1, "once for many commits");
  passTime();
  t.equal(noted, 1);
  t.equal(due.length, 0);
  isFinal = false;
  notes.expect();
  passTime();
  t.equal(due.length, 1, "again while the commit may be given up yet");
  isFinal = true;
  passTime();
  t.equal(noted, 3);
  t.equal(due.length, 0);
  notes.expect();
  notes.stop();
  notes.expect();
  t.equal(due.length, 0);
});
