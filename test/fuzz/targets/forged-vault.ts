/**
 * A tiny vault in a file in memory, and what others may make of that file: who can write to it, and who has its key as well.
 *
 * @module
 */
import { concatBytes, getU16, getU32, putU32, utf8 } from "../../../src/core/base/bytes.ts";
import { crc32c } from "../../../src/core/base/crc32c.ts";
import { PAGE_SIZE } from "../../../src/core/base/limits.ts";
import {
  type AeadFrame,
  type AeadFraming,
  NONCE_SIZE,
  type Platform,
  TAG_SIZE,
} from "../../../src/core/base/platform.ts";
import { VaultKeys } from "../../../src/core/crypto/key-schedule.ts";
import { makePasswordSlot } from "../../../src/core/crypto/password-slot.ts";
import { SecretBytes } from "../../../src/core/crypto/secret-bytes.ts";
import type { Credentials } from "../../../src/core/crypto/unlock.ts";
import { HEADER_SIZE } from "../../../src/core/format/header.ts";
import { classCode, PAGE_HEADER_SIZE } from "../../../src/core/format/page-header.ts";
import { layoutOfVersion, type PageLayout, WHOLE } from "../../../src/core/format/page-layout.ts";
import { ROOT_INO } from "../../../src/core/fs/file-system.ts";
import { VaultFileSystem } from "../../../src/core/fs/vault-file-system.ts";
import { Vault } from "../../../src/core/vault/vault.ts";
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import { FileStore } from "../../../src/stores/file/file-store.ts";
import {
  HEADER_SLOT_SIZE,
  HEADER_SLOTS,
  PAGE_STRIDE,
  pageOffset,
  pagesWithin,
} from "../../../src/stores/file/layout.ts";
import { FixedRandom } from "../../support/fixed-random.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { creation, newFile, TestClock } from "../../support/test-file-system.ts";
import { MemoryFile } from "./memory-file.ts";

const BODY_AT = PAGE_HEADER_SIZE + NONCE_SIZE;
const LAYOUT_AT = 5;
const CHECKSUM_AT = 28;
const SIGNED_SIZE = 120;
const ARGON2 = { memoryKib: 8, passes: 1, lanes: 1 };

/** Memory of vaults, which the next one uses again. */
const arena = {
  slabs: [] as Uint8Array[],
  taken: 0,
  take(bytes: number): Uint8Array {
    const slab = this.slabs[this.taken++];
    if (slab?.length === bytes) return slab;
    const fresh = new Uint8Array(bytes);
    this.slabs[this.taken - 1] = fresh;
    return fresh;
  },
};

/** A machine that derives keys at no cost, and on which the vault is the same in every run. */
const platform: Platform = {
  ...nodePlatform,
  clock: new TestClock(),
  random: new FixedRandom(),
  argon2id: { derive: async (_password, salt) => concatBytes(salt, salt) },
  memory: (bytes) => arena.take(bytes),
};

/** Who changes something, and what is right again behind the change: nothing, checksums, or seals and signatures, too. */
export type Forger = "vandal" | "stranger" | "key holder";

/** Where something is changed, and what stands there then. */
export interface Change {
  readonly forger: Forger;
  /** A header slot, or a page behind these. */
  readonly place: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** The keys of a vault, and its id. */
interface Secrets {
  readonly vaultId: Uint8Array;
  readonly keys: VaultKeys;
}

/** See the head of this file. */
export class ForgedVault {
  readonly #file: MemoryFile;
  readonly #secrets: Secrets;
  /** What stands at each place, sealed pages with their body in clear. */
  readonly #clear: readonly Uint8Array[];
  /** Where a key holder changed it. */
  readonly #changed = new Map<number, Uint8Array>();

  private constructor(file: MemoryFile, secrets: Secrets, clear: readonly Uint8Array[]) {
    this.#file = file;
    this.#secrets = secrets;
    this.#clear = clear;
  }

