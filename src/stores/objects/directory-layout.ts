/**
 * Names in the folder of a directory store.
 *
 *     dvault-objects                            says what the folder is
 *     objects/<2 hex>/<30 hex>                  an object
 *     records/<sequence, 12 digits>-<32 hex>    a record; the digits behind are its nonce
 *     records/<sequence>-<nonce>.<n>            its n-th attachment
 *     temporary/                                what is not whole yet
 *     lock                                      held by whoever appends a record
 *
 * Names that do not look like this are left alone: whatever synchronises the folder may add its own.
 *
 * @module
 */
import type { ObjectId } from "./object-store.ts";

export const MARKER = "dvault-objects";
export const OBJECTS = "objects";
export const RECORDS = "records";
export const TEMPORARY = "temporary";
export const LOCK = "lock";

const SEQUENCE_DIGITS = 12;
const OBJECT = /^objects\/[0-9a-f]{2}\/[0-9a-f]{30}$/;
const OBJECT_FOLDER = /^[0-9a-f]{2}$/;
const RECORD = /^\d{12}-[0-9a-f]{32}$/;
const ATTACHMENT = /^(\d{12}-[0-9a-f]{32})\.\d+$/;

/** Digits of random bytes. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The id of an object named by 16 random bytes. */
export function objectIdOf(name: Uint8Array): ObjectId {
  const hex = toHex(name);
  return `${OBJECTS}/${hex.slice(0, 2)}/${hex.slice(2)}` as ObjectId;
}

export function recordName(sequence: number, nonce: Uint8Array): string {
  return `${String(sequence).padStart(SEQUENCE_DIGITS, "0")}-${toHex(nonce)}`;
}

/** The id of a record's n-th attachment, which is its path too. */
export function attachmentId(record: string, n: number): ObjectId {
  return `${RECORDS}/${record}.${n}` as ObjectId;
}

/** Number of a record in the log, from its name. */
export function sequenceOf(record: string): number {
  return Number(record.slice(0, SEQUENCE_DIGITS));
}

/** Whether a name in the folder of records is one. */
export function isRecordName(name: string): boolean {
  return RECORD.test(name);
}

/** Whether a name in the folder of objects is one of its sub-folders. */
export function isObjectFolder(name: string): boolean {
  return OBJECT_FOLDER.test(name);
}

/** The record whose attachment has this name, if the name is one of an attachment. */
export function recordOfAttachment(name: string): string | undefined {
  return ATTACHMENT.exec(name)?.[1];
}

/** Whether an id names a file of this store, and nothing outside of it. */
export function isObjectId(id: string): boolean {
  if (OBJECT.test(id)) return true;
  return (
    id.startsWith(`${RECORDS}/`) && recordOfAttachment(id.slice(RECORDS.length + 1)) !== undefined
  );
}
