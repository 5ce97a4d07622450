/**
 * `scripts/dvault` in a miniature checkout: its own sources and shim, the real compilers, and a stand-in for npm.
 *
 * @module
 */
import { execFile } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import t, { type Test } from "tap";
import { untraced } from "../../support/untraced.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const COPIED = ["scripts/dvault", "scripts/build", "scripts/build-shim.mjs", "tsconfig.build.json"];
/** Settings without the types of Node and of browsers, which take seconds to read. */
const SETTINGS = `{ "compilerOptions": { "target": "es2023", "lib": ["es2023"], "module": "nodenext", "types": [],
  "skipLibCheck": true, "allowImportingTsExtensions": true, "rewriteRelativeImportExtensions": true } }`;
const PROCESS = `declare const process: { argv: string[]; stdout: { write(text: string): void } };\n`;
const MAIN = `${PROCESS}process.stdout.write(process.argv.slice(2).join(' '));\n`;
const SHIM = "#include <node_api.h>\nNAPI_MODULE_INIT() { (void)env; return exports; }\n";
/** Installs nothing but what a check for staleness looks at. */
const NPM =
  '#!/bin/sh\necho "$*" >>npm.log\nmkdir -p node_modules && touch node_modules/.package-lock.json\n';

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A checkout on which nothing has been built, with the compilers of this one linked in. */
function checkout(t: Test): string {
  const folder = t.testdir({
    "package.json": '{ "type": "module" }',
    "package-lock.json": "{}",
    "tsconfig.json": SETTINGS,
    "native-shim": { "module.c": SHIM },
    scripts: {},
    src: { cli: { "main.ts": MAIN } },
    node_modules: {},
    bin: {},
  });
  for (const name of COPIED) copyFileSync(join(root, name), join(folder, name));
  symlinkSync(join(root, "node_modules/typescript"), join(folder, "node_modules/typescript"));
  writeFileSync(join(folder, "bin/npm"), NPM, { mode: 0o755 });
  return folder;
}

/** Runs a launcher from `/`, with the stand-in for npm before everything else. */
function launch(
  folder: string,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<Run> {
  const PATH = [join(folder, "bin"), process.env.PATH].join(delimiter);
  return new Promise((resolve) => {
    execFile(
      ...untraced(join(folder, "scripts/dvault"), args),
      { cwd: "/", env: { ...process.env, PATH, ...env } },
      (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
}

t.test("a fresh checkout is installed and built once, then started at once", async (t) => {
  const folder = checkout(t);
  t.strictSame(await launch(folder, ["first", "run"]), {
    code: 0,
    stdout: "first run",
    stderr: "dvault: installing packages and building, about two minutes\n",
  });
  t.match(readFileSync(join(folder, "npm.log"), "utf8"), /^ci .*\n$/);
  t.ok(existsSync(join(folder, "build/dvault-shim.node")));
  t.strictSame(await launch(folder, ["second"]), { code: 0, stdout: "second", stderr: "" });

  const link = join(folder, "bin/dvault");
  symlinkSync("../scripts/dvault", link);
  const linked = await new Promise((resolve) =>
    execFile(...untraced(link, ["by", "a link"]), { cwd: "/" }, (_, stdout) => resolve(stdout)),
  );
  t.equal(linked, "by a link");
});

t.test("what is out of date is built again", async (t) => {
  const folder = checkout(t);
  const rebuilt = (stdout: string): Run => ({ code: 0, stdout, stderr: "dvault: building\n" });
  await launch(folder);

  const main = join(folder, "src/cli/main.ts");
  writeFileSync(
    main,
    `import { word } from "../word.ts";\n${PROCESS}process.stdout.write(word);\n`,
  );
  writeFileSync(join(folder, "src/word.ts"), 'export const word: string = "new";\n');
  t.strictSame(await launch(folder), rebuilt("new"));

  writeFileSync(main, `${PROCESS}process.stdout.write('alone');\n`);
  rmSync(join(folder, "src/word.ts"));
  t.strictSame(await launch(folder), rebuilt("alone"));
  t.notOk(existsSync(join(folder, "dist/word.js")), "nothing stays of a source that is gone");

  rmSync(join(folder, "build/dvault-shim.node"));
  t.strictSame(await launch(folder), rebuilt("alone"));
});

t.test("two launchers at once build once", async (t) => {
  const folder = checkout(t);
  const runs = await Promise.all([launch(folder, ["one"]), launch(folder, ["two"])]);
  t.strictSame(
    runs.map(({ code, stdout }) => [code, stdout]),
    [
      [0, "one"],
      [0, "two"],
    ],
  );
  t.match(readFileSync(join(folder, "npm.log"), "utf8"), /^ci [^\n]*\n$/, "npm ran once");
});

t.test("a failure is told in one line, and what was built before stays", async (t) => {
  const folder = checkout(t);
  const failure = (stderr: RegExp): object => ({ code: 1, stdout: "", stderr });

  writeFileSync(join(folder, "bin/node"), "#!/bin/sh\necho v18.20.1\n", { mode: 0o755 });
  t.match(await launch(folder), failure(/^dvault: Node.js 18.20.1 is too old: .*\n$/));
  rmSync(join(folder, "bin/node"));

  const bare = join(folder, "bare");
  mkdirSync(bare);
  for (const name of ["sh", "dirname", "readlink"])
    symlinkSync(`/usr/bin/${name}`, join(bare, name));
  t.match(
    await launch(folder, [], { PATH: bare }),
    failure(/^dvault: node is missing: install .*\n$/),
  );

  const said = "dvault: installing packages and building, about two minutes\n";
  t.match(
    await launch(folder, [], { CC: "no-such-compiler" }),
    failure(new RegExp(`^${said}dvault: .*no C compiler \`no-such-compiler\`: install one .*\n$`)),
  );
  t.strictSame(await launch(folder, ["whole"]), {
    code: 0,
    stdout: "whole",
    stderr: "dvault: building\n",
  });

  writeFileSync(join(folder, "src/wrong.ts"), 'export const wrong: number = "one";\n');
  t.match(
    await launch(folder),
    failure(/^dvault: building\ndvault: compiling src: src\/wrong.ts\(1,14\): error TS2322: .*\n$/),
  );
  t.equal(readFileSync(join(folder, "dist/cli/main.js"), "utf8").slice(0, 14), "process.stdout");
});
