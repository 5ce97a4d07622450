/**
 * The packed tarball as a newcomer meets it: `npm i -g` into an empty prefix, then the command.
 *
 * @module
 */
import { execFile } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import t from "tap";
import { untraced } from "../support/untraced.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const place = t.testdir({ packed: {}, prefix: {}, home: {} });
const installed = join(place, "prefix/lib/node_modules/dvault");

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

/** The installed command, in a home of its own. */
function dvault(...args: readonly string[]): Promise<Output> {
  return run(...untraced(join(place, "prefix/bin/dvault"), args), {
    cwd: join(place, "home"),
    env: {
      PATH: process.env.PATH,
      HOME: join(place, "home"),
      DVAULT_PASSWORD: "correct horse battery staple",
    },
  });
}

t.test("the packed tarball", async (t) => {
  const { stdout } = await npm(
    ["pack", "--json", "--pack-destination", join(place, "packed")],
    root,
  );
  const [packed] = JSON.parse(stdout.slice(stdout.indexOf("[\n"))) as [Packed];
  const own = packed.files
    .map(({ path }) => path)
    .filter((path) => !path.startsWith("node_modules/"));

  await t.test(
    "holds the program, the shim, its sources and the papers, nothing else",
    async (t) => {
      const rooms = new Set(own.map((path) => path.split("/", 1)[0]));
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
      for (const path of needed) t.ok(own.includes(path), `has ${path}`);
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
