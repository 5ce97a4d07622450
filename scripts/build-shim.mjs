/**
 * Compiles `native-shim/*.c` into an addon with nothing but the C compiler and the headers of Node. Node-API and the
 * part of libuv it uses keep their ABI, so one file serves every Node from 20 on.
 *
 *     node scripts/build-shim.mjs [--out <directory>] [--arch <x64|arm64>] [--sanitize]
 *     node scripts/build-shim.mjs --prebuilds
 *
 * `--out` is `build` when left out. `--arch` compiles for another machine, with Debian's cross compilers. `--sanitize`
 * adds the address and undefined behaviour sanitizers; such an addon loads only with their libraries preloaded.
 * `--prebuilds` makes what the package carries: `prebuilds/linux-<arch>`, one for every machine that is supported.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, realpathSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const NAME = "dvault-shim.node";
const STRICT = ["-std=c11", "-Wall", "-Wextra", "-Werror"];
const RELEASE = ["-O2"];
const SANITIZE = [
  "-g",
  "-fno-omit-frame-pointer",
  "-fsanitize=address,undefined",
  "-fno-sanitize-recover=all",
];

/** Compilers by `process.arch` of the machine the addon is for, and the Debian packages they come in. */
const CROSS_COMPILERS = {
  x64: { command: "x86_64-linux-gnu-gcc", packages: "gcc-x86-64-linux-gnu libc6-dev-amd64-cross" },
  arm64: {
    command: "aarch64-linux-gnu-gcc",
    packages: "gcc-aarch64-linux-gnu libc6-dev-arm64-cross",
  },
};

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sources = join(root, "native-shim");

try {
  const { values } = parseArgs({
    options: {
      out: { type: "string", default: "build" },
      arch: { type: "string", default: process.arch },
      sanitize: { type: "boolean" },
      prebuilds: { type: "boolean" },
    },
  });
  if (values.prebuilds) {
    for (const arch of Object.keys(CROSS_COMPILERS))
      build(`prebuilds/linux-${arch}`, arch, RELEASE);
  } else build(values.out, values.arch, values.sanitize ? SANITIZE : RELEASE);
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

/**
 * Puts the addon into a directory in one step, so that a process that has the old one loaded keeps it.
 *
 * @throws Error when there is no compiler, no header, or the sources do not compile
 */
function build(out, arch, flags) {
  const directory = resolve(root, out);
  const target = join(directory, NAME);
  const fresh = `${target}.${process.pid}`;
  mkdirSync(directory, { recursive: true });
  try {
    compile(fresh, arch, flags);
    renameSync(fresh, target);
  } finally {
    rmSync(fresh, { force: true });
  }
}

function compile(output, arch, flags) {
  const files = readdirSync(sources).filter((name) => name.endsWith(".c"));
  const { command: compiler, packages } = compilerFor(arch);
  const result = spawnSync(
    compiler,
    [
      ...[...STRICT, ...flags, "-shared", "-fPIC", "-fvisibility=hidden"],
      // Debian keeps the headers of libuv apart, where a cross compiler does not look.
      ...["-isystem", headers(), "-idirafter", "/usr/include", "-o", output],
      ...files.sort().map((name) => join(sources, name)),
    ],
    { stdio: ["ignore", "inherit", "inherit"] },
  );
  if (result.error) {
    throw new Error(`no C compiler \`${compiler}\`: install one (Debian: apt install ${packages})`);
  }
  if (result.status !== 0) throw new Error(`${compiler} failed on ${sources}: see above`);
}

/** @throws Error for a machine that is not supported */
function compilerFor(arch) {
  if (arch === process.arch) {
    return { command: process.env.CC ?? "cc", packages: "gcc libc6-dev" };
  }
  const compiler = CROSS_COMPILERS[arch];
  if (compiler !== undefined) return compiler;
  throw new Error(`--arch ${arch}: there are ${Object.keys(CROSS_COMPILERS).join(" and ")}`);
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
