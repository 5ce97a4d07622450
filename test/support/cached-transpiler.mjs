/**
 * Turns TypeScript into JavaScript for the tests and keeps the results: every test file is a process of its own, and
 * would spend most of its time on compiling the same sources again.
 *
 * `ts-node`, which tap loads tests with, finds this by `tsconfig.json`. A result is found again by what it was made of:
 * source, compiler options and version of the compiler; so nothing has to be invalidated.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** The very compiler that `ts-node` has loaded already. */
const ts = createRequire(import.meta.url)("typescript");

const CACHE = fileURLToPath(new URL("../../node_modules/.cache/transpiled/", import.meta.url));

/** What was kept under a name, or nothing. */
function kept(name) {
  try {
    return JSON.parse(readFileSync(CACHE + name, "utf8"));
  } catch {
    return undefined;
  }
}

/** Others read and write at the same time: a file appears whole or not at all. */
function keep(name, result) {
  const draft = `${CACHE}${name}.${process.pid}`;
  mkdirSync(CACHE, { recursive: true });
  writeFileSync(draft, JSON.stringify(result));
  renameSync(draft, CACHE + name);
}

/**
 * Makes a transpiler, as `ts-node` asks for one.
 *
 * @param settings - `service.config.options` are the compiler's options of `tsconfig.json`
 */
export function create({ service }) {
  // Every source is an ES module, which the compiler cannot see from the source alone.
  const compilerOptions = { ...service.config.options, module: ts.ModuleKind.ESNext };
  const made = JSON.stringify([ts.version, compilerOptions]);
  return {
    transpile(code, { fileName }) {
      const name = createHash("sha256").update(made).update("\0").update(code).digest("hex");
      const known = kept(name);
      if (known !== undefined) return known;
      const { outputText, sourceMapText } = ts.transpileModule(code, { fileName, compilerOptions });
      keep(name, { outputText, sourceMapText });
      return { outputText, sourceMapText };
    },
  };
}
