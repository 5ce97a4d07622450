/**
 * File systems over vaults in memory, and shorthands for what tests do with them.
 *
 * @module
 */
import { utf8 } from "../../src/core/base/bytes.ts";
import type { Clock } from "../../src/core/base/platform.ts";
import type { Attributes, Creation, FileSystem } from "../../src/core/fs/file-system.ts";
import { ROOT_INO, S_IFREG } from "../../src/core/fs/file-system.ts";
import type { FileSystemOptions } from "../../src/core/fs/fs-context.ts";
import { VaultFileSystem } from "../../src/core/fs/vault-file-system.ts";
import type { TransactionalVault } from "../../src/core/vault/transaction.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";

/** A clock that a test moves: each reading is a nanosecond later. */
export class TestClock implements Clock {
  sec = 1_000_000;
  nsec = 0;

  now(out: [sec: number, nsec: number]): void {
    this.nsec += 1;
    out[0] = this.sec;
    out[1] = this.nsec;
  }
}

/** A creation by root with a mode, without umask. */
export function creation(mode: number, umask = 0): Creation {
  return { mode, umask, caller: { uid: 0, gid: 0 } };
}

/** A file system over a vault, with its root directory. */
export async function newFileSystem(
  vault: TransactionalVault,
  options: Partial<FileSystemOptions> = {},
): Promise<VaultFileSystem> {
  const { compressor } = nodePlatform;
  const fs = new VaultFileSystem(vault, { clock: new TestClock(), compressor, ...options });
  if (!vault.readOnly) await fs.makeRoot(creation(0o755));
  return fs;
}

/** Makes a regular file in the root directory. */
export async function newFile(fs: FileSystem, name: string): Promise<Attributes> {
  return fs.mknod(ROOT_INO, utf8(name), creation(S_IFREG | 0o644), 0);
}

/** Copies what a read answers. */
export async function readBytes(
  fs: FileSystem,
  ino: number,
  offset = 0,
  length: number = Number.MAX_SAFE_INTEGER - offset,
): Promise<Buffer> {
  return Buffer.concat(await fs.read(ino, offset, length));
}

/** Names in a directory but `.` and `..`, in order, read `limit` at a time. */
export async function namesIn(fs: FileSystem, ino: number, limit = 100): Promise<string[]> {
  const directory = await fs.opendir(ino);
  const names: string[] = [];
  for (let cookie = 0; ; ) {
    const entries = await directory.read(cookie, limit, "none");
    if (entries.length === 0) return names.slice(2);
    names.push(...entries.map((entry) => Buffer.from(entry.name).toString()));
    cookie = entries[entries.length - 1]?.cookie ?? 0;
  }
}

/** The code of the error that a call ends with; undefined when it succeeds. */
export async function codeOf(call: () => unknown): Promise<string | undefined> {
  try {
    await call();
    return undefined;
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === undefined) throw error;
    return code;
  }
}

/** All records of a vault, copied. */
export async function allRecords(
  vault: TransactionalVault,
): Promise<{ key: Uint8Array; value: Uint8Array }[]> {
  const from = new Uint8Array(8);
  const to = new Uint8Array(9).fill(0xff);
  return vault.transact((transaction) => {
    const records: { key: Uint8Array; value: Uint8Array }[] = [];
    transaction.scan(from, to, (key, value) => {
      records.push({ key: new Uint8Array(key), value: new Uint8Array(value) });
      return true;
    });
    return records;
  });
}
