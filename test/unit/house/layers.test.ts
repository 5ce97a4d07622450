/**
 * The rules in `.dependency-cruiser.cjs`, tried on a generated tree that holds every arrow between two rooms.
 *
 * @module
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import t from "tap";
import { untraced } from "../../support/untraced.ts";

/** The arrows of ARCHITECTURE.md, written down a second time: a room, and what it may import. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  "core/base": [],
  "core/crypto": ["core/base"],
  "core/format": ["core/base", "core/crypto"],
  "core/pages": ["core/base", "core/crypto", "core/format"],
  "core/tree": ["core/base", "core/crypto", "core/format", "core/pages"],
  "core/vault": ["core/base", "core/crypto", "core/format", "core/pages", "core/tree"],
  "core/fs": ["core/base", "core/crypto", "core/format", "core/pages", "core/tree", "core/vault"],
  native: ["core/base"],
  platform: ["core/base", "core/crypto", "native"],
  stores: ["core/base", "core/format", "native", "platform"],
  mount: [
    ..."base crypto format pages tree vault fs".split(" ").map((layer) => `core/${layer}`),
    ...["native", "platform"],
  ],
  cli: [
    ..."base crypto format pages tree vault fs".split(" ").map((layer) => `core/${layer}`),
    ...["native", "platform", "stores", "mount"],
  ],
};
const ROOMS = Object.keys(ARROWS);

interface CruiseResult {
  readonly summary: { readonly violations: readonly Violation[] };
}
interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string };
}

interface Folder {
  [name: string]: Folder | string;
}

/** Files by path, made into the nested object that `t.testdir` takes. */
function tree(files: ReadonlyMap<string, string>): Folder {
  const root: Folder = {};
  for (const [path, text] of files) {
    const names = path.split("/");
    const name = names.pop() ?? path;
    let folder = root;
    for (const step of names) {
      folder[step] ??= {};
      folder = folder[step] as Folder;
    }
    folder[name] = text;
  }
  return root;
}

const importing = (specifier: string): string =>
  `import * as other from "${specifier}";\nexport const kept = other;\n`;

/** Runs the checker of this project over `src/` of another folder. */
async function violations(folder: string): Promise<readonly Violation[]> {
  const own = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
  const checker = own("node_modules/dependency-cruiser/bin/dependency-cruise.mjs");
  const config = own(".dependency-cruiser.cjs");
  const { stdout } = await promisify(execFile)(
    ...untraced(process.execPath, [checker, "--config", config, "--output-type", "json", "src"]),
    { cwd: folder, maxBuffer: 2 ** 26 },
  ).catch((failure: { stdout: string }) => failure);
  return (JSON.parse(stdout) as CruiseResult).summary.violations;
}

/** `from -> to` of the violations, sorted. */
function arrows(found: readonly Violation[]): string[] {
  return [...new Set(found.map(({ from, to }) => `${from} -> ${to}`))].sort();
}

t.test(
  "every arrow between two rooms is allowed or refused as ARCHITECTURE.md draws it",
  async (t) => {
    const files = new Map<string, string>();
    const refused: string[] = [];
    for (const to of ROOMS) files.set(`src/${to}/room.ts`, "export const room = 1;\n");
    for (const from of ROOMS) {
      const up = "../".repeat(from.split("/").length);
      for (const to of ROOMS) {
        const path = `src/${from}/to-${to.replace("/", "-")}.ts`;
        files.set(path, importing(from === to ? "./room.ts" : `${up}${to}/room.ts`));
        const isAllowed = from === to || ARROWS[from]?.includes(to) === true;
        if (!isAllowed) refused.push(`${path} -> src/${to}/room.ts`);
      }
    }
    t.strictSame(arrows(await violations(t.testdir(tree(files)))), refused.sort());
  },
);

t.test("the exceptions of single files, and what comes from outside src", async (t) => {
  const files = new Map([
    ["node_modules/age-encryption/index.js", ""],
    ["node_modules/yargs/index.js", ""],
    ["test/room.ts", "export const room = 1;\n"],
    ["src/core/pages/page-store.ts", "export const room = 1;\n"],
    ["src/index.ts", importing("./stores/page-store.ts")],
    ["src/stores/page-store.ts", importing("../core/pages/page-store.ts")],
    ["src/core/pages/cache.ts", importing("age-encryption")],
    ["src/cli/main.ts", importing("yargs")],
    ["src/cli/library.ts", importing("../index.ts")],
    ["src/native/load.ts", importing("node:module")],

    ["src/core/base/command-line.ts", importing("yargs")],
    ["src/core/fs/type-only.ts", 'export type { Stats } from "node:fs";\n'],
    ["src/core/vault/nowhere.ts", importing("./missing.ts")],
    ["src/core/tree/loop.ts", importing("./pool.ts")],
    ["src/core/tree/pool.ts", importing("./loop.ts")],
    ["src/mount/fixture.ts", importing("../../test/room.ts")],
    ["src/mount/root.ts", importing("../index.ts")],
    ["src/stores/cached.ts", importing("age-encryption")],
    ["src/attic/old.ts", importing("../core/base/bytes.ts")],
    ["src/core/base/bytes.ts", "export const bytes = 1;\n"],
  ]);
  t.strictSame(arrows(await violations(t.testdir(tree(files)))), [
    "src/attic/old.ts -> src/core/base/bytes.ts",
    "src/core/base/command-line.ts -> node_modules/yargs/index.js",
    "src/core/fs/type-only.ts -> fs",
    "src/core/tree/loop.ts -> src/core/tree/pool.ts",
    "src/core/vault/nowhere.ts -> ./missing.ts",
    "src/mount/fixture.ts -> test/room.ts",
    "src/mount/root.ts -> src/index.ts",
    "src/stores/cached.ts -> node_modules/age-encryption/index.js",
  ]);
});
