import t from "tap";
import { type MountLine, mountArguments, readMountChoice } from "../../../src/cli/mount-choice.ts";

const PLAIN: MountLine = {
  "read-only": false,
  "allow-other": false,
  "cache-size": undefined,
  "store-cache": undefined,
  "local-budget": undefined,
  "take-over": false,
  "older-commit": false,
  "discard-local": false,
  follow: undefined,
  o: undefined,
  compression: undefined,
};

const choose = (line: Partial<MountLine>): object => readMountChoice({ ...PLAIN, ...line });

t.test("options and the list of -o say the same", async (t) => {
  t.same(choose({ o: ["ro,allow_other"] }), choose({ "read-only": true, "allow-other": true }));
  t.match(choose({ o: ["rw,nosuid", "dev"] }), { readOnly: false, suid: false, devices: true });
  t.match(choose({ o: ["suid"] }), { suid: true, devices: false });
  t.throws(() => choose({ o: ["ro,bogus"] }), { code: "USAGE", message: /-o bogus/ });
});

t.test("sizes have units", async (t) => {
  t.match(choose({ "cache-size": "256M" }), { cacheBytes: 256 * 2 ** 20 });
  t.match(choose({ "cache-size": "1.5GiB" }), { cacheBytes: 1.5 * 2 ** 30 });
  t.match(choose({ "cache-size": "8388608" }), { cacheBytes: 2 ** 23 });
  t.match(choose({ "store-cache": "2T" }), { storeCacheBytes: 2 ** 41 });
  for (const size of ["", "x", "1M", "-5G", "5P", "5 M M", "9999999999T"]) {
    t.throws(() => choose({ "cache-size": size }), { code: "USAGE", message: /4M on/ }, size);
  }
  t.throws(() => choose({ "local-budget": "63M" }), { message: /--local-budget 63M.*64M on/ });
});

t.test("the time between two looks is in seconds", async (t) => {
  t.match(choose({ follow: "5" }), { followMs: 5000 });
  t.match(choose({ follow: "0" }), { followMs: 0 });
  for (const text of ["", "-1", "soon", "1e3"]) {
    t.throws(() => choose({ follow: text }), { code: "USAGE", message: /--follow/ }, text);
  }
});

t.test("the process in the background is told the same", async (t) => {
  t.same(mountArguments(readMountChoice(PLAIN)), []);
  const all = readMountChoice({
    "read-only": true,
    "allow-other": true,
    "cache-size": "8M",
    "store-cache": "2T",
    "local-budget": "64M",
    "take-over": true,
    "older-commit": true,
    "discard-local": true,
    follow: "0.5",
    o: ["suid,dev"],
    compression: "deflate",
  });
  t.same(mountArguments(all), [
    "--read-only",
    "--allow-other",
    ...["-o", "suid", "-o", "dev"],
    ...["--cache-size", "8388608"],
    ...["--store-cache", String(2 ** 41)],
    ...["--local-budget", String(2 ** 26)],
    "--take-over",
    "--discard-local",
    ...["--follow", "0.5"],
    ...["--compression", "deflate"],
  ]);
});
