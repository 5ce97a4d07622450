/** When slots of the local page file are written anew: what a power cut brings back has to find its bytes there. */
import { copyFileSync, statSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { StoreError } from "../../../src/core/base/errors.ts";
import { DescriptorFile, type OpenFile } from "../../../src/stores/file/host-file.ts";
import { LocalDatabase } from "../../../src/stores/segments/local/database.ts";
import { PageTable } from "../../../src/stores/segments/local/page-table.ts";
import { Slab } from "../../../src/stores/segments/local/slab.ts";
import { pageOf } from "../../support/segment-pages.ts";

const COUNT = 5;
const OLD = pagesFrom(0);
const NEW = pagesFrom(1000);

function pagesFrom(first: number): { readonly address: number; readonly bytes: Uint8Array }[] {
  return Array.from({ length: COUNT }, (_, n) => ({
    address: first + n,
    bytes: pageOf(first + n),
  }));
}

/** A table of pages on files of its own, without the store around it. */
class Machine {
  readonly pages: PageTable;
  readonly #database: LocalDatabase;
  readonly #slab: Slab;
  readonly #path: string;

  /** @param syncLog - stands before each sync of the database's log */
  constructor(path: string, syncLog = async (): Promise<void> => undefined) {
    this.#path = path;
    this.#database = LocalDatabase.open(path, openWith(syncLog));
    this.#slab = Slab.open(`${path}-pages`, DescriptorFile.open);
    const parts = { database: this.#database, slab: this.#slab, budgetBytes: 2 ** 20 };
    this.pages = new PageTable(parts, 1);
  }

  /** Bytes of the page file. */
  get size(): number {
    return statSync(`${this.#path}-pages`).size;
  }

  /** Writes pages of a local commit. */
  async put(pages: typeof OLD): Promise<void> {
    const slots = await this.pages.write(pages);
    this.#database.transaction(() => this.pages.putFresh(pages, slots, 1));
    await this.pages.syncBytes();
  }

  /** Pages die. */
  drop(pages: typeof OLD): void {
    this.#database.transaction(() => {
      for (const { address } of pages) this.pages.dropFresh(address, false);
    });
  }

  copyTo(path: string, ...suffixes: readonly string[]): void {
    for (const suffix of suffixes) copyFileSync(this.#path + suffix, path + suffix);
  }

  /** Whether pages are here as they were written. */
  expect(t: Test, pages: typeof OLD): void {
    for (const { address, bytes } of pages) t.same(this.pages.get(address), bytes, `${address}`);
  }

  async close(): Promise<void> {
    await this.#database.close();
    await this.#slab.close();
  }
}

function openWith(syncLog: () => Promise<void>): OpenFile {
  return (path, flags) => {
    const file = DescriptorFile.open(path, flags);
    const sync = file.syncPooled.bind(file);
    return Object.assign(file, { syncPooled: () => syncLog().then(sync) });
  };
}

t.test("pages that a power cut brings back have their bytes", async (t) => {
  const path = join(t.testdir(), "here");
  const after = `${path}-after`;
  const here = new Machine(path);
  await here.put(OLD);
  await here.pages.sync();
  here.copyTo(after, "", "-wal");
  here.drop(OLD);
  await here.put(NEW);
  here.copyTo(after, "-pages");
  await here.close();
  const back = new Machine(after);
  back.expect(t, OLD);
  await back.close();
});

t.test("slots are written anew once those who freed them survive a power cut", async (t) => {
  const here = new Machine(join(t.testdir(), "here"));
  await here.put(OLD);
  here.drop(OLD);
  await here.pages.sync();
  const { size } = here;
  await here.put(NEW);
  t.equal(here.size, size);
  here.expect(t, NEW);
  await here.close();
});

t.test("a sync frees no slots of what happens while it is under way", async (t) => {
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const here = new Machine(join(t.testdir(), "here"), () => ended);
  await here.put(OLD);
  const syncing = here.pages.sync();
  here.drop(OLD);
  end();
  await syncing;
  const { size } = here;
  await here.put(NEW);
  t.ok(here.size > size, "they go elsewhere");
  await here.close();
});

t.test("a sync that fails frees no slots, and the next one does", async (t) => {
  let failures = 1;
  const here = new Machine(join(t.testdir(), "here"), async () => {
    if (failures-- > 0) throw Object.assign(new Error("i/o error"), { code: "EIO" });
  });
  await here.put(OLD);
  here.drop(OLD);
  await t.rejects(here.pages.sync(), StoreError);
  const { size } = here;
  await here.put(NEW);
  t.ok(here.size > size, "they go elsewhere");
  await here.pages.sync();
  const grown = here.size;
  await here.put(pagesFrom(2000));
  t.equal(here.size, grown, "where the old ones were");
  await here.close();
});
