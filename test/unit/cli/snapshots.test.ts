import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { keepOnce } from "../../../src/cli/snapshots/keep-snapshots.ts";
import { expired, isDue, parseRetention } from "../../../src/cli/snapshots/retention.ts";
import { snapshotAt } from "../../../src/cli/snapshots/snapshot-at.ts";
import { toText, utf8 } from "../../../src/core/base/bytes.ts";
import type { Snapshot } from "../../../src/core/format/commit-root.ts";
import { MemoryStore } from "../../../src/core/pages/memory-store.ts";
import { CommandLine } from "../../support/command-line.ts";
import { newFile, newFileSystem } from "../../support/test-file-system.ts";
import { createTestVault } from "../../support/test-vault.ts";

const HOUR = 3_600_000;

t.test("snapshots are made, listed and deleted by name", async (t) => {
  const cli = await CommandLine.start(t.testdir());
  const vault = join(cli.home, "v.dvault");
  await cli.run(["init", vault, "--recipient", cli.recipient]);
  writeFileSync(join(cli.home, "a"), "old");
  await cli.ok("put", join(cli.home, "a"), `${vault}:/`);
  t.match(await cli.ok("snapshot create", vault, "first"), /^\S+ {2}first\n$/);
  await cli.ok("rm", `${vault}:/a`);
  const made = JSON.parse(await cli.ok("snapshot create --json", vault, "second"));
  t.match(made, { name: "second", time: String, generation: Number });
  const listed = JSON.parse(await cli.ok("snapshot list --json", vault));
  t.match(listed, [{ name: "first" }, made]);
  await cli.ok("mkdir", `${vault}:/d`);
  t.equal(await cli.ok("snapshot diff", vault, "first", "second"), "M /\n- /a\n");
  t.equal(await cli.ok("snapshot diff", vault, "second"), "M /\n+ /d\n");
  await cli.ok("mv", `${vault}:/d`, `${vault}:/e`);
  const diff = JSON.parse(await cli.ok("snapshot diff --json", vault, "first"));
  t.same(diff, [
    { kind: "changed", path: "/" },
    { kind: "removed", path: "/a" },
    { kind: "added", path: "/e" },
  ]);
  t.match(await cli.open("snapshot diff", vault, "no"), { code: 2, err: /no snapshot is called/ });
  t.match(await cli.open("snapshot create", vault, "first"), {
    code: 1,
    err: /snapshot first: a snapshot of that name exists/,
  });
  t.match(await cli.open("snapshot create", vault, "a/b"), { err: /cannot have that name/ });
  await cli.ok("snapshot delete", vault, "first");
  t.match(await cli.open("snapshot delete", vault, "first"), { err: /there is no snapshot/ });
  t.match(await cli.ok("snapshot list", vault), /^\S+ {2}second\n$/);
  t.match(await cli.ok("check --read-data", vault), /whole/);
});

