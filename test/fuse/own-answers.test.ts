/** What the channel answers or gathers by itself, on a real mount: programs see no difference, and script runs less often. */
import { execFile } from "node:child_process";
import { readdir, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import t, { type Test } from "tap";
import type { Vault } from "../../src/core/vault/vault.ts";
import { KernelMount } from "../../src/mount/kernel-driver.ts";
import { mountVault } from "../../src/mount/mount-vault.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { FileStore } from "../../src/stores/file/file-store.ts";
import { cannotMount, newMountpoint } from "../support/mounted-memory.ts";
import { newFileSystem } from "../support/test-file-system.ts";
import { createTestVault } from "../support/test-vault.ts";

const skip = cannotMount();
if (skip) t.plan(0, skip);

const run = promisify(execFile);
const FILES = 200;

interface Stage {
  readonly vault: Vault;
  readonly mount: KernelMount;
  readonly paths: readonly string[];
  /** Calls into script so far, for requests of these kinds. */
  calls(...names: readonly string[]): number;
}

/** A mount with files, each of a size of its own. */
async function mounted(t: Test, shownAs?: { readonly uid: number }): Promise<Stage> {
  const vault = await createTestVault(FileStore.create(join(t.testdir(), "vault")));
  const fs = await newFileSystem(vault, { clock: nodePlatform.clock });
  const mountpoint = newMountpoint(t);
  const options = { source: "test", ...(shownAs && { shownAs }) };
  const mount = await mountVault({ fs, mountpoint, options });
  if (!(mount instanceof KernelMount)) throw new Error("this is not the driver to be tested");
  const paths = Array.from({ length: FILES }, (_, i) => join(mountpoint, `${i}`));
  for (const [i, path] of paths.entries()) await writeFile(path, Buffer.alloc(i + 1, "content"));
  const calls = (...names: readonly string[]): number =>
    names.reduce((sum, name) => sum + (mount.requestCounts()[name] ?? 0), 0);
  return { vault, mount, paths, calls };
}

async function unmounted({ mount, vault }: Stage): Promise<void> {
  await mount.unmount();
  await vault.close();
}

t.test("attributes of what was written are known without script", async (t) => {
  const stage = await mounted(t);
  const { paths, vault, calls } = stage;
  const before = calls("GETATTR", "STATX");
  const { direct } = stage.mount.channelCounters();
  for (const [i, path] of paths.entries()) t.match(await stat(path), { size: i + 1, nlink: 1 });
  t.equal(calls("GETATTR", "STATX"), before);
  t.ok(stage.mount.channelCounters().direct >= direct + FILES);
  const [path = ""] = paths;
  await writeFile(path, Buffer.alloc(70_000, "more"));
  t.match(await stat(path), { size: 70_000, blocks: 137 });
  await vault.commit();
  await utimes(path, 1, -2);
  await writeFile(path, "less");
  t.match(await stat(path), { size: 4, blocks: 1, atime: new Date(1000) });
  await unmounted(stage);
});

t.test("a mount that shows another owner shows it after every change", async (t) => {
  const stage = await mounted(t, { uid: 4242 });
  for (const path of stage.paths) {
    t.match(await stat(path), { uid: 4242 });
    await writeFile(path, "changed");
    t.match(await stat(path), { uid: 4242, size: 7 });
  }
  await unmounted(stage);
});

t.test("what the kernel forgets is told together, and its storage is given back", async (t) => {
  const stage = await mounted(t);
  const { vault, mount, calls } = stage;
  await run("rm", stage.paths);
  t.same(await readdir(mount.mountpoint), []);
  const told = calls("FORGET", "BATCH_FORGET");
  t.ok(told < FILES, `${told} calls`);
  await vault.commit();
  t.equal(vault.inodes, 1);
  await unmounted(stage);
});
