/**
 * What stands in which page of a whole vault: so that it can be said what a damage may cost.
 *
 * @module
 */
import { getU64 } from "../../../src/core/base/bytes.ts";
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
  const { inosAt, paths } = await readToc(vault);
  const entries = await listContents(await newFileSystem(vault));
  await vault.abandon();
  const hurtBy = (addresses: ReadonlySet<number>): ReadonlySet<string> => {
    const inos = new Set([...addresses].flatMap((address) => [...(inosAt.get(address) ?? [])]));
    const isHurt = (path: string): boolean => (paths.get(path) ?? [0]).some((ino) => inos.has(ino));
    return new Set(Object.keys(entries).filter(isHurt));
  };
  return { generation, entries, live, keys, hurtBy };
}

/** Inodes by the addresses of pages with something of them, and the inodes that each path leads through. */
async function readToc(vault: Vault): Promise<{
  readonly inosAt: ReadonlyMap<number, ReadonlySet<number>>;
  readonly paths: ReadonlyMap<string, readonly number[]>;
}> {
  const inosAt = new Map<number, Set<number>>();
  const note = (address: number, ino: number): void => {
    inosAt.set(address, (inosAt.get(address) ?? new Set()).add(ino));
  };
  const names: { readonly parent: number; readonly name: string; readonly ino: number }[] = [];
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
      names.push({
        parent: ino,
        name: Buffer.from(key.subarray(KEY_PREFIX)).toString(),
        ino: child,
      });
    }
  }
  const paths = new Map<string, readonly number[]>([["/", [ROOT_INO]]]);
  const walk = (path: string, inos: readonly number[]): void => {
    for (const { parent, name, ino } of names) {
      if (parent !== inos[0]) continue;
      // The root directory is made anew when it is lost, and its names are records of their own.
      const through = [ino, ...inos.filter((one) => one !== ROOT_INO)];
      paths.set(`${path}/${name}`, through);
      walk(`${path}/${name}`, through);
    }
  };
  walk("", [ROOT_INO]);
  return { inosAt, paths };
}
