/**
 * A few files of a vault in a real file, changed while flushes and commits run beside, and compared with plain arrays: now and
 * then, and after the vault was opened again.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import t from "tap";
import type { FallocateMode } from "../../src/core/fs/file-system.ts";
import { VaultFileSystem } from "../../src/core/fs/vault-file-system.ts";
import type { Vault } from "../../src/core/vault/vault.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { FileStore } from "../../src/stores/file/file-store.ts";
import { newFile, newFileSystem, readBytes } from "../support/test-file-system.ts";
import { createTestVault, openTestVault } from "../support/test-vault.ts";

const RUNS = Number(process.env.FC_RUNS ?? 30);
const STEPS = Number(process.env.FC_STEPS ?? 250);
t.setTimeout(60_000 + RUNS * 4000);

const FILES = 4;
/** So little that pages leave memory meanwhile. */
const CACHE_BYTES = 4 * 2 ** 20;

/** One deed; each uses the arguments it needs. */
interface Deed {
  readonly op: keyof typeof DEEDS;
  readonly file: number;
  readonly other: number;
  readonly offset: number;
  readonly otherOffset: number;
  readonly length: number;
  readonly fill: number;
  readonly turns: number;
}

/** Files and what they should hold. */
class Twins {
  readonly contents: Buffer[] = Array.from({ length: FILES }, () => Buffer.alloc(0));
  readonly #path: string;
  readonly #beside: Promise<void>[] = [];
  #inodes: readonly number[] = [];
  #vault!: Vault;
  fs!: VaultFileSystem;

  constructor(path: string) {
    this.#path = path;
  }

