import t from "tap";
import { utf8 } from "../../../src/core/base/bytes.ts";
import { ROOT_INO } from "../../../src/core/fs/file-system.ts";
import type { FileSystemOptions } from "../../../src/core/fs/fs-context.ts";
import type { VaultFileSystem } from "../../../src/core/fs/vault-file-system.ts";
import { LayoutKeeper } from "../../support/layout-keeper.ts";
import { MemoryVault } from "../../support/memory-vault.ts";
import { newFile, newFileSystem, readBytes, TestClock } from "../../support/test-file-system.ts";

const PAGE = 65_536;

interface Stage {
  readonly vault: MemoryVault;
  readonly fs: VaultFileSystem;
  readonly keeper: LayoutKeeper;
  readonly clock: TestClock;
  /** A stored file of four pages. */
  readonly ino: number;
}

async function staged(options: Partial<FileSystemOptions> = {}): Promise<Stage> {
  const vault = new MemoryVault();
  const keeper = new LayoutKeeper(vault);
  const clock = new TestClock();
  const fs = await newFileSystem(vault, { ...options, clock });
  fs.holdLayouts(keeper);
  const { ino } = await newFile(fs, "file");
  await fs.write(ino, 0, Buffer.alloc(4 * PAGE, "content"));
  await vault.commit();
  return { vault, fs, keeper, clock, ino };
}

t.test(
  "the first read of a stored file gives a layout, also where it changes the access time",
  async (t) => {
    const { fs, keeper, clock, ino } = await staged();
    t.notOk(keeper.has(ino));
    await fs.read(ino, PAGE, 100);
    t.ok(keeper.has(ino));
    await keeper.compare(fs, clock.sec);
    t.equal(keeper.compared, 4);
  },
);

t.test("every change of a file recalls its layout before it can be seen", async (t) => {
  const changes: Record<string, (stage: Stage) => unknown> = {
    write: ({ fs, ino }) => fs.write(ino, 5, utf8("x")),
    append: ({ fs, ino }) => fs.write(ino, 9 * PAGE, utf8("x")),
    truncate: ({ fs, ino }) => fs.setattr(ino, { size: 10 }),
    "set times": ({ fs, ino }) => fs.setattr(ino, { mtime: "now" }),
    punch: ({ fs, ino }) => fs.fallocate(ino, 0, PAGE, { operation: "punch-hole", keepSize: true }),
    copy: async ({ fs, ino }) => {
      const other = await newFile(fs, "other");
      await fs.write(other.ino, 0, Buffer.alloc(2 * PAGE, "z"));
      await fs.copyFileRange({ ino: other.ino, offset: 0 }, { ino, offset: 0 }, 2 * PAGE);
    },
    remove: async ({ fs, ino, vault }) => {
      await fs.unlink(ROOT_INO, utf8("file"));
      await vault.commit();
      t.notOk((await fs.lookup(ROOT_INO, utf8("file")))?.ino === ino);
    },
  };
  for (const [name, change] of Object.entries(changes)) {
    const stage = await staged();
    await stage.fs.read(stage.ino, 0, 10);
    t.ok(stage.keeper.has(stage.ino), name);
    await change(stage);
    t.notOk(stage.keeper.has(stage.ino), name);
  }
});

t.test("other files keep theirs", async (t) => {
  const { fs, keeper, ino } = await staged();
  await fs.read(ino, 0, 10);
  const other = await newFile(fs, "other");
  await fs.write(other.ino, 0, utf8("x"));
  t.ok(keeper.has(ino));
});

t.test("a file with drafts has no layout until they are stored", async (t) => {
  const { fs, vault, keeper, clock, ino } = await staged();
  await fs.write(ino, 2 * PAGE, utf8("draft"));
  await fs.read(ino, 0, 10);
  t.notOk(keeper.has(ino));
  await vault.commit();
  t.equal((await readBytes(fs, ino, 2 * PAGE, 5)).toString(), "draft");
  t.ok(keeper.has(ino));
  await keeper.compare(fs, clock.sec);
});

t.test("reads that change the access time every time give none", async (t) => {
  const strict = await staged({ atime: "strictatime" });
  await strict.fs.read(strict.ino, 0, 10);
  t.notOk(strict.keeper.has(strict.ino));

  const { fs, keeper, clock, ino } = await staged();
  await fs.setattr(ino, { mtime: { sec: clock.sec + 1000, nsec: 0 } });
  await fs.read(ino, 0, 10);
  t.notOk(keeper.has(ino), "changed in the future");
  await fs.read(ino, 0, 10, { keepsAtime: true });
  t.notOk(keeper.has(ino), "a read that leaves the access time alone does not tell");
});

t.test("a layout ends when the access time is due: a day later, or never", async (t) => {
  const { fs, keeper, clock, ino } = await staged();
  await fs.read(ino, 0, 10);
  t.match(keeper.of(ino), [{ until: clock.sec + 86_400 }]);
  clock.sec += 86_400;
  await fs.read(ino, 0, 10);
  t.match(keeper.of(ino), [{ until: clock.sec + 86_400 }]);

  const never = await staged({ atime: "noatime" });
  await never.fs.read(never.ino, 0, 10);
  t.match(never.keeper.of(never.ino), [{ until: Number.POSITIVE_INFINITY }]);
});

t.test("small files, holes and what stands in packs give none", async (t) => {
  const { fs, vault, keeper } = await staged();
  const { ino } = await newFile(fs, "small");
  await fs.write(ino, 10 * PAGE, utf8("small"));
  await vault.commit();
  await fs.read(ino, 0, 11 * PAGE);
  t.notOk(keeper.has(ino));
});
