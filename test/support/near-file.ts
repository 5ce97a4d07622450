/**
 * A vault with one file of whole pages on a store nearby, whose pages come late or not at all.
 *
 * @module
 */
import type { Test } from "tap";
import { type DvaultError, type PageError, StoreError } from "../../src/core/base/errors.ts";
import { PAGE_SIZE } from "../../src/core/base/limits.ts";
import { decodePageHeader } from "../../src/core/format/page-header.ts";
import type { VaultFileSystem } from "../../src/core/fs/vault-file-system.ts";
import type { Vault } from "../../src/core/vault/vault.ts";
import { LateStore, type LateStoreOptions } from "./late-store.ts";
import { newFile, newFileSystem, readBytes } from "./test-file-system.ts";
import { createTestVault, openTestVault } from "./test-vault.ts";

/** Blocks of the file. */
export const BLOCKS = 140;

/** A store nearby whose reads may fail. */
export class NearStore extends LateStore {
  failure: StoreError | undefined;
  /** Called before pages are read. */
  onRead: () => void = () => {};

  constructor(options: LateStoreOptions = {}) {
    super({ isNear: true, ...options });
  }

  override async read(
    addresses: readonly number[],
    room: () => Uint8Array,
  ): Promise<readonly (Uint8Array | PageError)[]> {
    if (this.failure !== undefined) throw this.failure;
    this.onRead();
    return super.read(addresses, room);
  }

  /** So that there is a log. */
  sync(): void {}

  /** Set, there is no room for a log. */
  isFull = false;

  override allocate(count: number, reserve: number, out: number[]): void {
    if (this.isFull && reserve > 1000) throw new StoreError("STORE_FULL", "full");
    super.allocate(count, reserve, out);
  }

  /** Addresses of pages that hold nothing but file content. */
  dataPages(): readonly number[] {
    const isData = ([, bytes]: readonly [number, Uint8Array]): boolean => {
      const header = decodePageHeader(bytes);
      return typeof header !== "string" && header.pageClass === "data";
    };
    const addresses = [...this.contents.pages].filter(isData).map(([address]) => address);
    return addresses.sort((a, b) => a - b);
  }

  /** Damages the n-th of them. */
  damage(n: number): void {
    const page = this.contents.pages.get(this.dataPages()[n] ?? 0);
    if (page === undefined) throw new Error(`there is no page ${n}`);
    page[1000] = (page[1000] ?? 0) ^ 1;
  }
}

/** A vault with the file, in use. */
export interface Opened {
  readonly store: NearStore;
  readonly vault: Vault;
  readonly fs: VaultFileSystem;
  readonly ino: number;
  /** What the file holds. */
  readonly content: Buffer;
  /** What was told of writes that were not stored. */
  readonly told: DvaultError[];
}

/** How a store and a file system over it behave. */
interface NearFileOptions extends LateStoreOptions {
  readonly partBytes?: number;
}

/** A vault with one file of whole pages, none of them in memory. */
export async function openWithFile(options: NearFileOptions = {}): Promise<Opened> {
  const store = new NearStore();
  const vault = await createTestVault(store);
  const fs = await newFileSystem(vault);
  const { ino } = await newFile(fs, "file");
  const content = Buffer.alloc(BLOCKS * PAGE_SIZE);
  for (let i = 0; i < content.length; i += 512) content.writeUInt32LE(i + 1, i);
  await fs.write(ino, 0, content);
  await vault.close();
  return reopen({ store, content, ino }, options);
}

/** The same vault in another session. */
export async function reopen(
  { store: { contents }, content, ino }: Pick<Opened, "store" | "content" | "ino">,
  { partBytes = 2 ** 23, ...options }: NearFileOptions = {},
): Promise<Opened> {
  const store = new NearStore({ contents, ...options });
  const vault = await openTestVault(store);
  const told: DvaultError[] = [];
  const onWriteFailure = (failure: DvaultError): number => told.push(failure);
  const fs = await newFileSystem(vault, { onWriteFailure, partBytes });
  await fs.getattr(ino);
  // The nodes that lead to its extents.
  await fs.lseek(ino, 0, "hole");
  store.reads = 0;
  return { store, vault, fs, ino, content, told };
}

/** The same vault after a crash now. */
export async function crash(opened: Opened, options: NearFileOptions = {}): Promise<Opened> {
  const { headers, pages } = opened.store.contents;
  const contents = { headers: [...headers] as typeof headers, pages: new Map(pages) };
  const { content, ino } = opened;
  return reopen(
    { store: new NearStore({ contents }), content: Buffer.from(content), ino },
    options,
  );
}

/** Writes into the file and into what it should hold. */
export async function write(
  opened: Opened,
  offset: number,
  length: number,
  fill: number,
): Promise<void> {
  opened.content.fill(fill, offset, offset + length);
  await opened.fs.write(opened.ino, offset, new Uint8Array(length).fill(fill));
}

/** Whether the file holds what it should. */
export async function expectContent(t: Test, opened: Opened, what: string): Promise<void> {
  const { fs, ino, content } = opened;
  t.ok((await readBytes(fs, ino)).equals(content), what);
}

/** As {@link expectContent}, of what is in the store after the next commit. */
export async function expectStored(t: Test, opened: Opened, what: string): Promise<void> {
  await opened.vault.close();
  const again = await reopen(opened);
  await expectContent(t, again, what);
  await again.vault.close();
}
