import t from "tap";
import { type MountLine, mountArguments, readMountChoice } from "../../../src/cli/mount-choice.ts";

const PLAIN: MountLine = {
  "read-only": false,
  "allow-other": false,
  "cache-size": undefined,
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
  for (const size of ["", "x", "1M", "-5G", "5T", "5 M M"]) {
    t.throws(() => choose({ "cache-size": size }), { code: "USAGE" }, size);
  }
});

t.test("the process in the background is told the same", async (t) => {
  t.same(mountArguments(readMountChoice(PLAIN)), []);
  const all = readMountChoice({
    "read-only": true,
    "allow-other": true,
    "cache-size": "8M",
    o: ["suid,dev"],
    compression: "deflate",
  });
  t.same(mountArguments(all), [
    "--read-only",
    "--allow-other",
    ...["-o", "suid", "-o", "dev"],
    ...["--cache-size", "8388608"],
    ...["--compression", "deflate"],
  ]);
});
