/**
 * Which room of `src/` may import what; the prose is in ARCHITECTURE.md, section "Layers".
 *
 * A room may always import itself. A room that does not stand here may not exist.
 */
const CORE = ["base", "crypto", "format", "pages", "tree", "vault", "fs"].map((l) => `core/${l}`);
const ISOMORPHIC_PACKAGES = ["@noble/[^/]+", "@scure/base", "age-encryption"];

/** The interfaces of page stores and of object stores, and what the stores have in common. */
const PAGE_STORE = ["core/pages/page-store.ts", "core/pages/page-scan.ts"];
const OBJECT_STORE = ["stores/objects/object-store.ts", "stores/objects/object-bytes.ts"];
const STORES_SHARE = [
  "stores/timing.ts",
  "stores/file/file-errors.ts",
  "stores/file/gathered-io.ts",
  "stores/file/host-file.ts",
];

/** A layer of the core imports the layers before it in {@link CORE}. */
const layersOfTheCore = CORE.map((room, depth) => ({
  room,
  imports: CORE.slice(0, depth),
  packages: ISOMORPHIC_PACKAGES,
}));

const rooms = [
  ...layersOfTheCore,
  { room: "native", imports: ["core/base"], packages: [] },
  { room: "platform", imports: ["core/base", "core/crypto", "native"], packages: ["argon2"] },
  {
    room: "stores",
    imports: ["core/base", "core/format", "native", "platform"],
    files: PAGE_STORE,
    packages: ["better-sqlite3", "discord-api-types", "undici"],
  },
  {
    room: "stores/file",
    imports: ["core/base", "core/format", "native"],
    files: PAGE_STORE,
    packages: [],
  },
  {
    room: "stores/objects",
    imports: ["core/base", "core/format", "native"],
    files: STORES_SHARE,
    packages: ["discord-api-types", "undici"],
  },
  {
    room: "stores/segments",
    imports: ["core/base", "core/format"],
    files: [...PAGE_STORE, ...OBJECT_STORE, ...STORES_SHARE],
    packages: ["better-sqlite3"],
  },
  { room: "mount", imports: [...CORE, "native", "platform"], packages: [] },
  {
    room: "cli",
    imports: [...CORE, "native", "platform", "stores", "mount"],
    files: ["index.ts"],
    packages: ["yargs"],
  },
];

const folder = (room) => `^src/${room}/`;
const file = (name) => `^src/${name.replaceAll(".", "\\.")}$`;
const everyRoom = rooms.map(({ room }) => folder(room));

/** Rules of one room: what it imports of `src/`, and which packages. */
function rulesOf({ room, imports, files = [], packages }) {
  const from = { path: folder(room) };
  const allowed = [folder(room), ...imports.map(folder), ...files.map(file)];
  return [
    {
      name: `${room}-imports`,
      comment: `${room} may import ${[...imports, ...files].join(", ") || "nothing"} of src`,
      severity: "error",
      from,
      to: { path: "^src/", pathNot: allowed },
    },
    {
      name: `${room}-packages`,
      comment: `${room} may import ${packages.join(", ") || "no package"}`,
      severity: "error",
      from,
      to: {
        path: "node_modules/",
        pathNot: packages.map((name) => `node_modules/(@types/)?${name}/`),
      },
    },
  ];
}

module.exports = {
  forbidden: [
    ...rooms.flatMap(rulesOf),
    {
      name: "core-is-isomorphic",
      comment: "src/core also runs in a browser: nothing of Node",
      severity: "error",
      from: { path: "^src/core/" },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "library-root",
      comment: "the library root exports everything but the command line",
      severity: "error",
      from: { path: "^src/index\\.ts$" },
      to: { path: folder("cli") },
    },
    {
      name: "known-rooms",
      comment: "a file outside the rooms of ARCHITECTURE.md",
      severity: "error",
      from: {},
      to: { path: "^src/", pathNot: [...everyRoom, "^src/index\\.ts$"] },
    },
    {
      name: "known-rooms-from",
      comment: "a file outside the rooms of ARCHITECTURE.md",
      severity: "error",
      from: { path: "^src/", pathNot: [...everyRoom, "^src/index\\.ts$"] },
      to: {},
    },
    {
      name: "src-stands-alone",
      comment: "src imports nothing of the tests, benchmarks and scripts",
      severity: "error",
      from: { path: "^src/" },
      to: { path: "^[^/]+/", pathNot: ["^src/", "node_modules/"], dependencyTypes: ["local"] },
    },
    {
      name: "no-circular",
      comment: "a cycle hides which file is below which",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "resolvable",
      comment: "an import that leads nowhere",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "types", "node", "default"],
    },
  },
};
