/** What a desktop does with a mount: it moves files to the trash, shows room, and reads many small files beside a long one. */
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statfsSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import t from "tap";
import { Program } from "../support/dvault-program.ts";
import { cannotMount, ordinaryUser } from "../support/mounted-memory.ts";

const skip = cannotMount();
if (skip) t.plan(0, skip);

const hasGio = spawnSync("gio", ["version"]).status === 0;
const needsRoot = process.getuid?.() === 0 ? false : "needs root";

t.test("a file goes to the trash of its file system", { skip: !hasGio || needsRoot }, async (t) => {
  const user = ordinaryUser(t);
  const dvault = await Program.start(t);
  const vault = dvault.vault("v.dvault");
  const mountpoint = dvault.directory("m");
  dvault.ok("mount --allow-other", vault, mountpoint);
  chmodSync(dvault.home, 0o755);
  chmodSync(mountpoint, 0o1777);
  const trash = (name: string, account: object): string => {
    const file = join(mountpoint, name);
    spawnSync("sh", ["-c", `echo x > ${file}`], account);
    const options = { ...account, env: { ...process.env, HOME: "/" } };
    return String(spawnSync("gio", ["trash", file], options).stderr);
  };
  for (const [name, account, uid] of [
    ["of-root", {}, 0],
    ["of-user", user, user.uid],
  ] as const) {
    t.equal(trash(name, account), "");
    t.notOk(existsSync(join(mountpoint, name)));
    t.same(readdirSync(join(mountpoint, `.Trash-${uid}/files`)), [name]);
    const note = readFileSync(join(mountpoint, `.Trash-${uid}/info/${name}.trashinfo`), "utf8");
    t.match(note, `Path=${name}`);
  }
  dvault.run(["unmount", mountpoint]);
});

t.test("room and files are counted", async (t) => {
  const dvault = await Program.start(t);
  const vault = dvault.vault("v.dvault");
  const mountpoint = dvault.directory("m");
  dvault.ok("mount", vault, mountpoint);
  const used = (): number => {
    const { bsize, blocks, bfree } = statfsSync(mountpoint);
    return (blocks - bfree) * bsize;
  };
  const before = { used: used(), figures: statfsSync(mountpoint) };
  t.ok(before.figures.bavail <= before.figures.bfree);
  const size = 40_000_000;
  writeFileSync(join(mountpoint, "a"), Buffer.alloc(size, "x"));
  const grown = used() - before.used;
  t.ok(grown >= size && grown < 1.1 * size, `${size} bytes take ${grown}`);
  const { files, ffree } = statfsSync(mountpoint);
  t.equal(files - ffree - (before.figures.files - before.figures.ffree), 1);
  const backing = statfsSync(dvault.home);
  t.ok(before.figures.bavail * before.figures.bsize <= backing.bavail * backing.bsize * 1.01);
  dvault.run(["unmount", mountpoint]);
});

t.test("many small files are read while a long one is", async (t) => {
  const dvault = await Program.start(t);
  const vault = dvault.vault("v.dvault");
  const mountpoint = dvault.directory("m");
  dvault.ok("mount", vault, mountpoint);
  const film = join(mountpoint, "film");
  writeFileSync(film, Buffer.alloc(8_000_000, "x"));
  truncateSync(film, 2 ** 40);
  mkdirSync(join(mountpoint, "pictures"));
  const picture = (i: number): string => join(mountpoint, "pictures", String(i));
  for (let i = 0; i < 500; i++) writeFileSync(picture(i), Buffer.alloc(20_000, i));
  dvault.run(["unmount", mountpoint]);

  dvault.ok("mount", vault, mountpoint);
  const player = spawn("dd", [`if=${film}`, "of=/dev/null", "bs=1M"], { stdio: "ignore" });
  t.teardown(() => player.kill());
  for (let i = 0; i < 500; i++) {
    if (!readFileSync(picture(i)).equals(Buffer.alloc(20_000, i))) t.fail(`picture ${i}`);
  }
  await new Promise(setImmediate);
  t.equal(player.exitCode, null, "the film is far from its end");
  const ended = new Promise((resolve) => player.once("exit", resolve));
  player.kill();
  await ended;
  t.equal(dvault.run(["unmount", mountpoint]).code, 0);
});
