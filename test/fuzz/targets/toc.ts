/** Target: a whole TOC of any records, read through the file system (FORMAT.md §6, §7). */
import { PageError } from "../../../src/core/base/errors.ts";
import type { PagePointer } from "../../../src/core/format/address.ts";
import { encodeDentry } from "../../../src/core/fs/dentry.ts";
import { encodeExtent } from "../../../src/core/fs/extent.ts";
import { type FileSystem, S_IFDIR, S_IFLNK, S_IFREG } from "../../../src/core/fs/file-system.ts";
import { INODE_RECORD_SIZE, InodeRecord } from "../../../src/core/fs/inode-record.ts";
import { VaultFileSystem } from "../../../src/core/fs/vault-file-system.ts";
import { encodeKey, KeyKind } from "../../../src/core/tree/key.ts";
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import { type MemoryPage, MemoryVault } from "../../support/memory-vault.ts";
import { TestClock } from "../../support/test-file-system.ts";
import type { FuzzTarget } from "../engine/target.ts";
import { acceptedLater, expect } from "../expect.ts";
import { Input } from "../input.ts";

const INODES = 3;
const RECORDS_MAX = 48;
const READ_MAX = 2 ** 18;
const LISTED_MAX = 64;
const KINDS = Object.values(KeyKind);
const CODES = [
  ...(["ENOENT", "ENOTDIR", "EISDIR", "EINVAL", "ENODATA", "ENXIO", "ELOOP", "EIO"] as const),
  ...(["RECORD_MALFORMED", "PAGE_MISSING", "PAGE_CORRUPT"] as const),
];

/** A vault that has no pages but says so politely. */
class EmptyVault extends MemoryVault {
  override page(pointer: PagePointer): MemoryPage {
    throw new PageError("PAGE_MISSING", pointer.address, "there are no pages");
  }
}

/** Input: records: inode, kind, subkey with its length, value with its length. */
export const tocTarget: FuzzTarget = {
  name: "toc",
  files: ["file-read", "find-extents", "directory", "attributes", "seek", "xattr", "inodes"].map(
    (name) => `src/core/fs/${name}.ts`,
  ),
  shortRun: 100,
  seeds: () => [seed()],
  maxLength: 2048,
  bytesPerByte: 8192,
  async run(bytes) {
    const vault = new EmptyVault({ readOnly: true });
    const input = new Input(bytes);
    for (let n = 0; !input.isAtEnd && n < RECORDS_MAX; n++) {
      const ino = input.u8() % (INODES + 1);
      const kind = KINDS[input.u8() % KINDS.length] ?? KeyKind.attributes;
      vault.records.set(encodeKey(ino, kind, input.shortPart()), input.shortPart());
    }
    const fs = new VaultFileSystem(vault, {
      clock: new TestClock(),
      compressor: nodePlatform.compressor,
    });
    for (let ino = 1; ino <= INODES; ino++) await look(fs, ino);
  },
};

async function look(fs: FileSystem, ino: number): Promise<void> {
  const offsets = [0, 65_535, 2 ** 40];
  const attributes = await acceptedLater(CODES, () => fs.getattr(ino));
  if (attributes === undefined) return;
  await acceptedLater(CODES, () => fs.readlink(ino));
  for (const offset of offsets) {
    const pieces = await acceptedLater(CODES, () => fs.read(ino, offset, READ_MAX));
    const length = pieces?.reduce((sum, piece) => sum + piece.length, 0) ?? 0;
    expect(length <= READ_MAX, `${length} bytes are no more than were asked for`);
    await acceptedLater(CODES, () => fs.lseek(ino, offset, "data"));
    await acceptedLater(CODES, () => fs.lseek(ino, offset, "hole"));
  }
  for (const name of (await acceptedLater(CODES, () => fs.listxattr(ino))) ?? []) {
    await acceptedLater(CODES, () => fs.getxattr(ino, name));
  }
  await list(fs, ino);
}

async function list(fs: FileSystem, ino: number): Promise<void> {
  const directory = await acceptedLater(CODES, () => fs.opendir(ino));
  if (directory === undefined) return;
  let cookie = 0;
  for (let n = 0; ; n++) {
    expect(n <= LISTED_MAX, "a listing ends");
    const entries = await acceptedLater(CODES, () => directory.read(cookie, 8, "all"));
    if (entries === undefined || entries.length === 0) return;
    for (const { name } of entries) await acceptedLater(CODES, () => fs.lookup(ino, name));
    cookie = entries.at(-1)?.cookie ?? 0;
  }
}

function seed(): Uint8Array {
  const bytes: number[] = [];
  const add = (ino: number, kind: KeyKind, subkey: readonly number[], value: Uint8Array): void => {
    bytes.push(ino, KINDS.indexOf(kind), subkey.length, ...subkey, value.length, ...value);
  };
  const page = { address: 130, generation: 3 };
  const [first, second] = [
    [0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 1],
  ] as const;
  add(1, KeyKind.attributes, [], attributesOf(S_IFDIR | 0o755, 0));
  add(1, KeyKind.dentry, [97], encodeDentry({ ino: 2, type: S_IFREG }));
  add(1, KeyKind.dentry, [98], encodeDentry({ ino: 3, type: S_IFLNK }));
  add(2, KeyKind.attributes, [], attributesOf(S_IFREG | 0o644, 131_072));
  add(2, KeyKind.xattr, [117], Uint8Array.of(0, 1, 2));
  add(
    2,
    KeyKind.extent,
    first,
    encodeExtent({ kind: "run", block: 0, count: 1, shared: false, ...page }),
  );
  add(2, KeyKind.extent, second, encodeExtent({ kind: "reserved", block: 1, count: 1 }));
  add(3, KeyKind.attributes, [], attributesOf(S_IFLNK | 0o777, 3));
  const content = Uint8Array.of(97, 47, 98);
  add(3, KeyKind.extent, first, encodeExtent({ kind: "inline", block: 0, count: 1, content }));
  return Uint8Array.from(bytes);
}

function attributesOf(mode: number, size: number): Uint8Array {
  const record = new InodeRecord(1, new Uint8Array(INODE_RECORD_SIZE));
  record.mode = mode;
  record.size = size;
  record.nlink = 1;
  record.parent = 1;
  return record.bytes;
}