  /** Makes the vault: files of every kind, a snapshot, and a log of what was done since the last commit. */
  static async make(): Promise<ForgedVault> {
    const { image, secrets } = await makeImage();
    const file = new MemoryFile(image);
    const clear: Uint8Array[] = [];
    for (let place = 0; place < HEADER_SLOTS + pagesWithin(image.length); place++) {
      const stored = file.slice(offsetOf(place), sizeOf(place));
      clear.push(place < HEADER_SLOTS ? stored : await unsealed(stored, secrets));
    }
    return new ForgedVault(file, secrets, clear);
  }

  /** How many places there are. */
  get places(): number {
    return this.#clear.length;
  }

  /** What stands at a place, in clear; borrowed. */
  clearAt(place: number): Uint8Array {
    const clear = this.#clear[place] as Uint8Array;
    return clear.subarray(0, place < HEADER_SLOTS ? HEADER_SIZE : BODY_AT + getU32(clear, 24));
  }

  /** Makes the vault as it was. */
  restore(): void {
    this.#file.restore();
    this.#changed.clear();
    arena.taken = 0;
  }

  /** Changes something; what does not fit its place is left out. */
  async change({ forger, place, bytes, ...change }: Change): Promise<void> {
    const offset = Math.min(change.offset, sizeOf(place));
    const part = bytes.subarray(0, sizeOf(place) - offset);
    const at = offsetOf(place);
    if (forger === "vandal") {
      this.#file.write([part], at + offset);
      return;
    }
    const isForged = forger === "key holder";
    const clear = this.#changed.get(place) ?? (this.#clear[place] as Uint8Array).slice();
    const stored = isForged ? clear : this.#file.slice(at, sizeOf(place));
    if (isForged) this.#changed.set(place, clear);
    stored.set(part, offset);
    if (place < HEADER_SLOTS) sumHeader(stored, isForged ? this.#secrets.keys : undefined);
    else sumPage(stored);
    const isSealed = isForged && place >= HEADER_SLOTS;
    this.#file.write([isSealed ? await sealed(stored, this.#secrets) : stored], at);
  }

  /** Ends the file within a place. */
  cut(place: number, offset: number): void {
    this.#file.truncate(Math.min(this.#file.size, offsetOf(place) + offset));
  }

  /** Opens the vault as it is now. @throws as `Vault.open` does */
  open(readOnly: boolean): Promise<Vault> {
    return Vault.open(newStore(this.#file, readOnly), platform, credentials());
  }

  /** A file system over it. */
  fileSystem(vault: ConstructorParameters<typeof VaultFileSystem>[0]): VaultFileSystem {
    return newFileSystem(vault);
  }
}

function offsetOf(place: number): number {
  return place < HEADER_SLOTS ? place * HEADER_SLOT_SIZE : pageOffset(place - HEADER_SLOTS);
}

function sizeOf(place: number): number {
  return place < HEADER_SLOTS ? HEADER_SIZE : PAGE_STRIDE;
}

function newStore(file: MemoryFile, readOnly: boolean): FileStore {
  return new FileStore("/vault.dvault", file, readOnly);
}

function newFileSystem(vault: ConstructorParameters<typeof VaultFileSystem>[0]): VaultFileSystem {
  return new VaultFileSystem(vault, { ...platform, compression: "deflate" });
}

function credentials(): Credentials {
  return { password: new SecretBytes(utf8("a password")) };
}

async function makeImage(): Promise<{ readonly image: Uint8Array; readonly secrets: Secrets }> {
  const file = new MemoryFile(new Uint8Array(0));
  let secrets: Secrets | undefined;
  const vault = await Vault.create(newStore(file, false), platform, {
    argon2: ARGON2,
    makeSlots: async (secret) => {
      const { vaultId, vaultKey } = secret;
      const copy = new SecretBytes(vaultKey.use((key) => key.slice()));
      secrets = { vaultId, keys: new VaultKeys(vaultId, copy, platform.aead) };
      const { password } = credentials();
      const slot = { label: "a", argon2: ARGON2 };
      return [await makePasswordSlot(platform, secret, password as SecretBytes, slot)];
    },
  });
  await makeFiles(vault);
  await vault.abandon();
  if (secrets === undefined) throw new Error("the vault has no key");
  return { image: file.slice(0, file.size), secrets };
}

/** A file in the tree, one in a pack and one of pages, a directory, a link, an attribute. */
async function makeFiles(vault: Vault): Promise<void> {
  const fs = newFileSystem(vault);
  await fs.makeRoot(creation(0o755));
  const inline = await newFile(fs, "a");
  await fs.write(inline.ino, 0, utf8("a few bytes"));
  await fs.setxattr(inline.ino, utf8("user.a"), utf8("b"), "set");
  await fs.symlink(ROOT_INO, utf8("l"), utf8("d/p"), { uid: 0, gid: 0 });
  const { ino } = await fs.mkdir(ROOT_INO, utf8("d"), creation(0o755));
  await fs.link(inline.ino, ino, utf8("a"));
  const packed = await newFile(fs, "p");
  await fs.write(packed.ino, 0, utf8("the same line again\n".repeat(100)));
  const paged = await newFile(fs, "q");
  const random = seededRandom(1);
  await fs.write(
    paged.ino,
    0,
    Uint8Array.from({ length: PAGE_SIZE }, () => 256 * random()),
  );
  await vault.snapshots.create(utf8("s"));
  for (const part of ["sets pages aside", "is in the log"]) {
    await fs.write(inline.ino, 5, utf8(part));
    await fs.fsync(inline.ino);
  }
}

/** Puts the checksum of a header right, and its signature, if there is somebody to sign. */
function sumHeader(header: Uint8Array, signer: VaultKeys | undefined): void {
  if (signer !== undefined) {
    header.set(signer.signHeader(header.subarray(0, SIGNED_SIZE)), SIGNED_SIZE);
  }
  putU32(header, HEADER_SIZE - 4, crc32c(header, 0, HEADER_SIZE - 4));
}

/** Puts the checksum of a page right. */
function sumPage(stored: Uint8Array): void {
  const body = isSealed(stored) ? 0 : bodyLength(stored);
  const own = crc32c(stored, 0, CHECKSUM_AT);
  const end = PAGE_HEADER_SIZE + body;
  putU32(stored, CHECKSUM_AT, crc32c(stored, PAGE_HEADER_SIZE, end, own));
}

function isSealed(stored: Uint8Array): boolean {
  return stored[4] !== classCode("key-directory");
}

/** Bytes of the body, as far as there is room for it. */
function bodyLength(stored: Uint8Array): number {
  const { parts } = layoutOf(stored);
  return Math.min(getU32(stored, 24), PAGE_STRIDE - BODY_AT - parts * TAG_SIZE);
}

function layoutOf(stored: Uint8Array): PageLayout {
  return layoutOfVersion(stored[LAYOUT_AT]) ?? WHOLE;
}

/** A page in clear, as it is stored. */
async function sealed(clear: Uint8Array, secrets: Secrets): Promise<Uint8Array> {
  const epoch = getU16(clear, 6);
  if (!isSealed(clear) || epoch === 0) return clear;
  const stored = clear.slice();
  const frame = frameIn(stored);
  const body = clear.subarray(BODY_AT, BODY_AT + frame.length);
  await (await secrets.keys.key(epoch)).sealFrame(framingOf(secrets), frame, body);
  return stored;
}

/** A stored page with its body in clear; what is no sealed page as it is. */
async function unsealed(stored: Uint8Array, secrets: Secrets): Promise<Uint8Array> {
  const epoch = getU16(stored, 6);
  if (!isSealed(stored) || epoch === 0) return stored;
  const frame = frameIn(stored.slice());
  await (await secrets.keys.key(epoch)).openFrame(framingOf(secrets), frame);
  const clear = new Uint8Array(PAGE_STRIDE);
  clear.set(frame.bytes.subarray(0, BODY_AT + frame.length));
  return clear;
}

function frameIn(bytes: Uint8Array): AeadFrame {
  return { bytes, length: bodyLength(bytes), partLength: layoutOf(bytes).partLength };
}

/** What a seal binds (FORMAT.md §3.2). */
function framingOf({ vaultId }: Secrets): AeadFraming {
  return { prefix: concatBytes(utf8("dvault page"), vaultId), headLength: PAGE_HEADER_SIZE };
}