t.test("files of a snapshot are brought back", async (t) => {
  const cli = await CommandLine.start(t.testdir());
  const vault = join(cli.home, "v.dvault");
  await cli.run(["init", vault, "--recipient", cli.recipient]);
  const put = (text: string, path: string): Promise<string> => {
    writeFileSync(join(cli.home, "local"), text);
    return cli.ok("put", join(cli.home, "local"), `${vault}:${path}`);
  };
  await cli.ok("mkdir", `${vault}:/d`);
  await put("old a", "/d/a");
  await put("old b", "/d/b");
  await cli.ok("snapshot create", vault, "then");
  await cli.ok("rm", `${vault}:/d/a`);
  t.equal(await cli.ok("snapshot restore", vault, "then", "d/a"), "+ /d/a\n");
  t.equal(await cli.ok("cat", `${vault}:/d/a`), "old a");
  t.equal(await cli.ok("snapshot restore", vault, "then", "d/a"), "");
  await put("new b", "/d/b");
  await put("new c", "/d/c");
  await cli.ok("rm", `${vault}:/d/a`);
  const refused = await cli.open("snapshot restore", vault, "then");
  t.match(refused, { code: 1, out: "", err: /\/d\/b: something else is there now: nothing was/ });
  t.equal(await cli.ok("ls", `${vault}:/d`), "b\nc\n");
  const listed = await cli.ok("snapshot restore -n --delete", vault, "then", "/d/");
  t.equal(listed, "+ /d/a\nM /d/b\n- /d/c\n");
  t.equal(await cli.ok("ls", `${vault}:/d`), "b\nc\n");
  await cli.ok("snapshot restore --to /e", vault, "2999-01-01", "d");
  t.equal(await cli.ok("cat", `${vault}:/e/b`), "old b");
  const json = await cli.ok("snapshot restore --json --force", vault, "then", "d");
  t.match(JSON.parse(json), {
    isDone: true,
    changes: [
      { kind: "changed", path: "/d" },
      { kind: "added", path: "/d/a" },
      { kind: "changed", path: "/d/b" },
    ],
  });
  t.equal(await cli.ok("ls", `${vault}:/d`), "a\nb\nc\n");
  await cli.ok("snapshot restore --force --delete", vault, "then");
  t.equal(await cli.ok("snapshot diff", vault, "then"), "");
  t.match(await cli.open("snapshot restore", vault, "then", "no"), {
    code: 12,
    err: /the snapshot has no \/no/,
  });
  t.match(await cli.open("snapshot restore", vault, "then", "d/../d"), { code: 1, err: /without/ });
  t.match(await cli.open("snapshot restore", vault, "no", "d"), { code: 2, err: /is called no/ });
  await cli.ok("snapshot delete", vault, "then");
  t.match(await cli.ok("check --read-data", vault), /whole/);
});

t.test("a policy that makes no sense is refused", async (t) => {
  for (const text of ["", "hourly", "hourly:0", "hourly:x", "hourly:1,hourly:2", "often:3"]) {
    t.throws(() => parseRetention(text), { code: "USAGE" }, text);
  }
});

t.test("a policy keeps the newest of each period", async (t) => {
  const retention = parseRetention("hourly:3,daily:2,monthly:2");
  const begin = Date.UTC(2026, 0, 30, 0, 30);
  const made = Array.from({ length: 60 }, (_, n) => ({ id: n, time: begin + n * HOUR }));
  const gone = expired(retention, made);
  const kept = made.filter(({ id }) => !gone.has(id));
  t.same(
    kept.map(({ time }) => new Date(time).toISOString().slice(0, 13)),
    ["2026-01-31T23", "2026-02-01T09", "2026-02-01T10", "2026-02-01T11"],
  );
  t.equal(isDue(retention, made, begin + 59 * HOUR + 60_000), false);
  t.equal(isDue(retention, made, begin + 60 * HOUR), true);
  const weekly = parseRetention("weekly:1,yearly:1");
  const sunday = [{ id: 1, time: Date.UTC(2026, 10, 22, 23) }];
  t.equal(isDue(weekly, sunday, Date.UTC(2026, 10, 22, 23, 59)), false);
  t.equal(isDue(weekly, sunday, Date.UTC(2026, 10, 23)), true, "weeks begin on Monday");
});

t.test("a policy thins out what two years of hourly snapshots leave", async (t) => {
  const retention = parseRetention("hourly:24,daily:7,weekly:4,monthly:12,yearly:2");
  const begin = Date.UTC(2024, 11, 30, 0, 30);
  let made: readonly { readonly id: number; readonly time: number }[] = [];
  for (let n = 0; n < 2 * 365 * 24; n++) {
    const now = begin + n * HOUR;
    made = [...made, { id: n, time: now }];
    const gone = expired(retention, made);
    made = made.filter(({ id }) => !gone.has(id));
    if (n % 1000 !== 0) continue;
    t.equal(isDue(retention, made, now), false);
    t.equal(isDue(retention, made, now + HOUR), true);
    t.ok(made.length <= 24 + 7 + 4 + 12 + 2);
    t.equal(made.at(-1)?.id, n, "the newest is always kept");
  }
  const hours = made.map(({ time }) => new Date(time).toISOString().slice(0, 13));
  t.same(hours.slice(0, 12), [
    "2025-12-31T23",
    ...["2026-01-31T23", "2026-02-28T23", "2026-03-31T23", "2026-04-30T23", "2026-05-31T23"],
    ...["2026-06-30T23", "2026-07-31T23", "2026-08-31T23", "2026-09-30T23", "2026-10-31T23"],
    "2026-11-30T23",
  ]);
});

