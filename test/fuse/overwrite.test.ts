/**
 * Parts of a large file are written over on a mount that has nothing of it in memory: what was written is there at once,
 * safe after fsync, and where the page beneath turns out to be damaged, the next fsync says so.
 */
import { once } from "node:events";
import { closeSync, fsyncSync, openSync, readFileSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import t, { type Test } from "tap";
import { decodePageHeader } from "../../src/core/format/page-header.ts";
import { FileStore } from "../../src/stores/file/file-store.ts";
import { mountableFile } from "../support/damage/mountable-image.ts";
import { isMounted, Program } from "../support/dvault-program.ts";
import { cannotMount } from "../support/mounted-memory.ts";
import { newFile, newFileSystem } from "../support/test-file-system.ts";
import { createTestVault, TEST_PASSWORD } from "../support/test-vault.ts";

const skip = cannotMount();
if (skip) t.plan(0, skip);
t.setTimeout(300_000);

const PAGE = 65_536;
const BLOCKS = 100;
const PART = 4096;

/** A vault with one file of whole pages, and what the file holds. */
async function makeVault(t: Test): Promise<{ readonly path: string; readonly content: Buffer }> {
  const path = join(t.testdir(), "v.dvault");
  const vault = await createTestVault(FileStore.create(path));
  const fs = await newFileSystem(vault);
  const { ino } = await newFile(fs, "file");
  const content = Buffer.alloc(BLOCKS * PAGE);
  for (let i = 0; i < content.length; i += 64) content.writeUInt32LE(i + 1, i);
  await fs.write(ino, 0, content);
  await vault.close();
  return { path, content };
}

/** Damages the page of the n-th block. */
async function damage(path: string, block: number): Promise<void> {
  const { image, pages, bring } = mountableFile(path);
  const [[name, bytes]] = [...image] as [[string, Uint8Array]];
  const ofData = pages.filter(({ start, end }) => {
    const header = decodePageHeader(bytes.subarray(start, end));
    return typeof header !== "string" && header.pageClass === "data";
  });
  const at = (ofData[block]?.start ?? 0) + 1000;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await bring(new Map([[name, bytes]]));
}

/** Uses a mount of a vault. @returns what its process said */
async function onMount(t: Test, path: string, use: (mountpoint: string) => void): Promise<string> {
  const dvault = await Program.start(t);
  const mountpoint = dvault.directory("m");
  const env = { DVAULT_PASSWORD: TEST_PASSWORD };
  const child = dvault.start(["mount", "-f", path, mountpoint], env);
  const ended = once(child, "exit");
  const said = child.stderr === null ? "" : text(child.stderr);
  while (!isMounted(mountpoint) && child.exitCode === null) await delay(20);
  use(mountpoint);
  t.equal((await dvault.runBeside(["unmount", mountpoint])).code, 0);
  t.same(await ended, [0, null]);
  return said;
}

function codeOf(call: () => unknown): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    return (error as { readonly code?: string }).code;
  }
}

t.test("parts that are written over are there at once, and after another mount", async (t) => {
  const { path, content } = await makeVault(t);
  await onMount(t, path, (mountpoint) => {
    const fd = openSync(join(mountpoint, "file"), "r+");
    for (let n = 0; n < 200; n++) {
      const offset = ((n * 7919) % (content.length / PART)) * PART;
      content.fill(n, offset, offset + PART);
      writeSync(fd, content, offset, PART, offset);
    }
    t.ok(readFileSync(join(mountpoint, "file")).equals(content), "before fsync");
    fsyncSync(fd);
    closeSync(fd);
  });
  await onMount(t, path, (mountpoint) => {
    t.ok(readFileSync(join(mountpoint, "file")).equals(content), "after another mount");
  });
});

t.test(
  "a part written over a page that proves damaged fails the next fsync of its file, and no other",
  async (t) => {
    const { path, content } = await makeVault(t);
    await damage(path, 5);
    const part = Buffer.alloc(PART, 7);
    const said = await onMount(t, path, (mountpoint) => {
      const fd = openSync(join(mountpoint, "file"), "r+");
      const other = openSync(join(mountpoint, "other"), "w+");
      for (const block of [4, 5, 6]) writeSync(fd, part, 0, PART, block * PAGE + PART);
      writeSync(other, part, 0, PART, 0);
      fsyncSync(fd);
      const found = Buffer.alloc(PAGE);
      t.equal(
        codeOf(() => readSync(fd, found, 0, PAGE, 5 * PAGE + 2 * PART)),
        "EIO",
      );
      fsyncSync(other);
      t.equal(
        codeOf(() => fsyncSync(fd)),
        "EIO",
      );
      t.equal(
        codeOf(() => fsyncSync(fd)),
        undefined,
      );
      writeSync(fd, part, 0, PART, 5 * PAGE + PART);
      closeSync(fd);
      closeSync(other);
    });
    t.match(said, /^dvault: a write was not stored: .* between 327680 and 393216 is lost, since /);
    await onMount(t, path, (mountpoint) => {
      const fd = openSync(join(mountpoint, "file"), "r");
      const found = Buffer.alloc(PAGE);
      t.equal(
        codeOf(() => readSync(fd, found, 0, PART, 5 * PAGE + PART)),
        "EIO",
      );
      for (const block of [4, 6]) {
        content.fill(7, block * PAGE + PART, block * PAGE + 2 * PART);
        readSync(fd, found, 0, PAGE, block * PAGE);
        t.ok(found.equals(content.subarray(block * PAGE, (block + 1) * PAGE)));
      }
      t.same(readFileSync(join(mountpoint, "other")), part);
      closeSync(fd);
    });
  },
);
