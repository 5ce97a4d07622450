import t from "tap";
import { commandTable } from "../../../src/cli/command-table.ts";
import {
  type MountChoice,
  type MountLine,
  mountArguments,
  readMountChoice,
  withMountWords,
} from "../../../src/cli/mount-choice.ts";
import { mountHelperLine } from "../../../src/cli/mount-helper.ts";
import { readMountWords } from "../../../src/cli/mount-words.ts";

const PLAIN: MountLine = {
  "read-only": false,
  "allow-other": false,
  "cache-size": undefined,
  "cpu-latency": undefined,
  "store-cache": undefined,
  "local-budget": undefined,
  "take-over": false,
  "older-commit": false,
  "allow-rollback": false,
  "discard-local": false,
  follow: undefined,
  o: undefined,
  compression: undefined,
  idle: undefined,
  driver: undefined,
  at: undefined,
  keep: undefined,
};

const choose = (line: Partial<MountLine>): MountChoice =>
  readMountChoice(withMountWords({ ...PLAIN, ...line }));

t.test("options and the list of -o say the same", async (t) => {
  t.same(choose({ o: ["ro,allow_other"] }), choose({ "read-only": true, "allow-other": true }));
  t.match(choose({ o: ["rw,nosuid", "dev"] }), { readOnly: false, suid: false, devices: true });
  t.match(choose({ o: ["suid"] }), { suid: true, devices: false });
  t.match(choose({ o: ["noexec,noatime"] }), { noexec: true, atime: "noatime" });
  t.match(choose({ o: ["strictatime"] }), { atime: "strictatime" });
  t.match(choose({}), { atime: "relatime", defaultPermissions: false });
  t.match(choose({ o: ["default_permissions"] }), { defaultPermissions: true });
  t.same(
    choose({ o: ["cache_size=8M,compression=deflate,idle=30m,driver=fuse-native"] }),
    choose({ "cache-size": "8M", compression: "deflate", idle: "30m", driver: "fuse-native" }),
  );
  t.throws(() => choose({ o: ["ro,bogus"] }), { code: "USAGE", message: /-o bogus/ });
  t.throws(() => choose({ o: ["compression=zip"] }), { code: "USAGE", message: /zip/ });
  t.throws(() => choose({ o: ["driver=x"] }), { code: "USAGE", message: /kernel and fuse-native/ });
});

t.test("the later of two words that contradict each other holds", async (t) => {
  t.match(choose({ o: ["suid,dev,nosuid,nodev"] }), { suid: false, devices: false });
  t.match(choose({ o: ["noexec,exec,noatime,relatime"] }), { noexec: false, atime: "relatime" });
  t.match(choose({ o: ["ro,rw"] }), { readOnly: false });
  t.match(choose({ o: ["rw"], "read-only": true }), { readOnly: true }, "but -r is -r");
});

t.test("an option of its own goes before the same in the list", async (t) => {
  t.match(choose({ "cache-size": "16M", o: ["cache_size=8M"] }), { cacheBytes: 2 ** 24 });
});

t.test("what fstab says to others changes nothing", async (t) => {
  const words =
    "defaults,noauto,user,users,nofail,_netdev,x-systemd.automount,x-gvfs-show,comment=mine";
  t.same(choose({ o: [words] }), choose({}));
});

t.test("owners and modes may be shown otherwise", async (t) => {
  t.match(choose({ o: ["uid=1000,gid=100,umask=077"] }), {
    shownAs: { uid: 1000, gid: 100, umask: 0o77 },
  });
  for (const word of ["uid=me", "gid=-1", "uid=4294967295", "umask=8", "umask=1777", "umask="]) {
    t.throws(() => choose({ o: [word] }), { code: "USAGE", message: `-o ${word}: give` }, word);
  }
});

