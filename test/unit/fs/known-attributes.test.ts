import t from "tap";
import { utf8 } from "../../../src/core/base/bytes.ts";
import { ROOT_INO } from "../../../src/core/fs/file-system.ts";
import type { FileSystemOptions } from "../../../src/core/fs/fs-context.ts";
import type { VaultFileSystem } from "../../../src/core/fs/vault-file-system.ts";
import { AttributeKeeper } from "../../support/attribute-keeper.ts";
import { MemoryVault } from "../../support/memory-vault.ts";
import { newFile, newFileSystem } from "../../support/test-file-system.ts";

const PAGE = 65_536;

interface Stage {
  readonly vault: MemoryVault;
  readonly fs: VaultFileSystem;
  readonly keeper: AttributeKeeper;
  readonly ino: number;
}

async function staged(options: Partial<FileSystemOptions> = {}): Promise<Stage> {
  const vault = new MemoryVault();
  const fs = await newFileSystem(vault, options);
  const keeper = new AttributeKeeper();
  fs.holdAttributes(keeper);
  const { ino } = await newFile(fs, "file");
  return { vault, fs, keeper, ino };
}

t.test("attributes are told when they are asked for, and of what was written", async (t) => {
  const { fs, keeper, ino } = await staged();
  t.notOk(keeper.holds(ino), "the kernel knows a new file from the answer");
  t.notOk(keeper.holds(ROOT_INO), "nobody has asked");
  await fs.write(ino, 0, utf8("content"));
  t.ok(keeper.holds(ino));
  await fs.getattr(ROOT_INO);
  t.ok(keeper.holds(ROOT_INO));
  await keeper.compare(fs);
  t.equal(keeper.compared, 2);
});

t.test("what is held is told anew with every change of it", async (t) => {
  const { fs, keeper, ino } = await staged();
  await fs.getattr(ino);
  await fs.getattr(ROOT_INO);
  const changes: Record<string, () => unknown> = {
    chmod: () => fs.setattr(ino, { mode: 0o600 }),
    link: () => fs.link(ino, ROOT_INO, utf8("second")),
    "set attribute": () => fs.setxattr(ino, utf8("user.a"), utf8("value"), "set"),
    make: () => newFile(fs, "other"),
    unlink: () => fs.unlink(ROOT_INO, utf8("file")),
  };
  for (const [name, change] of Object.entries(changes)) {
    await change();
    t.ok(keeper.holds(ino) && keeper.holds(ROOT_INO), name);
    await keeper.compare(fs);
  }
});

t.test("blocks that only drafts know are counted for as long as they are there", async (t) => {
  const { vault, fs, keeper, ino } = await staged();
  await fs.write(ino, 0, Buffer.alloc(PAGE));
  await keeper.compare(fs);
  t.equal((await fs.getattr(ino)).blocks, PAGE / 512);
  await vault.commit();
  t.notOk(keeper.holds(ino), "zeros became a hole, which changes no record");
  t.equal((await fs.getattr(ino)).blocks, 0);
  await keeper.compare(fs);
});

t.test("nothing is told of what is gone", async (t) => {
  const { fs, keeper, ino } = await staged();
  fs.retain(ino);
  await fs.write(ino, 0, utf8("content"));
  await fs.unlink(ROOT_INO, utf8("file"));
  await fs.getattr(ino);
  t.ok(keeper.holds(ino), "it is open");
  await fs.forget(ino, 1);
  t.notOk(keeper.holds(ino));
});
