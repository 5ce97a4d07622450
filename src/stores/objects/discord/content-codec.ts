/**
 * What the text of a message says: ASCII that Discord leaves as it is, of at most 2,000 characters.
 *
 * A *record* of the header log:
 * ```
 * "dv1c:" a commit, "dv1l:" a lease
 * base64url of  checksum 4 | nonce 16 | body (up to 1,400)
 * ```
 * The checksum (CRC-32C over the prefix, nonce and body) tells damage by accident. Whether a record is the vault's own is
 * decided by who posted it, and in the end by the header's tag.
 *
 * The *label* of a message with data: `"dv1o:"`, then the header channel's id, base64url. It tells vaults that share a
 * channel apart.
 *
 * @module
 */
import { concatBytes, getU32, putU32, utf8 } from "../../../core/base/bytes.ts";
import { crc32c } from "../../../core/base/crc32c.ts";
import { FormatError } from "../../../core/base/errors.ts";
import { RECORD_BYTES_MAX, type RecordKind } from "../object-store.ts";
import { putSnowflake, SNOWFLAKE_SIZE } from "./snowflake.ts";

/** A record without its attachments. */
export interface RecordText {
  readonly kind: RecordKind;
  /** {@link NONCE_BYTES} bytes. */
  readonly nonce: Uint8Array;
  readonly body: Uint8Array;
}

/** Bytes of a record's nonce. */
export const NONCE_BYTES = 16;

const CHECKSUM_BYTES = 4;
const KINDS: ReadonlyMap<string, RecordKind> = new Map([
  ["c", "commit"],
  ["l", "lease"],
]);
const RECORD = /^dv1([cl]):([A-Za-z0-9_-]+)$/;
const LATER_VERSION = /^dv(?:[2-9]|\d\d+)[a-z]:/;

/** The content of a record's message. @throws RangeError for a body or nonce of the wrong length: a bug */
export function encodeRecord({ kind, nonce, body }: RecordText): string {
  if (nonce.length !== NONCE_BYTES) throw new RangeError(`a nonce of ${nonce.length} bytes`);
  if (body.length > RECORD_BYTES_MAX) throw new RangeError(`a record of ${body.length} bytes`);
  const prefix = `dv1${kind === "commit" ? "c" : "l"}:`;
  const checked = concatBytes(nonce, body);
  const checksum = new Uint8Array(CHECKSUM_BYTES);
  putU32(checksum, 0, checksumOf(prefix, checked));
  return prefix + Buffer.concat([checksum, checked]).toString("base64url");
}

/**
 * Reads a record.
 * @returns undefined for any text that is none
 * @throws FormatError VERSION_UNKNOWN for a record of a later version of dvault
 */
export function decodeRecord(content: string): RecordText | undefined {
  if (LATER_VERSION.test(content)) {
    const version = content.slice(2, content.indexOf(":") - 1);
    throw new FormatError(
      "VERSION_UNKNOWN",
      `the header channel has records of version ${version}; this dvault knows version 1: update it`,
    );
  }
  const [, letter = "", text = ""] = RECORD.exec(content) ?? [];
  const kind = KINDS.get(letter);
  const bytes = Buffer.from(text, "base64url");
  const isCanonical = bytes.toString("base64url") === text;
  if (kind === undefined || !isCanonical || bytes.length < CHECKSUM_BYTES + NONCE_BYTES) {
    return undefined;
  }
  const checked = bytes.subarray(CHECKSUM_BYTES);
  if (getU32(bytes, 0) !== checksumOf(`dv1${letter}:`, checked)) return undefined;
  return {
    kind,
    nonce: copyOf(checked.subarray(0, NONCE_BYTES)),
    body: copyOf(checked.subarray(NONCE_BYTES)),
  };
}

/** Whether a text is a record, of whatever version. */
export function isRecord(content: string): boolean {
  return LATER_VERSION.test(content) || decodeRecord(content) !== undefined;
}

/** The content of a message with data of the vault whose header channel this is. */
export function dataLabel(headerChannelId: string): string {
  const bytes = Buffer.alloc(SNOWFLAKE_SIZE);
  putSnowflake(bytes, 0, headerChannelId);
  return `dv1o:${bytes.toString("base64url")}`;
}

/** A plain array with memory of its own, not a view of a shared Buffer. */
function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

function checksumOf(prefix: string, checked: Uint8Array): number {
  return crc32c(checked, 0, checked.length, crc32c(utf8(prefix)));
}
