import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import t from "tap";
import { isVaultName, loadConfig, saveConfig, withVault } from "../../../src/cli/config/config.ts";
import { directories } from "../../../src/cli/config/directories.ts";
import { parseLocation, parseLocations } from "../../../src/cli/config/location.ts";
import { resolveVault } from "../../../src/cli/config/vault-reference.ts";

t.test("directories follow XDG, and ignore relative values", async (t) => {
  t.same(directories({ HOME: "/home/u" }), {
    config: "/home/u/.config/dvault",
    data: "/home/u/.local/share/dvault",
    state: "/home/u/.local/state/dvault",
  });
  const env = {
    HOME: "/home/u",
    XDG_CONFIG_HOME: "/c",
    XDG_DATA_HOME: "relative",
    XDG_STATE_HOME: "/s",
  };
  t.same(directories(env), {
    config: "/c/dvault",
    data: "/home/u/.local/share/dvault",
    state: "/s/dvault",
  });
});

t.test("the config is kept for its owner alone and read back", async (t) => {
  const places = directories({ HOME: t.testdir() });
  t.same(loadConfig(places), { default: "default", vaults: {} });
  const config = withVault(loadConfig(places), "work", { store: "/x/work.dvault" });
  t.equal(config.default, "work", "the first vault becomes the default");
  t.equal(withVault(config, "other", { store: "/y" }).default, "work");
  saveConfig(places, config);
  t.same(loadConfig(places), config);
  t.equal(statSync(places.config).mode & 0o777, 0o700);
  t.equal(statSync(join(places.config, "config.json")).mode & 0o777, 0o600);
});

t.test("a config that says something else is refused by name", async (t) => {
  const places = directories({ HOME: t.testdir() });
  mkdirSync(places.config, { recursive: true });
  const path = join(places.config, "config.json");
  for (const text of [
    "{",
    "[]",
    '{"vaults":[]}',
    '{"vaults":{"../x":{"store":"/x"}}}',
    '{"vaults":{"x":{}}}',
    '{"default":5}',
  ]) {
    writeFileSync(path, text);
    t.throws(() => loadConfig(places), { code: "USAGE", message: path }, text);
  }
  t.equal(readFileSync(path, "utf8"), '{"default":5}', "and left as it is");
});

t.test("vault names are plain words", async (t) => {
  for (const name of ["a", "work", "W-1.x_y"]) t.ok(isVaultName(name), name);
  for (const name of ["", ".x", "-x", "a/b", "a:b", "a b", "x.dvault", "dir", "a".repeat(65)]) {
    t.notOk(isVaultName(name), name);
  }
});

t.test("resolveVault knows names, paths and URLs", async (t) => {
  const places = directories({ HOME: "/home/u" });
  const config = {
    default: "main",
    vaults: { work: { store: "/mnt/work.dvault" }, far: { store: "dir:/x" } },
  };
  const find = (text: string): unknown => resolveVault(text, config, places);
  const file = (path: string): object => ({ kind: "file", key: path, path });
  const main = {
    label: "main",
    name: "main",
    place: file("/home/u/.local/share/dvault/main.dvault"),
  };
  t.same(find(""), main);
  t.same(find("main"), main);
  t.same(find("work"), { label: "work", name: "work", place: file("/mnt/work.dvault") });
  t.same(find("x.dvault"), { label: "x.dvault", place: file(resolve("x.dvault")) });
  t.same(find("./x"), { label: "./x", place: file(resolve("x")) });
  t.same(find("file:///a%20b.dvault"), { label: "/a b.dvault", place: file("/a b.dvault") });
  const folder = { kind: "directory", key: `dir:${resolve("x")}`, path: resolve("x") };
  t.same(find("dir:./x/"), { label: folder.key, place: folder });
  t.same(find("far"), {
    label: "far",
    name: "far",
    place: { ...folder, key: "dir:/x", path: "/x" },
  });
  t.match(
    find("DISCORD://100000000000000001/100000000000000002?webhooks=&data=100000000000000003"),
    {
      place: {
        kind: "discord",
        key: "discord://100000000000000001/100000000000000002?data=100000000000000003",
      },
    },
  );
  t.throws(() => find("dir:"), { code: "USAGE", message: /dir:\/mnt\/x/ });
  t.throws(() => find("discord://1/2"), { code: "USAGE" });
  t.throws(() => find("none"), { code: "STORE_MISSING", message: /dvault init none/ });
  t.throws(() => find("s3://bucket/x"), { code: "USAGE", message: /file:\/\/\// });
  t.throws(() => find("file://host/x"), { code: "USAGE" });
  t.throws(() => find("a b"), { code: "USAGE" });
});

t.test("parseLocation reads [vault:]/path", async (t) => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["/docs/a", "", "/docs/a"],
    ["/a:b", "", "/a:b"],
    [":/docs/a", "", "/docs/a"],
    [":docs", "", "/docs"],
    [":/x.dvault", "", "/x.dvault"],
    ["work:/docs", "work", "/docs"],
    ["work:docs", "work", "/docs"],
    ["work:/a:b", "work", "/a:b"],
    ["work:/x.dvault", "work", "/x.dvault"],
    ["work:", "work", "/"],
    ["work", "work", "/"],
    ["./x.dvault:/docs", "./x.dvault", "/docs"],
    ["/tmp/x.dvault:/docs", "/tmp/x.dvault", "/docs"],
    ["/tmp/x.dvault", "/tmp/x.dvault", "/"],
    ["x.dvault", "x.dvault", "/"],
    ["./vault:/docs", "./vault", "/docs"],
    ["file:///x.dvault:/docs", "file:///x.dvault", "/docs"],
    ["dir:/x:/docs", "dir:/x", "/docs"],
    ["dir:/x", "dir:/x", "/"],
    ["dir:x:docs", "dir:x", "/docs"],
    ["discord://1/2?data=3,4&webhooks=5@6:/docs", "discord://1/2?data=3,4&webhooks=5@6", "/docs"],
    ["discord://1/2?data=3", "discord://1/2?data=3", "/"],
    ["file:///x.dvault", "file:///x.dvault", "/"],
  ];
  for (const [text, vault, path] of cases) t.same(parseLocation(text), { vault, path }, text);
  t.throws(() => parseLocation(""), { code: "USAGE" });
});

t.test("parseLocations takes one vault for all paths", async (t) => {
  t.same(parseLocations([]), { vault: "", paths: [] });
  t.same(parseLocations(["work"]), { vault: "work", paths: [] });
  t.same(parseLocations(["work:"]), { vault: "work", paths: ["/"] });
  t.same(parseLocations(["/a", "/b"]), { vault: "", paths: ["/a", "/b"] });
  t.same(parseLocations(["work:/a", "work:/b"]), { vault: "work", paths: ["/a", "/b"] });
  t.same(parseLocations(["work", "/a", "/b.dvault"]), {
    vault: "work",
    paths: ["/a", "/b.dvault"],
  });
  t.throws(() => parseLocations(["work:/a", "/b"]), { code: "USAGE" });
  t.throws(() => parseLocations(["work", "docs"]), { code: "USAGE" });
  t.throws(() => parseLocations(["work", "other:/a"]), { code: "USAGE" });
});
