import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { toText, utf8 } from "../../src/core/base/bytes.ts";
import type { Snapshot } from "../../src/core/format/commit-root.ts";
import { checkVault } from "../../src/core/fs/check/check-vault.ts";
import { entryOf } from "../../src/core/fs/entry-of.ts";
import { type NamePlace, ROOT_INO, S_IFREG } from "../../src/core/fs/file-system.ts";
import { removeSnapshots } from "../../src/core/fs/snapshots/remove-snapshots.ts";
import type { RestoreRequest } from "../../src/core/fs/snapshots/restore/restore-tree.ts";
import { VaultFileSystem } from "../../src/core/fs/vault-file-system.ts";
import { MemoryStore } from "../../src/core/pages/memory-store.ts";
import type { Vault } from "../../src/core/vault/vault.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { creation, namesIn, newFileSystem } from "../support/test-file-system.ts";
import { createTestVault, openTestVault } from "../support/test-vault.ts";
import { type ListedEntry, listContents } from "../support/vault-contents.ts";

const RUNS = Number(process.env.FC_RUNS ?? 25);
const STEPS = Number(process.env.FC_STEPS ?? 40);
const PAGE = 65_536;
const FILES = ["a", "b", "d/a", "d/b", "d/e/a"];

const step = fc.record({
  op: fc.constantFrom(
    ...["write", "write", "write", "copy", "move", "link", "mark", "remove", "clear"],
    ...["commit", "snapshot", "snapshot", "restore", "restore", "restoreAll"],
    ...["drop", "dropWhileWriting", "dropWhileRestoring", "reopen", "kill"],
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
      case "move":
        return this.#move(name, FILES[step.other] as string);
      case "link":
        return this.#link(name, FILES[step.other] as string);
      case "mark":
        return this.#mark(name, step);
      case "remove":
        return this.#remove(name);
      case "clear":
        for (const path of FILES.filter((path) => path.startsWith("d/"))) await this.#remove(path);
        return;
      case "restore":
        return this.#restore(name, step.pick);
      case "restoreAll":
        return this.#restoreAll(step.pick);
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
      case "dropWhileRestoring": {
        const dropping = this.#drop(step.pick);
        await this.#restore(name, step.other);
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

  async #ino(path: string): Promise<number | undefined> {
    try {
      let ino = ROOT_INO;
      for (const name of path.split("/")) ino = (await entryOf(this.#fs, ino, utf8(name))).ino;
      return ino;
    } catch {
      return undefined;
    }
  }

  /** The place of a path; directories on the way are made. */
  async #place(path: string): Promise<NamePlace> {
    const names = path.split("/");
    const name = utf8(names.pop() as string);
    let parent = ROOT_INO;
    for (const [depth, directory] of names.entries()) {
      const found = await this.#ino(names.slice(0, depth + 1).join("/"));
      parent = found ?? (await this.#fs.mkdir(parent, utf8(directory), creation(0o755))).ino;
    }
    return { parent, name };
  }

  async #file(path: string): Promise<number> {
    const found = await this.#ino(path);
    if (found !== undefined) return found;
    const { parent, name } = await this.#place(path);
    return (await this.#fs.mknod(parent, name, creation(S_IFREG | 0o644), 0)).ino;
  }

  async #write(path: string, { size, offset, byte }: Step): Promise<void> {
    await this.#fs.write(await this.#file(path), offset, new Uint8Array(size).fill(byte));
  }

  async #move(from: string, to: string): Promise<void> {
    if ((await this.#ino(from)) === undefined || from === to) return;
    await this.#fs.rename(await this.#place(from), await this.#place(to), "replace");
  }

  async #link(from: string, to: string): Promise<void> {
    const ino = await this.#ino(from);
    if (ino === undefined || (await this.#ino(to)) !== undefined) return;
    const { parent, name } = await this.#place(to);
    await this.#fs.link(ino, parent, name);
  }

  async #mark(path: string, { size, byte }: Step): Promise<void> {
    const ino = await this.#ino(path);
    const value = new Uint8Array(Math.min(size, PAGE)).fill(byte);
    if (ino !== undefined) await this.#fs.setxattr(ino, utf8("user.mark"), value, "set");
  }

  async #copy(from: string, to: string): Promise<void> {
    const source = await this.#ino(from);
    if (source === undefined || from === to) return;
    const target = await this.#file(to);
    // Another name of the same file: ranges of one file must not overlap (copy_file_range(2)).
    if (target === source) return;
    const place = (ino: number): { ino: number; offset: number } => ({ ino, offset: 0 });
    await this.#fs.copyFileRange(place(source), place(target), 20 * PAGE);
  }

  /** Removes a file, and directories that are empty then. */
  async #remove(path: string): Promise<void> {
    if ((await this.#ino(path)) === undefined) return;
    const { parent, name } = await this.#place(path);
    await this.#fs.unlink(parent, name);
    for (const directory of ["d/e", "d"]) {
      const ino = await this.#ino(directory);
      if (ino === undefined || (await namesIn(this.#fs, ino)).length > 0) continue;
      const place = await this.#place(directory);
      await this.#fs.rmdir(place.parent, place.name);
    }
  }

  /** One of the snapshots that are not about to be dropped. */
  #picked(pick: number): Snapshot | undefined {
    const listed = this.#vault.snapshots
      .list()
      .filter(({ name }) => this.#expected.has(toText(name)));
    return listed[pick % Math.max(1, listed.length)];
  }

  /** Brings one file back: it is as it was, and nothing else is different. */
  async #restore(path: string, pick: number): Promise<void> {
    const snapshot = this.#picked(pick);
    if (snapshot === undefined) return;
    const then = this.#expected.get(toText(snapshot.name)) ?? {};
    // Zeros take room until they are stored.
    await this.#vault.commit();
    const before = await listContents(this.#fs);
    const paths = [path.split("/").map((name) => utf8(name))];
    const restoring = this.#bringBack(snapshot, { paths, force: true, delete: false });
    if (then[`/${path}`] === undefined) {
      await assert.rejects(restoring, { code: "ENOENT" });
      return;
    }
    await restoring;
    const wanted = { ...then, ...before, [`/${path}`]: then[`/${path}`] as ListedEntry };
    for (const name of Object.keys(then)) {
      const isOnTheWay = `/${path}`.startsWith(name);
      if (before[name] === undefined && !isOnTheWay) delete wanted[name];
    }
    assert.deepEqual(lasting(await listContents(this.#fs)), lasting(wanted));
  }

  /** Brings everything back, and removes what was not there. */
  async #restoreAll(pick: number): Promise<void> {
    const snapshot = this.#picked(pick);
    if (snapshot === undefined) return;
    await this.#bringBack(snapshot, { paths: [[]], force: true, delete: true });
    const then = this.#expected.get(toText(snapshot.name)) as Record<string, ListedEntry>;
    const now = await listContents(this.#fs);
    assert.deepEqual(lasting(now), lasting(then));
    assert.deepEqual(directoriesIn(now), directoriesIn(then), "directories have their times again");
  }

  async #bringBack(
    snapshot: Snapshot,
    request: Pick<RestoreRequest, "paths" | "force" | "delete">,
  ): Promise<void> {
    const { snapshots } = this.#vault;
    const { isDone } = await snapshots.whileKept(() =>
      this.#fs.restore(snapshots.view(snapshot), { ...request, dryRun: false }),
    );
    assert.ok(isDone);
  }

  async #snapshot(): Promise<void> {
    const name = `snapshot ${this.#count++}`;
    await this.#vault.snapshots.create(utf8(name));
    this.#expected.set(name, await listContents(this.#fs));
  }

  async #drop(pick: number): Promise<void> {
    const gone = this.#picked(pick);
    if (gone === undefined) return;
    this.#expected.delete(toText(gone.name));
    await removeSnapshots(this.#vault.snapshots, new Set([gone.id]));
  }

  async #open(): Promise<void> {
    this.#store = new MemoryStore({ contents: this.#store.contents });
    this.#vault = await openTestVault(this.#store, { cacheBytes: 0 });
    this.#fs = await newFileSystem(this.#vault);
    await this.#fs.reclaimOrphans();
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

/** What of entries the restoring of others leaves as it is: all but links, and times of directories. */
function lasting(entries: Readonly<Record<string, ListedEntry>>): Record<string, object> {
  const shown = Object.entries(entries).map(([path, entry]) => {
    const { mtime } = entry;
    return [path, { ...entry, nlink: 0, mtime: isDirectory(entry) ? "" : mtime }];
  });
  return Object.fromEntries(shown);
}

function directoriesIn(entries: Readonly<Record<string, ListedEntry>>): readonly object[] {
  return Object.entries(entries).filter(([, entry]) => isDirectory(entry));
}

function isDirectory({ mode }: ListedEntry): boolean {
  return mode.startsWith("4");
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
