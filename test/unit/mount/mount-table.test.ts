import t from "tap";
import { mountAt, parseMountTable } from "../../../src/mount/mount-table.ts";

t.test("a table is decoded line by line", async (t) => {
  const table = parseMountTable(
    [
      "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw",
      "39 22 0:52 / /mnt/with\\040blank\\134x rw,nosuid,nodev - fuse.dvault v\\040lt rw,user_id=0",
      "40 22 0:53 / /mnt/n\xc3\xa4me rw master:2 propagate_from:1 - tmpfs none rw",
      "",
      "nonsense",
      "1 2 3",
    ].join("\n"),
  );
  t.same(table, [
    { device: "254:0", mountpoint: "/", type: "ext4", source: "/dev/root" },
    { device: "0:52", mountpoint: "/mnt/with blank\\x", type: "fuse.dvault", source: "v lt" },
    { device: "0:53", mountpoint: "/mnt/näme", type: "tmpfs", source: "none" },
  ]);
});

t.test("the mounts of this machine are found", async (t) => {
  t.match(await mountAt("/proc"), { type: "proc" });
  t.equal(await mountAt(t.testdir()), undefined);
});
