/**
 * A file whose pages are read without script, on a real mount, and changed in every way meanwhile: reads past the kernel's
 * cache always show what was written last.
 */
import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { type FileHandle, open, rename, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
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
t.setTimeout(120_000);

const run = promisify(execFile);
const PAGE = 65_536;
const SIZE = 20 * PAGE;
const RUNS = Number(process.env.FC_RUNS ?? 10);

interface Stage {
  readonly vault: Vault;
  readonly mount: KernelMount;
  readonly path: string;
}

async function mounted(t: Test): Promise<Stage> {
  const vault = await createTestVault(FileStore.create(join(t.testdir(), "vault")));
  const fs = await newFileSystem(vault, { clock: nodePlatform.clock });
  const mountpoint = newMountpoint(t);
  const mount = await mountVault({ fs, mountpoint, options: { source: "test" } });
  if (!(mount instanceof KernelMount)) throw new Error("this is not the driver to be tested");
  return { vault, mount, path: join(mountpoint, "file") };
}

async function unmounted({ mount, vault }: Stage): Promise<void> {
  await mount.unmount();
  await vault.close();
}

/** A file on the mount, and what it should hold. */
interface Subject {
  readonly stage: Stage;
  content: Buffer;
}

interface Step {
  readonly name: keyof typeof STEPS;
  readonly offset: number;
  readonly length: number;
  readonly byte: number;
}

async function withFile<T>(
  path: string,
  flags: number,
  body: (file: FileHandle) => Promise<T>,
): Promise<T> {
  const file = await open(path, flags);
  try {
    return await body(file);
  } finally {
    await file.close();
  }
}

function resized(content: Buffer, size: number): Buffer {
  const changed = Buffer.alloc(size);
  content.copy(changed);
  return changed;
}

function zeroed(content: Buffer, from: number, end: number): Buffer {
  const changed = Buffer.from(content);
  changed.subarray(from, end).fill(0);
  return changed;
}

/** What is done to the file; each keeps the expected content in step. */
const STEPS = {
  async write({ stage, ...subject }: Subject, { offset, length, byte }: Step) {
    const part = Buffer.alloc(length, byte);
    await withFile(stage.path, constants.O_RDWR, (file) => file.write(part, 0, length, offset));
    const content = resized(subject.content, Math.max(subject.content.length, offset + length));
    part.copy(content, offset);
    return content;
  },
  async truncate({ stage, content }: Subject, { offset }: Step) {
    await truncate(stage.path, offset);
    return resized(content, offset);
  },
  async punch({ stage, content }: Subject, { offset, length }: Step) {
    await run("fallocate", ["-p", "-o", `${offset}`, "-l", `${length}`, stage.path]);
    return zeroed(content, offset, offset + length);
  },
  async zero({ stage, content }: Subject, { offset, length }: Step) {
    await run("fallocate", ["-z", "-n", "-o", `${offset}`, "-l", `${length}`, stage.path]);
    return zeroed(content, offset, offset + length);
  },
  async copy({ stage, content }: Subject) {
    await run("cp", ["--reflink=auto", stage.path, `${stage.path}.copy`]);
    await rename(`${stage.path}.copy`, stage.path);
    return content;
  },
  async replace({ stage }: Subject, { length, byte }: Step) {
    const content = Buffer.alloc(SIZE + length, byte);
    await writeFile(stage.path, content);
    return content;
  },
  async commit({ stage, content }: Subject) {
    await stage.vault.commit();
    return content;
  },
  async touch({ stage, content }: Subject) {
    await run("touch", [stage.path]);
    return content;
  },
} satisfies Record<string, (subject: Subject, step: Step) => Promise<Buffer>>;

/** Reads past the kernel's cache, so that every read is a request. */
async function expectContent({ stage, content }: Subject, { offset, length }: Step): Promise<void> {
  await withFile(stage.path, constants.O_RDONLY | constants.O_DIRECT, async (file) => {
    for (const [from, count] of [
      [0, SIZE * 2],
      [offset, length],
      [offset, 1],
    ] as const) {
      const room = Buffer.alloc(count);
      const { bytesRead } = await file.read(room, 0, count, from);
      const expected = content.subarray(from, from + count);
      if (!room.subarray(0, bytesRead).equals(expected)) throw new Error(`${from} reads wrongly`);
    }
  });
}

const step: fc.Arbitrary<Step> = fc.record({
  name: fc.oneof(
    fc.constant("commit" as const),
    fc.constantFrom(...(Object.keys(STEPS) as Step["name"][])),
  ),
  offset: fc.nat(SIZE),
  length: fc.oneof(fc.integer({ min: 1, max: 9000 }), fc.integer({ min: 1, max: 4 * PAGE })),
  byte: fc.integer({ min: 1, max: 255 }),
});

t.test("reads show what was written last, whatever happens to the file", async (t) => {
  const stage = await mounted(t);
  const property = fc.asyncProperty(
    fc.array(step, { maxLength: 40, size: "max" }),
    async (steps) => {
      const subject: Subject = { stage, content: Buffer.alloc(SIZE, "begin") };
      await writeFile(stage.path, subject.content);
      await stage.vault.commit();
      for (const step of steps) {
        subject.content = await STEPS[step.name](subject, step);
        await expectContent(subject, step);
      }
    },
  );
  await t.resolves(fc.assert(property, { numRuns: RUNS }));
  const { direct } = stage.mount.channelCounters();
  t.comment(`${direct} reads without script`);
  t.ok(direct > RUNS);
  await unmounted(stage);
});

t.test(
  "reads without script are a use of the mount, and reach it from several programs",
  async (t) => {
    const stage = await mounted(t);
    const content = Buffer.alloc(SIZE, "shared");
    await writeFile(stage.path, content);
    await stage.vault.commit();
    const sums = await Promise.all(
      Array.from({ length: 6 }, () =>
        run("sh", ["-c", `dd if=${stage.path} bs=64k iflag=direct status=none | cksum`]),
      ),
    );
    t.equal(new Set(sums.map(({ stdout }) => stdout)).size, 1);
    const { direct } = stage.mount.channelCounters();
    t.ok(direct > 60);
    t.ok(stage.mount.uses() > direct);
    await unmounted(stage);
  },
);

/**
 * Reads a file past the kernel's cache, half of it by one request.
 * @returns what its blocks are full of; NaN for one that holds several bytes
 */
async function readBlocks(path: string): Promise<number[]> {
  const blocks: number[] = [];
  await withFile(path, constants.O_RDONLY | constants.O_DIRECT, async (file) => {
    for (const from of [0, SIZE / 2]) {
      const room = Buffer.alloc(SIZE / 2);
      const { bytesRead } = await file.read(room, 0, room.length, from);
      for (let at = 0; at < bytesRead; at += PAGE) {
        const block = room.subarray(at, Math.min(at + PAGE, bytesRead));
        const first = block.readUInt8();
        blocks.push(block.equals(Buffer.alloc(block.length, first)) ? first : Number.NaN);
      }
    }
  });
  return blocks;
}

t.test("long reads beside writes and cuts show each block whole, and never go back", async (t) => {
  const stage = await mounted(t);
  const { path, vault } = stage;
  await writeFile(path, Buffer.alloc(SIZE, 1));
  await vault.commit();
  let isWriting = true;
  const read = async (): Promise<number> => {
    let seen: number[] = [];
    let count = 0;
    for (; isWriting; count++) {
      const blocks = await readBlocks(path);
      const wrong = blocks.findIndex((block, i) => !(block >= (seen[i] ?? 0) || block === 0));
      if (wrong >= 0) throw new Error(`block ${wrong}: ${seen[wrong]}, then ${blocks[wrong]}`);
      seen = blocks;
    }
    return count;
  };
  const write = async (): Promise<void> => {
    try {
      for (let round = 2; round < 2 + RUNS; round++) {
        await withFile(path, constants.O_RDWR, async (file) => {
          const block = Buffer.alloc(PAGE, round);
          for (let at = 0; at < SIZE; at += PAGE) await file.write(block, 0, PAGE, at);
        });
        await vault.commit();
        for (let reads = 0; reads < 3; reads++) await readBlocks(path);
        if (round % 4 === 0) await truncate(path, SIZE / 2);
      }
    } finally {
      isWriting = false;
    }
  };
  const [, ...counts] = await Promise.all([write(), read(), read()]);
  t.ok(counts.every((count) => count > 0));
  t.ok(stage.mount.channelCounters().direct > RUNS);
  await unmounted(stage);
});
