/**
 * What stands in which page of a whole vault: so that it can be said what a damage may cost.
 *
 * @module
 */
import { getU64, toText } from "../../../src/core/base/bytes.ts";
import { addressOf } from "../../../src/core/format/address.ts";
import { decodeHeader } from "../../../src/core/format/header.ts";
import { findUsedPages } from "../../../src/core/fs/check/find-used-pages.ts";
import { pagesOfRecord } from "../../../src/core/fs/check/record-pages.ts";
import { decodeDentry } from "../../../src/core/fs/dentry.ts";
import { ROOT_INO } from "../../../src/core/fs/file-system.ts";
import type { PageStore } from "../../../src/core/pages/page-store.ts";
import { KEY_PREFIX, KeyKind } from "../../../src/core/tree/key.ts";
import { recordsIn } from "../../../src/core/tree/walk-tree.ts";
import type { Vault } from "../../../src/core/vault/vault.ts";
import { newFileSystem } from "../test-file-system.ts";
import { openTestVault } from "../test-vault.ts";
import { type ListedEntry, listContents } from "../vault-contents.ts";

/** What a whole vault holds, and where. */
export interface Survey {
  readonly generation: number;
  /** All entries by path. */
  readonly entries: Readonly<Record<string, ListedEntry>>;
  /** Addresses of the pages that the newest state needs, and those of the spare header in a file. */
  readonly live: ReadonlySet<number>;
  /** Of these, the copies of the key directory. */
  readonly keys: ReadonlySet<number>;
  /** The name of each entry in its directory. */
  readonly names: ReadonlyMap<string, Uint8Array>;
  /** Of the live pages, those that hold something of files: their data, and leaves of the TOC. */
  readonly ofFiles: ReadonlySet<number>;
  /** Paths of which something stands in a page, or that lead through a directory of which something does. */
  readonly hurtBy: (addresses: ReadonlySet<number>) => ReadonlySet<string>;
}

/** Looks through a whole vault; its store is closed in the end. */
export async function survey(store: PageStore): Promise<Survey> {
  const vault = await openTestVault(store);
  const { generation } = vault;
  const inspection = vault.inspect();
  const isUsed = await findUsedPages(inspection);
  const live = new Set<number>();
  for (let number = 0; number < inspection.root.end; number++) {
    if (isUsed(number)) live.add(addressOf(number));
  }
  for (const header of store.reusesAddresses ? await store.readHeaders() : []) {
    if (header !== undefined) live.add(decodeHeader(header).commitRoot.address);
  }
  const keys = new Set(inspection.keyDirectories.map(({ address }) => address));
  const { inosAt, paths, names } = await readToc(vault);
  const entries = await listContents(await newFileSystem(vault));
  await vault.abandon();
  const hurtBy = (addresses: ReadonlySet<number>): ReadonlySet<string> => {
    const inos = new Set([...addresses].flatMap((address) => [...(inosAt.get(address) ?? [])]));
    const isHurt = (path: string): boolean => (paths.get(path) ?? [0]).some((ino) => inos.has(ino));
    return new Set(Object.keys(entries).filter(isHurt));
  };
  const ofFiles = new Set(inosAt.keys());
  return { generation, entries, live, keys, names, ofFiles, hurtBy };
}

/** Inodes by the addresses of pages with something of them, the inodes that each path leads through, and its name. */
async function readToc(vault: Vault): Promise<{
  readonly inosAt: ReadonlyMap<number, ReadonlySet<number>>;
  readonly paths: ReadonlyMap<string, readonly number[]>;
  readonly names: ReadonlyMap<string, Uint8Array>;
}> {
  const inosAt = new Map<number, Set<number>>();
  const note = (address: number, ino: number): void => {
    inosAt.set(address, (inosAt.get(address) ?? new Set()).add(ino));
  };
  const dentries: { readonly parent: number; readonly name: Uint8Array; readonly ino: number }[] =
    [];
  for await (const step of vault.inspect().toc()) {
    if (step.damage !== undefined || step.level > 0) continue;
    for (const { key, value } of recordsIn(step)) {
      const ino = getU64(key, 0);
      note(step.pointer.address, ino);
      const { start, count } = pagesOfRecord(key, value) ?? { start: 0, count: 0 };
      for (let n = 0; n < count; n++) note(addressOf(start + n), ino);
      if (key[8] !== KeyKind.dentry) continue;
      const child = decodeDentry(value).ino;
      note(step.pointer.address, child);
      dentries.push({ parent: ino, name: key.slice(KEY_PREFIX), ino: child });
    }
  }
  const paths = new Map<string, readonly number[]>([["/", [ROOT_INO]]]);
  const names = new Map<string, Uint8Array>();
  const walk = (path: string, inos: readonly number[]): void => {
    for (const { parent, name, ino } of dentries) {
      if (parent !== inos[0]) continue;
      const child = `${path}/${toText(name)}`;
      names.set(child, name);
      // The root directory is made anew when it is lost, and its names are records of their own.
      const through = [ino, ...inos.filter((one) => one !== ROOT_INO)];
      paths.set(child, through);
      walk(child, through);
    }
  };
  walk("", [ROOT_INO]);
  return { inosAt, paths, names };
}