t.test(
  "a mount makes snapshots by itself when something changed, and deletes old ones",
  async (t) => {
    const vault = await createTestVault(new MemoryStore());
    const fs = await newFileSystem(vault);
    const retention = parseRetention("hourly:1");
    const names = (): readonly string[] => vault.snapshots.list().map(({ name }) => toText(name));
    const later = Date.now() + 2 * HOUR;
    await vault.snapshots.create(utf8("mine"));
    await keepOnce({ vault, retention }, later);
    t.same(names(), ["mine"], "nothing changed");
    await newFile(fs, "a");
    await keepOnce({ vault, retention }, later);
    const name = `auto-${new Date(later).toISOString().replace(/\.[0-9]+Z/, "Z")}`;
    t.same(names(), ["mine", name]);
    await newFile(fs, "b");
    const told: string[] = [];
    const notifier = {
      entry: async (_: number, changed: Uint8Array): Promise<void> => {
        told.push(toText(changed));
      },
      inode: async (): Promise<void> => {},
    };
    await keepOnce({ vault, retention, notifier }, later + HOUR);
    t.equal(names().length, 2);
    t.same(told.length, 2, "the kernel is told of the name that came and the one that went");
    t.not(names()[1], name);
  },
);

t.test("a time means the newest snapshot up to it", async (t) => {
  const toc = { pointer: undefined, height: 0 };
  const made = (id: number, name: string, date: string): Snapshot => {
    const time = { sec: Date.parse(date) / 1000, nsec: 123_456_789 };
    return { id, name: utf8(name), time, generation: id, toc };
  };
  const snapshots = [made(1, "a", "2026-01-01T10:00Z"), made(2, "b", "2026-01-02T10:00Z")];
  t.equal(snapshotAt(snapshots, "a").id, 1);
  t.equal(snapshotAt(snapshots, "2026-01-02T09:00Z").id, 1);
  t.equal(snapshotAt(snapshots, "2026-01-02T10:00:00.123456789Z").id, 2, "a time as listed");
  t.equal(snapshotAt(snapshots, "2027-01-01").id, 2);
  t.throws(() => snapshotAt(snapshots, "2025-01-01"), { code: "USAGE", message: /oldest is a/ });
  t.throws(() => snapshotAt([], "c"), { code: "USAGE", message: /has none/ });
});

t.test("objects of a folder go when the last snapshot that needs them is deleted", async (t) => {
  const cli = await CommandLine.start(t.testdir());
  const folder = join(cli.home, "objects");
  const vault = `dir:${folder}`;
  mkdirSync(folder);
  await cli.run(["init", vault, "--recipient", cli.recipient]);
  const content = randomBytes(1_000_000);
  writeFileSync(join(cli.home, "a"), content);
  await cli.ok("put", join(cli.home, "a"), `${vault}:/`);
  await cli.ok("snapshot create", vault, "then");
  await cli.ok("rm", `${vault}:/a`);
  const size = (): number =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
  await cli.run(["gc", vault]);
  t.ok(size() > content.length, "the snapshot keeps them");
  await cli.ok("snapshot delete", vault, "then");
  await cli.run(["gc", vault]);
  t.ok(size() < content.length / 2, "nothing keeps them");
});

t.test("a session that changes nothing leaves the spare commit root where it is", async (t) => {
  const cli = await CommandLine.start(t.testdir());
  const vault = join(cli.home, "v.dvault");
  await cli.run(["init", vault, "--recipient", cli.recipient]);
  for (const name of ["a", "b", "c"]) await cli.ok("snapshot create", vault, name);
  for (const name of ["a", "b", "c"]) {
    await cli.ok("snapshot delete", vault, name);
    await cli.open("snapshot delete", vault, name);
    t.equal((await cli.open("ls", vault)).err, "", "the spare commit root opens");
  }
});
