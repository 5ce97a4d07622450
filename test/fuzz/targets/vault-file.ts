/** Target: a whole vault in a file, as anybody and as a holder of its key can write it (FORMAT.md §9), opened, read and written to. */
import { utf8 } from "../../../src/core/base/bytes.ts";
import {
  type Attributes,
  type FileSystem,
  ROOT_INO,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
} from "../../../src/core/fs/file-system.ts";
import type { Vault } from "../../../src/core/vault/vault.ts";
import { newFile } from "../../support/test-file-system.ts";
import type { FuzzTarget } from "../engine/target.ts";
import { acceptedLater, expect } from "../expect.ts";
import { asPart, Input } from "../input.ts";
import { ForgedVault, type Forger } from "./forged-vault.ts";

const CHANGES_MAX = 8;
const INODES_MAX = 16;
const ENTRIES_MAX = 32;
const READ_MAX = 2 ** 17;
const OPENING = [
  ...(["NOT_A_VAULT", "VERSION_UNKNOWN", "VAULT_DAMAGED", "WRONG_KEY", "KDF_LIMITS"] as const),
  ...(["RECORD_MALFORMED", "PAGE_MISSING", "PAGE_CORRUPT", "STORE_FULL"] as const),
];
const READING = [
  ...(["ENOENT", "ENOTDIR", "EISDIR", "EINVAL", "ENODATA", "ENXIO", "ELOOP", "EIO"] as const),
  ...(["RECORD_MALFORMED", "PAGE_MISSING", "PAGE_CORRUPT"] as const),
];
const WRITING = [
  ...READING,
  ...(["EEXIST", "ENOSPC", "EFBIG", "EMLINK", "STORE_FULL", "VAULT_FAILED"] as const),
];
const FORGERS: readonly (Forger | "cut")[] = ["vandal", "stranger", "key holder", "cut"];
const forged = await ForgedVault.make();

/** Input: whether it is opened for writing; changes: who makes it and where, offset, bytes with their length. */
export const vaultFileTarget: FuzzTarget = {
  name: "vault-file",
  files: ["open-state", "open-parts", "replay-log", "space", "key-ring"].map(
    (name) => `src/core/vault/${name}.ts`,
  ),
  shortRun: 60,
  seeds,
  maxLength: 4096,
  bytesPerByte: 8192,
  async run(bytes) {
    const input = new Input(bytes);
    const readOnly = input.u8() % 2 === 0;
    forged.restore();
    for (let n = 0; !input.isAtEnd && n < CHANGES_MAX; n++) await changeBy(input);
    const vault = await acceptedLater(OPENING, () => forged.open(readOnly));
    if (vault === undefined) return;
    try {
      await acceptedLater(READING, () => look(vault));
      if (!readOnly) await acceptedLater(WRITING, () => write(vault));
    } finally {
      await acceptedLater(WRITING, () => vault.close());
    }
  },
};

async function changeBy(input: Input): Promise<void> {
  const forger = FORGERS[input.u8() % FORGERS.length] ?? "vandal";
  const place = input.u8() % forged.places;
  const offset = input.u16();
  if (forger === "cut") forged.cut(place, offset);
  else await forged.change({ forger, place, offset, bytes: input.part() });
}

async function look(vault: Vault): Promise<void> {
  await lookThrough(forged.fileSystem(vault));
  for (const snapshot of vault.snapshots.list().slice(0, 2)) {
    await lookThrough(forged.fileSystem(vault.snapshots.view(snapshot)));
  }
}

/** Lists and reads everything that is below the root. */
async function lookThrough(fs: FileSystem): Promise<void> {
  const inodes = new Set([ROOT_INO]);
  for (const ino of inodes) {
    if (inodes.size > INODES_MAX) return;
    const attributes = await acceptedLater(READING, () => fs.getattr(ino));
    if (attributes === undefined) continue;
    for (const child of await lookAt(fs, attributes)) inodes.add(child);
  }
}

/** Reads what an inode has. @returns inodes below it */
async function lookAt(fs: FileSystem, attributes: Attributes): Promise<readonly number[]> {
  const { ino, mode } = attributes;
  for (const name of (await acceptedLater(READING, () => fs.listxattr(ino))) ?? []) {
    await acceptedLater(READING, () => fs.getxattr(ino, name));
  }
  if ((mode & S_IFMT) === S_IFDIR) return listed(fs, ino);
  if ((mode & S_IFMT) === S_IFLNK) await acceptedLater(READING, () => fs.readlink(ino));
  else await readThrough(fs, attributes);
  return [];
}

async function readThrough(fs: FileSystem, { ino, size }: Attributes): Promise<void> {
  for (const offset of new Set([0, Math.max(0, size - READ_MAX)])) {
    const pieces = await acceptedLater(READING, () => fs.read(ino, offset, READ_MAX));
    const length = pieces?.reduce((sum, piece) => sum + piece.length, 0) ?? 0;
    expect(length <= READ_MAX, `${length} bytes are no more than were asked for`);
  }
}

/** Inodes of what is in a directory. */
async function listed(fs: FileSystem, ino: number): Promise<readonly number[]> {
  const directory = await acceptedLater(READING, () => fs.opendir(ino));
  const entries = await acceptedLater(READING, () => directory?.read(0, ENTRIES_MAX, "all"));
  return entries?.map((entry) => entry.ino) ?? [];
}

async function write(vault: Vault): Promise<void> {
  const fs = forged.fileSystem(vault);
  const { ino } = await newFile(fs, "new");
  await fs.write(ino, 0, new Uint8Array(2000));
  for (const name of ["p", "q"])
    await acceptedLater(WRITING, () => fs.unlink(ROOT_INO, utf8(name)));
  await fs.fsync(ino);
}

/** The vault as it is, and each place of it written anew as it was. */
function seeds(): readonly Uint8Array[] {
  const all = [Uint8Array.of(0), Uint8Array.of(1)];
  for (let place = 0; place < forged.places; place++) {
    const bytes = asPart(forged.clearAt(place).subarray(0, 1024));
    all.push(Uint8Array.of(place % 2, FORGERS.indexOf("key holder"), place, 0, 0, ...bytes));
    all.push(Uint8Array.of(1, FORGERS.indexOf("stranger"), place, 0, 40, 0, 1, 0));
  }
  return all;
}
