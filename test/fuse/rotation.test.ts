/** A change of the vault key in the process of a mount, which goes on with it, dies with it, and is taken up by the next. */
import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import t from "tap";
import { isAlive, Program, servingPid, until } from "../support/dvault-program.ts";
import { cannotMount } from "../support/mounted-memory.ts";

const skip = cannotMount();
if (skip) t.plan(0, skip);

// Each step is a program of its own, which takes its time on a busy machine.
t.setTimeout(600_000);

const FILES = 60;
const FILE_BYTES = 1_000_000;
const WRONG_KEY = 11;

/** Writes a file, durably. */
function save(path: string, content: Uint8Array): void {
  const file = openSync(path, "w");
  writeSync(file, content);
  fsyncSync(file);
  closeSync(file);
}

t.test("key rotate on a mount goes on beside writing, and after kill -9", async (t) => {
  const dvault = await Program.start(t);
  const removed = await Program.start(t);
  const vault = `dir:${dvault.path("place")}`;
  const mountpoint = dvault.directory("m");
  const made = ["init", vault, "--recipient", dvault.recipient, "--recipient", removed.recipient];
  t.equal(dvault.run(made).code, 0);
  const open = ["ls", ...removed.key, vault];
  t.equal(dvault.run(open).code, 0);
  const [, other] = JSON.parse(dvault.ok("key list --json", vault)) as { id: string }[];
  dvault.ok("key remove", vault, other?.id ?? "");
  dvault.ok("mount", vault, mountpoint);
  const contents = new Map<string, Buffer>();
  const write = (name: string): void => {
    const content = randomBytes(FILE_BYTES);
    save(join(mountpoint, name), content);
    contents.set(name, content);
  };
  for (let n = 0; n < FILES; n++) write(`file ${n}`);

  const pid = servingPid(dvault);
  let isAnswered = false;
  const rotating = dvault.runBeside(["key", "rotate", ...dvault.key, "--yes", mountpoint]);
  const answer = rotating.finally(() => {
    isAnswered = true;
  });
  for (let n = 0; !isAnswered && dvault.status()[0]?.rotation === undefined; n++) {
    write(`beside ${n}`);
    await delay(0);
  }
  process.kill(pid, "SIGKILL");
  await until(() => !isAlive(pid));
  t.comment(`the mount died with the answer ${(await answer).code}`);

  dvault.ok("mount", vault, mountpoint);
  while (dvault.status()[0]?.rotation !== undefined) await delay(100);
  writeFileSync(join(mountpoint, "later"), "under the new key");
  for (const [name, content] of contents) {
    if (!readFileSync(join(mountpoint, name)).equals(content)) t.fail(`${name} is not as it was`);
  }
  t.equal(dvault.run(["unmount", mountpoint]).code, 0);
  t.match(dvault.ok("check --read-data", vault), /whole/);
  t.equal(dvault.run(open).code, WRONG_KEY, "whoever was removed is shut out");
});