t.test("a comma in a value stands behind a backslash", async (t) => {
  const { options } = readMountWords([
    "password_command=pass show a\\,b\\\\c,ro",
    "password_file=/k=1",
  ]);
  t.same(options, {
    "password-command": "pass show a,b\\c",
    "read-only": true,
    "password-file": "/k=1",
  });
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

t.test("how long waking may take is in microseconds", async (t) => {
  t.match(choose({}), { cpuLatency: "auto" });
  t.match(choose({ "cpu-latency": "any" }), { cpuLatency: "any" });
  t.match(choose({ o: ["cpu_latency=0"] }), { cpuLatency: 0 });
  t.same(mountArguments(choose({ o: ["cpu_latency=50"] })), ["--cpu-latency", "50"]);
  for (const text of ["", "-1", "1.5", "deep", "100001"]) {
    const error = { code: "USAGE", message: /--cpu-latency/ };
    t.throws(() => choose({ "cpu-latency": text }), error, text);
  }
});

t.test("the time between two looks is in seconds", async (t) => {
  t.match(choose({ follow: "5" }), { followMs: 5000 });
  t.match(choose({ follow: "0" }), { followMs: 0 });
  for (const text of ["", "-1", "soon", "1e3"]) {
    t.throws(() => choose({ follow: text }), { code: "USAGE", message: /--follow/ }, text);
  }
});

t.test("times have units, and seconds when they have none", async (t) => {
  t.match(choose({ idle: "30m" }), { idleMs: 1_800_000 });
  t.match(choose({ idle: "1.5h" }), { idleMs: 5_400_000 });
  t.match(choose({ idle: "90" }), { idleMs: 90_000 });
  t.match(choose({ idle: "24d" }), { idleMs: 24 * 86_400_000 });
  for (const time of ["", "0", "x", "-5m", "25d", "5y"]) {
    t.throws(() => choose({ idle: time }), { code: "USAGE" }, time);
  }
});

t.test("the process in the background is told the same", async (t) => {
  t.same(mountArguments(choose({})), []);
  const all = choose({
    "read-only": true,
    "allow-other": true,
    "cache-size": "8M",
    "store-cache": "2T",
    "local-budget": "64M",
    "take-over": true,
    "older-commit": true,
    "allow-rollback": true,
    "discard-local": true,
    follow: "0.5",
    o: ["default_permissions,suid,dev,noexec,noatime,uid=1,gid=2,umask=22"],
    compression: "deflate",
    idle: "30m",
    driver: "fuse-native",
    at: "yesterday",
    keep: "hourly:24,daily:7",
  });
  t.same(mountArguments(all), [
    "--read-only",
    "--allow-other",
    ...["-o", "default_permissions,suid,dev,noexec,noatime,uid=1,gid=2,umask=22"],
    ...["--cache-size", "8388608"],
    ...["--store-cache", String(2 ** 41)],
    ...["--local-budget", String(2 ** 26)],
    "--take-over",
    "--discard-local",
    ...["--follow", "0.5"],
    "--older-commit",
    "--allow-rollback",
    ...["--compression", "deflate"],
    ...["--idle", "1800"],
    ...["--at", "yesterday"],
    ...["--keep", "hourly:24,daily:7"],
    ...["--driver", "fuse-native"],
  ]);
  t.match(
    choose({
      o: ["default_permissions,suid,dev,noexec,noatime,uid=1,gid=2,umask=22"],
      idle: "1800",
    }),
    {
      ...{
        defaultPermissions: true,
        suid: true,
        devices: true,
        noexec: true,
        atime: "noatime",
        idleMs: all.idleMs,
      },
      shownAs: all.shownAs,
    },
  );
});

t.test("mount(8) calls its helper as it does", async (t) => {
  const names = commandTable.flatMap((command) => command.names);
  const helper = (line: string): readonly string[] | undefined =>
    mountHelperLine(line.split(" "), names);
  t.same(helper("/v.dvault /mnt -o rw,noauto"), [
    ...["mount", "-o", "rw,noauto", "--", "/v.dvault", "/mnt"],
  ]);
  t.same(helper("work /mnt -sv -n -t fuse.dvault -N /proc/1/ns/mnt -r -o a"), [
    ...["mount", "--sloppy", "--read-only", "-o", "a", "--", "work", "/mnt"],
  ]);
  t.same(helper("work /mnt -f -o rw"), [], "nothing is done when it is only to look as if");
  t.throws(() => helper("work /mnt -x"), { code: "USAGE" });
  for (const line of [
    ...["mount /mnt -o ro", "ls /x -l", "status", "--help", "work /mnt", "-x /mnt -o ro"],
    ...["work -o ro"],
  ]) {
    t.equal(helper(line), undefined, line);
  }
});

t.test("mount -s passes over what nobody knows", async (t) => {
  t.match(choose({ o: ["bogus,ro"], sloppy: true }), { readOnly: true });
});
