import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { toText, utf8 } from "../../src/core/base/bytes.ts";
import { checkVault } from "../../src/core/fs/check/check-vault.ts";
import { ROOT_INO } from "../../src/core/fs/file-system.ts";
import { removeSnapshots } from "../../src/core/fs/snapshots/remove-snapshots.ts";
import { VaultFileSystem } from "../../src/core/fs/vault-file-system.ts";
import { MemoryStore } from "../../src/core/pages/memory-store.ts";
import type { Vault } from "../../src/core/vault/vault.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { newFile, newFileSystem } from "../support/test-file-system.ts";
import { createTestVault, openTestVault } from "../support/test-vault.ts";
import { type ListedEntry, listContents } from "../support/vault-contents.ts";

const RUNS = Number(process.env.FC_RUNS ?? 25);
const STEPS = Number(process.env.FC_STEPS ?? 40);
const PAGE = 65_536;
const FILES = ["a", "b", "c", "d"];

const step = fc.record({
  op: fc.constantFrom(
    ...["write", "write", "write", "copy", "remove", "commit", "snapshot", "snapshot"],
    ...["drop", "dropWhileWriting", "reopen", "kill"],
  ),
  file: fc.nat(FILES.length - 1),
  other: fc.nat(FILES.length - 1),
  size: fc.constantFrom(100, 3000, PAGE, 3 * PAGE + 20_000, 9 * PAGE),
  offset: fc.constantFrom(0, 0, PAGE, 2 * PAGE + 77),
  byte: fc.nat(255),
  pick: fc.nat(50),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A vault, and what each of its snapshots must show. */
class History {
  readonly #expected = new Map<string, Record<string, ListedEntry>>();
  #store = new MemoryStore();
  #vault: Vault;
  #fs: VaultFileSystem;
  #count = 0;

  private constructor(store: MemoryStore, vault: Vault, fs: VaultFileSystem) {
    this.#store = store;
    this.#vault = vault;
    this.#fs = fs;
  }

  static async begin(): Promise<History> {
    const store = new MemoryStore();
    const vault = await createTestVault(store);
    const history = new History(store, vault, await newFileSystem(vault));
    await vault.commit();
    return history;
  }

  async run(step: Step): Promise<void> {
    const name = FILES[step.file] as string;
    switch (step.op) {
      case "write":
        return this.#write(name, step);
      case "copy":
        return this.#copy(name, FILES[step.other] as string);
      case "remove":
        await this.#remove(name);
        return;
      case "commit":
        return this.#vault.commit();
      case "snapshot":
        return this.#snapshot();
      case "drop":
        return this.#drop(step.pick);
      case "dropWhileWriting": {
        const dropping = this.#drop(step.pick);
        await this.#write(name, step);
        await this.#vault.commit();
        await this.#write(name, { ...step, byte: 1 });
        await dropping;
        return;
      }
      case "reopen":
        await this.#vault.close();
        return this.#open();
      default:
        await this.#vault.abandon();
        return this.#open();
    }
  }

  async #ino(name: string): Promise<number | undefined> {
    try {
      return (await this.#fs.lookup(ROOT_INO, utf8(name))).ino;
    } catch {
      return undefined;
    }
  }

  async #write(name: string, { size, offset, byte }: Step): Promise<void> {
    const ino = (await this.#ino(name)) ?? (await newFile(this.#fs, name)).ino;
    await this.#fs.write(ino, offset, new Uint8Array(size).fill(byte));
  }

  async #copy(from: string, to: string): Promise<void> {
    const source = await this.#ino(from);
    if (source === undefined || from === to) return;
    const target = (await this.#ino(to)) ?? (await newFile(this.#fs, to)).ino;
    const place = (ino: number): { ino: number; offset: number } => ({ ino, offset: 0 });
    await this.#fs.copyFileRange(place(source), place(target), 20 * PAGE);
  }

  async #remove(name: string): Promise<void> {
    if ((await this.#ino(name)) !== undefined) await this.#fs.unlink(ROOT_INO, utf8(name));
  }

  async #snapshot(): Promise<void> {
    const name = `snapshot ${this.#count++}`;
    await this.#vault.snapshots.create(utf8(name));
    this.#expected.set(name, await listContents(this.#fs));
  }

  async #drop(pick: number): Promise<void> {
    const listed = this.#vault.snapshots.list();
    const gone = listed[pick % Math.max(1, listed.length)];
    if (gone === undefined) return;
    this.#expected.delete(toText(gone.name));
    await removeSnapshots(this.#vault.snapshots, new Set([gone.id]));
  }

  async #open(): Promise<void> {
    this.#store = new MemoryStore({ contents: this.#store.contents });
    this.#vault = await openTestVault(this.#store, { cacheBytes: 0 });
    this.#fs = await newFileSystem(this.#vault);
    await this.check();
  }

  /** Looks at every snapshot, and for pages that nothing needs or that are missing. */
  async check(): Promise<void> {
    const { snapshots } = this.#vault;
    const names = snapshots.list().map(({ name }) => toText(name));
    assert.deepEqual(names, [...this.#expected.keys()], "the snapshots there should be");
    const { compressor } = nodePlatform;
    for (const snapshot of snapshots.list()) {
      const clock = { now: () => {} };
      const view = new VaultFileSystem(snapshots.view(snapshot), { clock, compressor });
      const shown = await listContents(view);
      assert.deepEqual(
        shown,
        this.#expected.get(toText(snapshot.name)),
        "a snapshot shows what was then",
      );
    }
    await this.#vault.commit();
    const report = await checkVault(this.#vault, { readData: true, compressor });
    assert.deepEqual(report.findings, []);
    assert.equal(report.leakedPages, 0, "no room is lost");
  }

  /** Removes everything. @returns pages in use then */
  async empty(): Promise<number> {
    const ids = this.#vault.snapshots.list().map(({ id }) => id);
    this.#expected.clear();
    await removeSnapshots(this.#vault.snapshots, new Set(ids));
    for (const name of FILES) await this.#remove(name);
    await this.#vault.commit();
    await this.#vault.close();
    await this.#open();
    return this.#vault.inspect().root.pagesInUse;
  }
}

t.test(
  "a snapshot shows what was there, whatever happens later, and gives its room back",
  async (t) => {
    const blank = await (await History.begin()).empty();
    const history = async (steps: readonly Step[]): Promise<void> => {
      const vault = await History.begin();
      for (const step of steps) await vault.run(step);
      await vault.check();
      assert.ok((await vault.empty()) <= blank + 3, "an emptied vault is as small as a new one");
    };
    const steps = fc.array(step, { maxLength: STEPS, size: "max" });
    await t.resolves(fc.assert(fc.asyncProperty(steps, history), { numRuns: RUNS }));
  },
);
