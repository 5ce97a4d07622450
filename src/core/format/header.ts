/**
 * The header: the one mutable record of a vault, from which everything else is found (FORMAT.md §2).
 *
 *     offset  size  field
 *          0     6  magic "DVAULT"
 *          6     2  format version, 1
 *          8     4  incompatible features: who does not know a bit must not open the vault;
 *                   1: pages under older keys, 2: pages in parts, 4: a log
 *         12     4  compatible features: who does not know a bit may ignore it
 *         16    16  vault id
 *         32     4  page size, 65536
 *         36     6  generation
 *         42     2  reserved, 0
 *         44     4  Argon2id memory for new password slots, KiB
 *         48     2  Argon2id passes
 *         50     2  Argon2id lanes
 *         52    12  pointer to the key directory
 *         64    12  pointer to the commit root
 *         76    12  time the vault was created
 *         88    12  pointer to the spare of the key directory, or 0
 *        100    20  reserved, 0
 *        120    32  HMAC-SHA-256 of bytes 0 to 119 under the vault's header key
 *        152     4  CRC-32C of bytes 0 to 151
 *
 * 1. Magic, version, size and the place of the checksum are the same in every version, so that an intact header of a
 *    newer format is told from a damaged one.
 * 2. The checksum is for damage; the tag tells who holds the key a forged header from a true one.
 *
 * @module
 */
import { equalBytes, getU16, getU32, getU48, putU16, putU32, putU48, utf8 } from "../base/bytes.ts";
import { crc32c } from "../base/crc32c.ts";
import { FormatError } from "../base/errors.ts";
import { PAGE_SIZE } from "../base/limits.ts";
import type { Argon2Cost } from "../base/platform.ts";
import { getTime, isTimeAt, putTime, type Time } from "../base/time.ts";
import { getPointer, isAddress, type PagePointer, putPointer } from "./address.ts";

/** Bytes of an encoded header: 208 characters in base64url. */
export const HEADER_SIZE = 156;

/** Bytes of a vault id. */
export const VAULT_ID_SIZE = 16;

/** Version of the format this program writes, and the only one it reads. */
const FORMAT_VERSION = 1;

/** Incompatible feature: pages of earlier epochs need an older vault key of the key directory. */
const OLDER_KEYS = 1;

/** Incompatible feature: full pages of content may be sealed in parts. */
const PAGE_PARTS = 2;

/** Incompatible feature: the commit has a log, which may tell parts of blocks. */
const LOG = 4;

/** Incompatible features this program knows, as bits. */
const KNOWN_FEATURES: number = OLDER_KEYS | PAGE_PARTS | LOG;

const MAGIC = utf8("DVAULT");
const CREATED_AT = 76;
const SPARE_AT = 88;
const TAG_AT = 120;
const CHECKSUM_AT = 152;

/** What a header says. */
export interface Header {
  /** Whether there are pages that need an older vault key. */
  readonly hasOlderKeys: boolean;
  /** Whether full pages of content are sealed in parts; vaults made by early versions have whole ones only. */
  readonly hasPageParts: boolean;
  /** Whether the commit has a log; early versions did not say so. */
  readonly hasLog: boolean;
  readonly compatibleFeatures: number;
  readonly vaultId: Uint8Array;
  readonly generation: number;
  /** Cost of password slots made from now on; each slot carries its own. */
  readonly argon2: Argon2Cost;
  readonly keyDirectory: PagePointer;
  /** A second page with the same key directory; vaults made by early versions have none. */
  readonly spareDirectory?: PagePointer;
  readonly commitRoot: PagePointer;
  readonly created: Time;
}

/** Where a header says the key slots are. */
export type KeyDirectories = Pick<Header, "keyDirectory" | "spareDirectory">;

/** The pages with the key slots: the key directory, and its spare where there is one. */
export function keyDirectoryPages(directories: KeyDirectories): readonly PagePointer[] {
  const { keyDirectory, spareDirectory } = directories;
  return spareDirectory === undefined ? [keyDirectory] : [keyDirectory, spareDirectory];
}

/** Who can sign headers: the keys of an unlocked vault. */
export interface HeaderKey {
  /** HMAC-SHA-256, 32 bytes. @throws KeyError KEY_CLOSED */
  signHeader(message: Uint8Array): Uint8Array;
}

