/**
 * What each call on a mount promises (docs/DURABILITY.md): right after it has returned, others look at what there is, past
 * the mount. They see what would be left had its process died, or its machine been lost, at that moment.
 */
import { execFileSync } from "node:child_process";
import {
  closeSync,
  constants,
  fdatasyncSync,
  fsyncSync,
  openSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import t, { type Test } from "tap";
import { utf8 } from "../../../src/core/base/bytes.ts";
import { SecretBytes } from "../../../src/core/crypto/secret-bytes.ts";
import { entryOf } from "../../../src/core/fs/entry-of.ts";
import { ROOT_INO } from "../../../src/core/fs/file-system.ts";
import type { PageStore } from "../../../src/core/pages/page-store.ts";
import { Vault } from "../../../src/core/vault/vault.ts";
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import { FileStore } from "../../../src/stores/file/file-store.ts";
import { DirectoryObjectStore } from "../../../src/stores/objects/directory-object-store.ts";
import { systemTiming } from "../../../src/stores/objects/discord/steady-timing.ts";
import { openSegmentStore } from "../../../src/stores/segments/open-segment-store.ts";
import { cannotMount } from "../../support/mounted-memory.ts";
import { buildPosixTool, PosixTool } from "../../support/posix-tool.ts";
import { newFileSystem, readBytes } from "../../support/test-file-system.ts";
import { type MountableVault, mountableVault } from "../rig/mountable-vault.ts";
import "../../support/dvault-program.ts";

const skip = cannotMount();
if (skip) t.plan(0, skip);

// Each mount is a program of its own, which takes its time on a busy machine.
t.setTimeout(600_000);

/** Calls after which what was written is safe from the death of the process. */
const LOCAL: Readonly<Record<string, (path: string) => void>> = {
  fsync: (path) => withFile(path, constants.O_WRONLY, fsyncSync),
  fdatasync: (path) => withFile(path, constants.O_WRONLY, fdatasyncSync),
  "fsync of the directory": (path) => withFile(dirname(path), constants.O_RDONLY, fsyncSync),
  "fsync of another file": (path) => {
    writeFileSync(`${path}, other`, "");
    withFile(`${path}, other`, constants.O_WRONLY, fsyncSync);
  },
  "a write with O_SYNC": (path) => withFile(path, constants.O_WRONLY | constants.O_SYNC, rewrite),
  "a write with O_DSYNC": (path) => withFile(path, constants.O_WRONLY | constants.O_DSYNC, rewrite),
  "sync with a path": (path) => execFileSync("sync", [path]),
};

function withFile(path: string, flags: number, body: (fd: number) => void): void {
  const fd = openSync(path, flags);
  body(fd);
  closeSync(fd);
}

function rewrite(fd: number): void {
  writeSync(fd, "written", 0);
}

/** Makes a vault and mounts it. */
async function mounted(t: Test, kind: "file" | "folder"): Promise<MountableVault> {
  const made = mountableVault(t, kind);
  await made.vault.init();
  await made.vault.mount();
  return made;
}

/** Content of a file in a vault, as far as it reached its store. */
async function contentIn(store: PageStore, name: string): Promise<string> {
  const credentials = { password: new SecretBytes(utf8("soak")) };
  const vault = await Vault.open(store, nodePlatform, credentials);
  try {
    const fs = await newFileSystem(vault);
    const { ino } = await entryOf(fs, ROOT_INO, utf8(name));
    return String(await readBytes(fs, ino));
  } finally {
    await vault.abandon();
  }
}

/** A machine that has nothing but the objects. */
async function elsewhere(path: string): Promise<PageStore> {
  const basics = { random: nodePlatform.random, timing: systemTiming, readOnly: true };
  const objects = await DirectoryObjectStore.open(path, basics);
  const host = { name: "elsewhere", pid: process.pid };
  return openSegmentStore({ ...basics, objects, database: "", host });
}

t.test("what syncs makes everything on the mount safe from the death of the process", async (t) => {
  const { vault, path } = await mounted(t, "file");
  for (const [name, call] of Object.entries(LOCAL)) {
    const file = join(vault.mountpoint, name);
    writeFileSync(file, "written");
    call(file);
    const store = FileStore.open(path, { readOnly: true });
    t.equal(await contentIn(store, name), "written", name);
  }
  await vault.unmount();
});

t.test(
  "msync makes a store into a shared mapping safe from the death of the process",
  async (t) => {
    const { vault, path } = await mounted(t, "file");
    const tool = new PosixTool(buildPosixTool(t), vault.mountpoint);
    const answers = await tool.run([
      "open 0 mapped O_RDWR|O_CREAT 0644",
      "write 0 0 100000 1",
      "map 0 0 100000 PROT_READ|PROT_WRITE MAP_SHARED",
      "put 0 70000 5000 3",
      "msync 0",
    ]);
    t.equal(answers.at(-1), "0");
    const shown = String(readFileSync(join(vault.mountpoint, "mapped")));
    const store = FileStore.open(path, { readOnly: true });
    t.ok((await contentIn(store, "mapped")) === shown);
    await tool.end();
    await vault.unmount();
  },
);

t.test("unmounting makes everything safe from the death of the process", async (t) => {
  const { vault, path } = await mounted(t, "file");
  writeFileSync(join(vault.mountpoint, "a"), "written");
  await vault.unmount();
  t.equal(await contentIn(FileStore.open(path, { readOnly: true }), "a"), "written");
});

t.test("flushing and unmounting make everything safe from the loss of the machine", async (t) => {
  const { vault, path } = await mounted(t, "folder");
  writeFileSync(join(vault.mountpoint, "flush"), "written");
  await vault.flush();
  t.equal(await contentIn(await elsewhere(path), "flush"), "written");
  writeFileSync(join(vault.mountpoint, "unmount"), "written");
  await vault.unmount();
  t.equal(await contentIn(await elsewhere(path), "unmount"), "written");
});
