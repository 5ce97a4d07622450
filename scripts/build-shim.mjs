/**
 * Compiles `native-shim/*.c` into an addon with nothing but the C compiler and the headers of Node. Node-API and the
 * part of libuv it uses keep their ABI, so one file serves every Node from 20 on.
 *
 *     node scripts/build-shim.mjs [--out <directory>] [--sanitize]
 *
 * `--out` is `build` when left out. `--sanitize` adds the address and undefined behaviour sanitizers; such an addon
 * loads only with their libraries preloaded.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, realpathSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const NAME = "dvault-shim.node";
const STRICT = ["-std=c11", "-Wall", "-Wextra", "-Werror"];
const SANITIZE = [
  "-g",
  "-fno-omit-frame-pointer",
  "-fsanitize=address,undefined",
  "-fno-sanitize-recover=all",
];

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sources = join(root, "native-shim");

try {
  const { values } = parseArgs({
    options: { out: { type: "string", default: "build" }, sanitize: { type: "boolean" } },
  });
  build(resolve(root, values.out), values.sanitize === true);
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

/**
 * Puts the addon into a directory in one step, so that a process that has the old one loaded keeps it.
 *
 * @throws Error when there is no compiler, no header, or the sources do not compile
 */
function build(directory, isSanitized) {
  const target = join(directory, NAME);
  const fresh = `${target}.${process.pid}`;
  mkdirSync(directory, { recursive: true });
  try {
    compile(fresh, isSanitized ? SANITIZE : ["-O2"]);
    renameSync(fresh, target);
  } finally {
    rmSync(fresh, { force: true });
  }
}

function compile(output, flags) {
  const files = readdirSync(sources).filter((name) => name.endsWith(".c"));
  const compiler = process.env.CC ?? "cc";
  const result = spawnSync(
    compiler,
    [
      ...[...STRICT, ...flags, "-shared", "-fPIC", "-fvisibility=hidden"],
      ...["-isystem", headers(), "-o", output],
      ...files.sort().map((name) => join(sources, name)),
    ],
    { stdio: ["ignore", "inherit", "inherit"] },
  );
  if (result.error) {
    throw new Error(
      `no C compiler \`${compiler}\`: install one (Debian: apt install gcc libc6-dev)`,
    );
  }
  if (result.status !== 0) throw new Error(`${compiler} failed on ${sources}: see above`);
}

/**
 * Directory with the headers of this Node, wherever its distribution puts them; Debian keeps those of libuv apart,
 * where every compiler looks.
 */
function headers() {
  const { variables } = process.config;
  const homes = [
    process.env.npm_config_nodedir,
    variables.nodedir,
    dirname(dirname(process.execPath)),
    dirname(dirname(realpathSync(process.execPath))),
    variables.node_prefix,
    "/usr",
    "/usr/local",
    join(homedir(), ".cache/node-gyp", process.versions.node),
  ];
  const folders = new Set(homes.filter((home) => home).map((home) => join(home, "include/node")));
  const has = (folder, name) => existsSync(join(folder, name));
  for (const folder of folders) {
    const hasLibuv = has(folder, "uv.h") || has("/usr/include", "uv.h");
    if (has(folder, "node_api.h") && hasLibuv) return folder;
  }
  throw new Error(
    `no headers of Node (node_api.h, uv.h) in ${[...folders].join(", ")}: ` +
      "install them (Debian: apt install libnode-dev)",
  );
}
