/** The life of a mount over a remote vault: publishing, ending, losing the lease, and readers elsewhere. */
import { once } from "node:events";
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import type { RemoteStatus } from "../../src/mount/mount-status.ts";
import {
  type Ended,
  isAlive,
  isMounted,
  Program,
  servingPid,
  until,
} from "../support/dvault-program.ts";
import { cannotMount } from "../support/mounted-memory.ts";

const skip = cannotMount();
if (skip) t.plan(0, skip);

// Each step is a program of its own, which takes its time on a busy machine.
t.setTimeout(600_000);

/** A machine: a home of its own, with a key that may be another's. */
class Machine {
  readonly program: Program;
  readonly mountpoint: string;
  readonly #key: readonly string[];

  constructor(program: Program, key: readonly string[] = program.key) {
    this.program = program;
    this.mountpoint = program.directory("m");
    this.#key = key;
  }

  mount(place: string, ...options: readonly string[]): Ended {
    return this.program.run(["mount", ...this.#key, ...options, place, this.mountpoint]);
  }

  path(name: string): string {
    return join(this.mountpoint, name);
  }

  get remote(): RemoteStatus {
    const [mount] = this.program.status();
    if (mount?.remote === undefined) throw new Error("no remote vault is mounted");
    return mount.remote;
  }

  unmount(...options: readonly string[]): Ended {
    return this.program.run(["unmount", ...options, this.mountpoint]);
  }
}

/** Two machines, and the place of a vault that both can open. */
async function twoMachines(t: Test): Promise<readonly [Machine, Machine, string]> {
  const first = await Program.start(t);
  const second = await Program.start(t);
  const place = `dir:${first.path("place")}`;
  const made = first.run(["init", place, "--recipient", first.recipient]);
  if (made.code !== 0) throw new Error(made.err);
  return [new Machine(first), new Machine(second, first.key), place];
}

t.test("unmounting publishes, and another machine sees everything", async (t) => {
  const [here, there, place] = await twoMachines(t);
  t.same(here.mount(place), { code: 0, out: "", err: "" });
  writeFileSync(here.path("a"), Buffer.alloc(300_000, "x"));
  t.same(here.unmount(), { code: 0, out: "", err: "" });
  rmSync(join(here.program.home, ".local"), { recursive: true });
  t.equal(there.mount(place).code, 0);
  t.equal(readFileSync(there.path("a")).length, 300_000);
  t.match(there.remote, { pendingCommits: 0, lease: { kind: "held" }, traffic: { lanes: [{}] } });
  const shown = there.program.run(["status"]).out;
  for (const title of ["vault", "local", "remote", "lanes", "lease", "cache", "objects"]) {
    t.match(shown, new RegExp(`^  ${title} +\\S`, "m"));
  }
  t.equal(there.unmount().code, 0);
});

t.test("flush publishes under a live mount, and without one what was left", async (t) => {
  const [here, there, place] = await twoMachines(t);
  here.mount(place);
  writeFileSync(here.path("a"), "one");
  t.match(JSON.parse(here.program.run(["flush", "--json", here.mountpoint]).out), {
    vault: here.mountpoint,
    pendingBytes: 0,
    pendingCommits: 0,
  });
  writeFileSync(here.path("a"), "two");
  t.match(here.unmount("--no-wait"), { code: 0, err: /on this machine only: the next mount/ });
  t.notOk(isMounted(here.mountpoint));
  t.same(here.program.run(["flush", place]), { code: 0, out: "", err: "" });
  t.equal(there.mount(place).code, 0);
  t.equal(readFileSync(there.path("a"), "utf8"), "two");
  there.unmount();
});

t.test("flush and gc say what they have to do with a file", async (t) => {
  const dvault = await Program.start(t);
  const vault = dvault.vault("v.dvault");
  t.match(dvault.run(["flush", vault, "--json"]), { code: 0, out: /"pendingCommits":0/ });
  t.match(dvault.run(["flush", dvault.path("none.dvault")]), { code: 13 });
  t.match(dvault.run(["gc", vault]), { code: 2, err: /uses its room again by itself/ });
  const machine = new Machine(dvault);
  machine.mount(vault);
  writeFileSync(machine.path("a"), "a");
  t.equal(dvault.run(["flush", machine.mountpoint]).code, 0);
  t.match(dvault.run(["gc", machine.mountpoint]), { code: 2, err: /uses its room again/ });
  t.match(dvault.status(), [{ unsafeBytes: 0 }]);
  t.notOk(dvault.status()[0]?.remote);
  t.same(machine.unmount(), { code: 0, out: "", err: "" });
});

t.test("gc cleans through the mount", async (t) => {
  const [here, , place] = await twoMachines(t);
  here.mount(place);
  writeFileSync(here.path("big"), Buffer.alloc(2_000_000, "x"));
  here.program.run(["flush", here.mountpoint]);
  rmSync(here.path("big"));
  t.match(here.program.run(["gc", "--dry-run", place]).out, /would be deleted/);
  const report = JSON.parse(here.program.run(["gc", "--json", place]).out);
  t.match(report, { vault: place, dryRun: false, unreadable: 0 });
  here.unmount();
  t.match(here.program.run(["gc", place]), { code: 0, out: /objects? rewritten/ });
});

t.test("what was not published survives a signal, umount and kill -9", async (t) => {
  const [here, there, place] = await twoMachines(t);
  const endings = ["SIGTERM", "SIGKILL"] as const;
  for (const signal of endings) {
    t.same(here.mount(place), { code: 0, out: "", err: "" });
    const fd = openSync(here.path(signal), "w");
    writeSync(fd, signal);
    fsyncSync(fd);
    closeSync(fd);
    t.ok(here.remote.pendingCommits > 0, "fsync is local");
    const pid = servingPid(here.program);
    process.kill(pid, signal);
    await until(() => !isAlive(pid));
    if (signal === "SIGKILL") here.unmount();
    t.notOk(isMounted(here.mountpoint));
  }
  here.mount(place);
  t.ok(here.remote.pendingCommits > 0);
  t.equal(here.unmount().code, 0);
  there.mount(place);
  for (const signal of endings) t.equal(readFileSync(there.path(signal), "utf8"), signal);
  there.unmount();
});

t.test(
  "a reader elsewhere follows: names, contents and attributes of what it has seen",
  async (t) => {
    const [here, there, place] = await twoMachines(t);
    here.mount(place);
    for (const name of ["kept", "gone", "longer"]) writeFileSync(here.path(name), name);
    here.program.run(["flush", here.mountpoint]);
    t.equal(there.mount(place, "-r", "--follow", "0.2").code, 0);
    t.same(readdirSync(there.mountpoint).sort(), ["gone", "kept", "longer"]);
    for (const name of ["kept", "gone", "longer"])
      t.equal(readFileSync(there.path(name), "utf8"), name);
    t.notOk(existsSync(there.path("new")), "a name looked up in vain");
    const open = openSync(there.path("kept"), "r");
    rmSync(here.path("gone"));
    writeFileSync(here.path("new"), "new");
    writeFileSync(here.path("longer"), "longer than before");
    here.program.run(["flush", here.mountpoint]);
    await until(() => existsSync(there.path("new")));
    await until(() => !existsSync(there.path("gone")));
    await until(() => readFileSync(there.path("longer"), "utf8") === "longer than before");
    t.same(readdirSync(there.mountpoint).sort(), ["kept", "longer", "new"]);
    t.equal(readFileSync(open, "utf8"), "kept", "a file that is open stays so");
    closeSync(open);
    there.unmount();
    here.unmount();
  },
);

t.test(
  "a lease that was taken over is said, and local changes are kept until given up",
  async (t) => {
    const [here, there, place] = await twoMachines(t);
    here.mount(place);
    writeFileSync(here.path("a"), "first");
    here.program.run(["flush", here.mountpoint]);
    t.match(there.mount(place), { code: 1, err: /open for writing by/ });
    t.equal(there.mount(place, "--take-over").code, 0);
    writeFileSync(there.path("a"), "theirs");
    t.equal(there.program.run(["flush", there.mountpoint]).code, 0);
    writeFileSync(here.path("a"), "ours");
    t.match(here.program.run(["flush", here.mountpoint]), { code: 1, err: /by/ });
    t.equal(readFileSync(here.path("a"), "utf8"), "ours", "the mount goes on");
    t.equal(here.remote.lease.kind, "lost");
    t.match(here.program.run(["status"]).out, /lease +lost to/);
    t.match(here.unmount(), { code: 1, err: /on this machine only/ });
    there.unmount();
    t.match(here.mount(place), { code: 1, err: /local commits/ });
    t.equal(here.mount(place, "--discard-local").code, 0);
    t.equal(readFileSync(here.path("a"), "utf8"), "theirs");
    here.unmount();
  },
);

t.test("Ctrl-C ends the waiting for publication, not the unmounting", async (t) => {
  const [here, , place] = await twoMachines(t);
  here.mount(place);
  writeFileSync(here.path("a"), Buffer.alloc(40_000_000, Math.random().toString()));
  const pid = servingPid(here.program);
  const client = here.program.start(["unmount", here.mountpoint]);
  await until(() => !isMounted(here.mountpoint));
  client.kill("SIGINT");
  const [code] = await once(client, "exit");
  t.ok(code === 130 || code === 0, `ended with ${code}`);
  await until(() => !isAlive(pid));
  here.mount(place);
  t.equal(here.unmount().code, 0);
});
