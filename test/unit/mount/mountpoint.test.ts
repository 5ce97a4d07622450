import { join } from "node:path";
import t from "tap";
import { fusermount } from "../../../src/mount/fusermount.ts";
import { canonicalPath, prepareMountpoint } from "../../../src/mount/mountpoint.ts";
import { detachDead, unmountPath } from "../../../src/mount/unmount.ts";

t.test("an empty directory is fit, by its canonical path", async (t) => {
  const directory = t.testdir({ empty: {}, link: t.fixture("symlink", "empty") });
  t.equal(await prepareMountpoint(join(directory, "link")), join(directory, "empty"));
});

t.test("what is not an empty directory is refused with the reason", async (t) => {
  const directory = t.testdir({ file: "", full: { file: "" }, loop: t.fixture("symlink", "loop") });
  const unfit: readonly [string, RegExp][] = [
    ["missing", /no such directory; make it first/],
    ["missing/deeper", /no such directory/],
    ["file", /not a directory/],
    ["full", /not empty/],
    ["loop", /cannot be opened \(ELOOP\)/],
  ];
  for (const [name, message] of unfit) {
    await t.rejects(prepareMountpoint(join(directory, name)), { code: "MOUNT_FAILED", message });
  }
  await t.rejects(prepareMountpoint("/proc"), { message: /already a mount point \(proc\)/ });
});

t.test("a path is canonical as far as it leads", async (t) => {
  const directory = t.testdir({ deep: {}, link: t.fixture("symlink", "deep") });
  t.equal(
    await canonicalPath(join(directory, "link", "..", "missing")),
    join(directory, "missing"),
  );
  t.equal(
    await canonicalPath(join(directory, "link", "missing")),
    join(directory, "deep", "missing"),
  );
});

t.test("what is not mounted is not unmounted", async (t) => {
  const directory = t.testdir();
  t.equal(await detachDead(directory), false);
  for (const mode of ["clean", "detach"] as const) {
    await t.rejects(unmountPath(directory, mode), {
      code: "MOUNT_FAILED",
      message: /^cannot unmount/,
    });
  }
});

t.test("a machine without fusermount3 is told what to install", async (t) => {
  const path = process.env.PATH;
  process.env.PATH = t.testdir();
  t.teardown(() => {
    process.env.PATH = path;
  });
  await t.rejects(fusermount(["-V"]), {
    code: "MOUNT_FAILED",
    message: /install the package fuse3/,
  });
});