/** Makes the {@link HEADER_SIZE} bytes of a header. */
export function encodeHeader(header: Header, key: HeaderKey): Uint8Array {
  const out = new Uint8Array(HEADER_SIZE);
  out.set(MAGIC);
  putU16(out, 6, FORMAT_VERSION);
  putU32(out, 8, featuresOf(header));
  putU32(out, 12, header.compatibleFeatures);
  out.set(header.vaultId, 16);
  putU32(out, 32, PAGE_SIZE);
  putU48(out, 36, header.generation);
  putU32(out, 44, header.argon2.memoryKib);
  putU16(out, 48, header.argon2.passes);
  putU16(out, 50, header.argon2.lanes);
  putPointer(out, 52, header.keyDirectory);
  putPointer(out, 64, header.commitRoot);
  putTime(out, CREATED_AT, header.created);
  if (header.spareDirectory !== undefined) putPointer(out, SPARE_AT, header.spareDirectory);
  out.set(key.signHeader(out.subarray(0, TAG_AT)), TAG_AT);
  putU32(out, CHECKSUM_AT, crc32c(out, 0, CHECKSUM_AT));
  return out;
}

function featuresOf({ hasOlderKeys, hasPageParts, hasLog }: Header): number {
  return (hasOlderKeys ? OLDER_KEYS : 0) | (hasPageParts ? PAGE_PARTS : 0) | (hasLog ? LOG : 0);
}

/**
 * Reads a header; what stands behind its {@link HEADER_SIZE} bytes is ignored. The tag is checked later, by
 * {@link isHeaderSigned}, since the key is found through the header.
 *
 * @throws FormatError NOT_A_VAULT, VERSION_UNKNOWN, VAULT_DAMAGED
 */
export function decodeHeader(stored: Uint8Array): Header {
  if (!hasMagic(stored)) {
    throw new FormatError("NOT_A_VAULT", "this is not a dvault vault: it has no vault header");
  }
  if (stored.length < HEADER_SIZE) {
    throw damaged(`it is cut short: ${stored.length} of ${HEADER_SIZE} bytes are there`);
  }
  if (crc32c(stored, 0, CHECKSUM_AT) !== getU32(stored, CHECKSUM_AT)) {
    throw damaged("checksum mismatch");
  }
  checkVersion(stored);
  if (!isTimeAt(stored, CREATED_AT)) throw damaged("it was created at no time");
  const spareDirectory = getPointer(stored, SPARE_AT);
  const features = getU32(stored, 8);
  const header: Header = {
    ...(spareDirectory.generation === 0 ? {} : { spareDirectory }),
    hasOlderKeys: (features & OLDER_KEYS) !== 0,
    hasPageParts: (features & PAGE_PARTS) !== 0,
    hasLog: (features & LOG) !== 0,
    compatibleFeatures: getU32(stored, 12),
    vaultId: stored.slice(16, 16 + VAULT_ID_SIZE),
    generation: getU48(stored, 36),
    argon2: {
      memoryKib: getU32(stored, 44),
      passes: getU16(stored, 48),
      lanes: getU16(stored, 50),
    },
    keyDirectory: getPointer(stored, 52),
    commitRoot: getPointer(stored, 64),
    created: getTime(stored, CREATED_AT),
  };
  for (const pointer of [header.keyDirectory, header.commitRoot, spareDirectory]) {
    if (!isAddress(pointer.address) || pointer.generation > header.generation) {
      throw damaged(`it points to page ${pointer.address} of generation ${pointer.generation}`);
    }
  }
  return header;
}

/** Whether a stored header that decodes was written by someone who holds the vault key. */
export function isHeaderSigned(stored: Uint8Array, key: HeaderKey): boolean {
  const expected = key.signHeader(stored.subarray(0, TAG_AT));
  let difference = 0;
  for (let i = 0; i < expected.length; i++) {
    difference |= (expected[i] as number) ^ (stored[TAG_AT + i] as number);
  }
  return difference === 0;
}

/** A magic with up to two bytes spoilt still says that this was a vault. */
function hasMagic(stored: Uint8Array): boolean {
  let matching = 0;
  for (let i = 0; i < MAGIC.length; i++) if (stored[i] === MAGIC[i]) matching++;
  return matching >= MAGIC.length - 2;
}

/** The checksum was right, so what is not known here was written by a newer program. */
function checkVersion(stored: Uint8Array): void {
  if (!equalBytes(stored.subarray(0, MAGIC.length), MAGIC)) throw damaged("its magic is spoilt");
  const version = getU16(stored, 6);
  const features = getU32(stored, 8) & ~KNOWN_FEATURES;
  const pageSize = getU32(stored, 32);
  if (version !== FORMAT_VERSION) {
    throw unknown(`has format version ${version}, this program knows ${FORMAT_VERSION}`);
  }
  if (features !== 0) {
    throw unknown(
      `uses features 0x${(features >>> 0).toString(16)} that this program does not know`,
    );
  }
  if (pageSize !== PAGE_SIZE) {
    throw unknown(`has pages of ${pageSize} bytes, this program knows ${PAGE_SIZE}`);
  }
}

function unknown(reason: string): FormatError {
  return new FormatError("VERSION_UNKNOWN", `the vault ${reason}: open it with a newer dvault`);
}

function damaged(reason: string): FormatError {
  return new FormatError("VAULT_DAMAGED", `the vault's header is damaged: ${reason}`);
}
