/**
 * Vault files of a given size, made by the library, and what it takes to read one file of them.
 *
 * @module
 */
import { randomFillSync, randomInt } from "node:crypto";
import { utf8 } from "../../src/core/base/bytes.ts";
import { makePasswordSlot } from "../../src/core/crypto/password-slot.ts";
import { SecretBytes } from "../../src/core/crypto/secret-bytes.ts";
import { entryOf } from "../../src/core/fs/entry-of.ts";
import { ROOT_INO, S_IFDIR, S_IFREG } from "../../src/core/fs/file-system.ts";
import { VaultFileSystem } from "../../src/core/fs/vault-file-system.ts";
import { Vault } from "../../src/core/vault/vault.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { FileStore } from "../../src/stores/file/file-store.ts";
import { PASSWORD } from "../mount/peers.ts";
import { countReads } from "./counted-store.ts";

/** Files a directory has. */
const FILES_PER_DIRECTORY = 1000;

/** Cheap: what a password costs is not measured here. */
const ARGON2 = { memoryKib: 8, passes: 1, lanes: 1 };
const CALLER = { uid: 0, gid: 0 };
const SMALL_BYTES = 100;
const MIB = 2 ** 20;
const COMMIT_EVERY = 20_000;

/** What is in a vault. */
export interface Contents {
  readonly files: number;
  /** Bytes of each. */
  readonly fileBytes: number;
}

/** So many files of 100 bytes. */
export function smallFiles(files: number): Contents {
  return { files, fileBytes: SMALL_BYTES };
}

/** So many GiB in files of 64 MiB. */
export function bigFiles(gib: number): Contents {
  return { files: gib * 16, fileBytes: 64 * MIB };
}

/** Where a file of a grown vault is, from the root. */
export function placeOf(file: number): { readonly directory: string; readonly name: string } {
  const directory = `directory-${Math.floor(file / FILES_PER_DIRECTORY)}`;
  return { directory, name: `file-${file}` };
}

/** Makes a vault file with such contents. */
export async function growVault(path: string, { files, fileBytes }: Contents): Promise<void> {
  const vault = await Vault.create(FileStore.create(path), nodePlatform, {
    argon2: ARGON2,
    makeSlots: async (secret) => [
      await makePasswordSlot(nodePlatform, secret, password(), { label: "bench", argon2: ARGON2 }),
    ],
  });
  const fs = new VaultFileSystem(vault, nodePlatform);
  const creation = { umask: 0, caller: CALLER };
  await fs.makeRoot({ ...creation, mode: S_IFDIR | 0o755 });
  const piece = randomFillSync(new Uint8Array(Math.min(MIB, fileBytes)));
  let parent = ROOT_INO;
  for (let file = 0; file < files; file++) {
    const { directory, name } = placeOf(file);
    if (file % FILES_PER_DIRECTORY === 0) {
      const mode = S_IFDIR | 0o755;
      parent = (await fs.mkdir(ROOT_INO, utf8(directory), { ...creation, mode })).ino;
    }
    const made = { ...creation, mode: S_IFREG | 0o644 };
    const { ino } = await fs.mknod(parent, utf8(name), made, 0);
    for (let at = 0; at < fileBytes; at += piece.length) {
      piece[0] = (piece[0] as number) ^ (at / piece.length);
      await fs.write(ino, at, piece);
    }
    if (fileBytes >= MIB || file % COMMIT_EVERY === COMMIT_EVERY - 1) await vault.commit();
  }
  await vault.commit();
  await vault.close();
}

/** Pages read, opening included, for the first bytes of a file anywhere in a vault that was just opened. */
export async function pagesOfFirstRead(path: string, { files }: Contents): Promise<number> {
  const { store, takeReads } = countReads(FileStore.open(path, { readOnly: true }));
  const vault = await Vault.open(store, nodePlatform, { password: password() });
  const fs = new VaultFileSystem(vault, nodePlatform);
  const { directory, name } = placeOf(randomInt(files));
  const { ino: parent } = await entryOf(fs, ROOT_INO, utf8(directory));
  const { ino, size } = await entryOf(fs, parent, utf8(name));
  await fs.read(ino, randomInt(Math.max(1, size - 4096)), 4096);
  await vault.close();
  return takeReads();
}

function password(): SecretBytes {
  return new SecretBytes(utf8(PASSWORD));
}
