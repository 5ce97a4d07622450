/**
 * A file is written in parts while the pages beneath come late and in any order, and compared with a plain array: at every
 * read, and after every time it is opened again, also after a crash.
 */
import fc from "fast-check";
import t from "tap";
import { utf8 } from "../../src/core/base/bytes.ts";
import { ROOT_INO } from "../../src/core/fs/file-system.ts";
import type { VaultFileSystem } from "../../src/core/fs/vault-file-system.ts";
import type { Vault } from "../../src/core/vault/vault.ts";
import { NearStore } from "../support/near-file.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { newFile, newFileSystem, readBytes } from "../support/test-file-system.ts";
import { createTestVault, openTestVault } from "../support/test-vault.ts";

const RUNS = Number(process.env.FC_RUNS ?? 20);
t.setTimeout(60_000 + RUNS * 2000);
const STEPS = Number(process.env.FC_STEPS ?? 120);
const PAGE = 65_536;
const BLOCKS = 80;
const SIZE = BLOCKS * PAGE;

/** Most turns of the event loop that a page takes. */
const TURNS_MAX = 12;

/** One deed; each uses the arguments it needs. */
interface Deed {
  readonly op: keyof typeof DEEDS;
  readonly offset: number;
  readonly length: number;
  readonly other: number;
  readonly fill: number;
}

/** A file and what it should hold. */
class Twins {
  fs!: VaultFileSystem;
  ino = 0;
  content: Buffer = Buffer.alloc(0);
  #vault!: Vault;
  #store: NearStore;
  readonly #random: () => number;
  readonly #begun: Promise<unknown>[] = [];

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.#store = this.#newStore();
  }

  #newStore(contents?: NearStore["contents"]): NearStore {
    const delay = async (): Promise<void> => {
      for (let turns = this.#random() * TURNS_MAX; turns > 1; turns--) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    return new NearStore({ delay, ...(contents === undefined ? {} : { contents }) });
  }

  async begin(): Promise<void> {
    this.#vault = await createTestVault(this.#store);
    this.fs = await newFileSystem(this.#vault);
    await this.make();
    await this.reopen();
  }

  async make(): Promise<void> {
    this.ino = (await newFile(this.fs, "file")).ino;
    this.content = Buffer.alloc(SIZE);
    for (let i = 0; i < SIZE; i += 1000) this.content.writeUInt32LE(i + 1, i);
    await this.fs.write(this.ino, 0, this.content);
  }

  async reopen(): Promise<void> {
    await Promise.all(this.#begun.splice(0));
    await this.#vault.close();
    await this.#open(this.#store.contents);
  }

  /** The process dies, with everything synced. */
  async crash(): Promise<void> {
    await this.fs.fsync(this.ino);
    const { headers, pages } = this.#store.contents;
    const contents = { headers: [...headers] as typeof headers, pages: new Map(pages) };
    await Promise.all(this.#begun.splice(0));
    await this.#vault.abandon();
    await this.#open(contents);
  }

  async #open(contents: NearStore["contents"]): Promise<void> {
    this.#store = this.#newStore(contents);
    this.#vault = await openTestVault(this.#store);
    const partBytes = [0, 20, 1000][Math.floor(this.#random() * 3)] as number;
    const options = { draftBytes: 100 * PAGE, partBytes: partBytes * 4096 };
    this.fs = await newFileSystem(this.#vault, options);
  }

  commit(): void {
    this.#begun.push(this.#vault.commit());
  }

  settle(): void {
    this.#begun.push(this.#vault.settle());
  }

  async compare(offset: number, length: number): Promise<void> {
    const found = await readBytes(this.fs, this.ino, offset, length);
    if (!found.equals(this.content.subarray(offset, offset + length))) {
      throw new Error(`${length} bytes at ${offset} differ`);
    }
  }
}

const DEEDS = {
  async write({ fs, ino, content }: Twins, { offset, length, fill }: Deed): Promise<void> {
    const end = Math.min(offset + length, content.length);
    if (offset >= end) return;
    content.fill(fill, offset, end);
    await fs.write(ino, offset, new Uint8Array(end - offset).fill(fill));
  },
  async read(twins: Twins, { offset, length }: Deed): Promise<void> {
    await twins.compare(offset, length);
  },
  async punch({ fs, ino, content }: Twins, { offset, length }: Deed): Promise<void> {
    content.fill(0, offset, Math.min(offset + length, SIZE));
    await fs.fallocate(ino, offset, length, { operation: "punch-hole", keepSize: true });
  },
  async cut({ fs, ino, content }: Twins, { offset }: Deed): Promise<void> {
    content.fill(0, offset);
    await fs.setattr(ino, { size: offset });
    await fs.setattr(ino, { size: content.length });
  },
  async copy({ fs, ino, content }: Twins, { offset, other, length }: Deed): Promise<void> {
    const most = Math.min(length, SIZE - Math.max(offset, other), Math.abs(offset - other));
    if (most <= 0) return;
    content.copy(content, other, offset, offset + most);
    await fs.copyFileRange({ ino, offset }, { ino, offset: other }, most);
  },
  /** Both halves of the file stand in the same pages then. */
  async share({ fs, ino, content }: Twins): Promise<void> {
    const half = Math.floor(BLOCKS / 2) * PAGE;
    content.copy(content, half, 0, half);
    await fs.copyFileRange({ ino, offset: 0 }, { ino, offset: half }, half);
  },
  async fsync({ fs, ino }: Twins): Promise<void> {
    await fs.fsync(ino);
  },
  async commit(twins: Twins): Promise<void> {
    twins.commit();
  },
  async settle(twins: Twins): Promise<void> {
    twins.settle();
  },
  async reopen(twins: Twins): Promise<void> {
    await twins.reopen();
  },
  async crash(twins: Twins): Promise<void> {
    await twins.crash();
  },
  async remake(twins: Twins): Promise<void> {
    await twins.fs.unlink(ROOT_INO, utf8("file"));
    await twins.make();
  },
  async wait(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
  },
} satisfies Record<string, (twins: Twins, deed: Deed) => Promise<void>>;

const offset = fc.oneof(
  fc.nat(SIZE - 1),
  fc.nat(BLOCKS - 1).map((block) => block * PAGE),
  fc.nat(8 * PAGE),
);

const deed: fc.Arbitrary<Deed> = fc.record({
  op: fc.oneof(
    { arbitrary: fc.constant("write" as const), weight: 30 },
    { arbitrary: fc.constantFrom("read", "fsync", "commit", "settle", "wait", "punch"), weight: 8 },
    {
      arbitrary: fc.constantFrom("cut", "copy", "share", "reopen", "crash", "crash", "remake"),
      weight: 2,
    },
  ),
  offset,
  other: offset,
  length: fc.oneof(
    { arbitrary: fc.integer({ min: 1, max: 8192 }), weight: 3 },
    { arbitrary: fc.integer({ min: 1, max: 3 * PAGE }), weight: 1 },
  ),
  fill: fc.nat(255),
});

t.test("parts that are written while pages come late leave what they should", async (t) => {
  const property = fc.asyncProperty(
    fc.array(deed, { maxLength: STEPS, size: "max" }),
    fc.integer(),
    async (deeds, seed) => {
      const twins = new Twins(seed);
      await twins.begin();
      for (const deed of deeds) await DEEDS[deed.op](twins, deed);
      await twins.compare(0, SIZE);
      await twins.reopen();
      await twins.compare(0, SIZE);
    },
  );
  await t.resolves(fc.assert(property, { numRuns: RUNS }));
});