  async make(): Promise<void> {
    this.#vault = await createTestVault(FileStore.create(this.#path), CACHE_BYTES);
    this.fs = await newFileSystem(this.#vault, { clock: nodePlatform.clock });
    const made = await Promise.all(this.contents.map((_, n) => newFile(this.fs, `${n}`)));
    this.#inodes = made.map(({ ino }) => ino);
  }

  ino(file: number): number {
    return this.#inodes[file] as number;
  }

  content(file: number): Buffer {
    return this.contents[file] as Buffer;
  }

  /** A range as far as it lies within a file. */
  within(file: number, offset: number, end: number): [from: number, end: number] {
    const { length } = this.content(file);
    return [Math.min(offset, length), Math.min(end, length)];
  }

  /** Gives the content of a file another length. */
  resize(file: number, length: number): void {
    const resized = Buffer.alloc(length);
    this.content(file).copy(resized);
    this.contents[file] = resized;
  }

  put(file: number, offset: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const end = offset + bytes.length;
    if (end > this.content(file).length) this.resize(file, end);
    this.content(file).set(bytes, offset);
  }

  /** Begins a commit, which is not waited for. */
  begin(how: "settle" | "commit"): void {
    this.#beside.push(this.#vault[how]());
  }

  async reopen(): Promise<void> {
    await this.close();
    this.#vault = await openTestVault(FileStore.open(this.#path), { cacheBytes: CACHE_BYTES });
    this.fs = new VaultFileSystem(this.#vault, { ...nodePlatform });
  }

  async close(): Promise<void> {
    await Promise.all(this.#beside.splice(0));
    await this.#vault.close();
  }

  async compare(): Promise<void> {
    for (const [file, content] of this.contents.entries()) {
      const found = await readBytes(this.fs, this.ino(file));
      assert(found.equals(content), `file ${file} reads otherwise than it was written`);
    }
  }
}

async function allocate(twins: Twins, deed: Deed, mode: FallocateMode): Promise<void> {
  const { file, offset } = deed;
  const end = offset + deed.length + 1;
  await twins.fs.fallocate(twins.ino(file), offset, deed.length + 1, mode);
  if (mode.operation !== "allocate")
    twins.content(file).fill(0, ...twins.within(file, offset, end));
  if (!mode.keepSize && end > twins.content(file).length) twins.resize(file, end);
}

const DEEDS = {
  write: async (twins: Twins, { file, offset, length, fill }: Deed) => {
    const bytes = Uint8Array.from({ length }, (_, i) => 1 + ((31 * i + fill) % 255));
    await twins.fs.write(twins.ino(file), offset, bytes);
    twins.put(file, offset, bytes);
  },
  truncate: async (twins: Twins, { file, offset }: Deed) => {
    await twins.fs.setattr(twins.ino(file), { size: offset });
    twins.resize(file, offset);
  },
  allocate: (twins: Twins, deed: Deed) =>
    allocate(twins, deed, { operation: "allocate", keepSize: false }),
  reserve: (twins: Twins, deed: Deed) =>
    allocate(twins, deed, { operation: "allocate", keepSize: true }),
  punch: (twins: Twins, deed: Deed) =>
    allocate(twins, deed, { operation: "punch-hole", keepSize: true }),
  zero: (twins: Twins, deed: Deed) =>
    allocate(twins, deed, { operation: "zero-range", keepSize: false }),
  copy: async (twins: Twins, deed: Deed) => {
    const { file, other, offset, otherOffset, length } = deed;
    if (file === other && Math.abs(offset - otherOffset) < length) return;
    const from = { ino: twins.ino(file), offset };
    const to = { ino: twins.ino(other), offset: otherOffset };
    await twins.fs.copyFileRange(from, to, length);
    twins.put(other, otherOffset, twins.content(file).subarray(offset, offset + length));
  },
  fsync: async (twins: Twins, { file }: Deed) => {
    await twins.fs.fsync(twins.ino(file));
  },
  settle: async (twins: Twins) => twins.begin("settle"),
  commit: async (twins: Twins) => twins.begin("commit"),
  wait: async (_: Twins, { turns }: Deed) => {
    for (let turn = 0; turn < turns; turn++) await nextTurn();
  },
  compare: (twins: Twins) => twins.compare(),
  reopen: async (twins: Twins) => {
    await twins.reopen();
    await twins.compare();
  },
} satisfies Record<string, (twins: Twins, deed: Deed) => Promise<void>>;

/** How often each comes. */
const WEIGHTS: Readonly<Record<keyof typeof DEEDS, number>> = {
  ...{ write: 36, truncate: 12, copy: 10, allocate: 4, reserve: 3, punch: 5, zero: 5 },
  ...{ fsync: 6, settle: 6, commit: 2, wait: 4, compare: 3, reopen: 1 },
};

const offset = fc.oneof(
  fc.constantFrom(0, 1, 1023, 1024, 4095, 4096, 65_535, 65_536, 65_537, 131_072, 200_000),
  fc.nat(200_000),
);

const deed: fc.Arbitrary<Deed> = fc.record({
  op: fc.oneof(
    ...(Object.keys(DEEDS) as (keyof typeof DEEDS)[]).map((op) => ({
      weight: WEIGHTS[op],
      arbitrary: fc.constant(op),
    })),
  ),
  file: fc.nat(FILES - 1),
  other: fc.nat(FILES - 1),
  offset,
  otherOffset: offset,
  length: fc.oneof(fc.constantFrom(0, 1, 100, 4096, 65_536, 70_000, 140_000), fc.nat(20_000)),
  fill: fc.nat(254),
  turns: fc.integer({ min: 1, max: 7 }),
});

const directory = t.testdir();
let vaults = 0;

t.test("files read as they were written, whatever is stored meanwhile", async () => {
  const run = async (deeds: readonly Deed[]): Promise<void> => {
    const twins = new Twins(join(directory, `${++vaults}`));
    await twins.make();
    for (const one of deeds) await DEEDS[one.op](twins, one);
    await twins.reopen();
    await twins.compare();
    await twins.close();
  };
  const deeds = fc.array(deed, { minLength: STEPS / 2, maxLength: STEPS, size: "max" });
  await fc.assert(fc.asyncProperty(deeds, run), { numRuns: RUNS });
});
