/**
 * The key directory: the vault's key slots, the payload of one `key-directory` page (FORMAT.md §4.1). It is
 * clear-text, since it is read before any key exists, and protected by the page's checksum alone; each slot guards
 * what it wraps.
 *
 *     offset  size  field
 *          0     2  record version, 1
 *          2    16  vault id: with it, a vault that lost both headers can still be unlocked
 *         18     2  number of slots
 *         20        slots, each:
 *                     1  kind: 1 password, 2 recipient, 3 recovery code, 4 older vault key
 *                     8  id
 *                    12  time it was made
 *                     1  length of the label, then the label (UTF-8)
 *                     2  length of the body, then the body
 *
 *     password body:   Argon2id memory u32 KiB | passes u16 | lanes u16 | salt 16 | nonce 12 | ciphertext 32 | tag 16
 *     recipient body:  length of the recipient u16 | recipient (ASCII) | age file
 *     recovery body:   as of a recipient
 *     older key body:  last epoch u16 | last generation u48 | done at u48 | nonce 12 | ciphertext 32 | tag 16
 *
 * Slots of an unknown kind are kept and written back.
 *
 * @module
 */
import { toText, utf8 } from "../base/bytes.ts";
import { FormatError } from "../base/errors.ts";
import { PAGE_SIZE } from "../base/limits.ts";
import {
  formatSlotId,
  type KeySlot,
  LABEL_MAX,
  parseSlotId,
  SALT_SIZE,
  SLOT_ID_SIZE,
  type SlotDescription,
  WRAPPED_KEY_SIZE,
} from "../crypto/key-slot.ts";
import type { WrappedOlderKey } from "../crypto/older-key.ts";
import { VAULT_ID_SIZE } from "./header.ts";
import { RecordReader } from "./record-reader.ts";
import { RecordWriter } from "./record-writer.ts";

const RECORD_VERSION = 1;
const KIND_PASSWORD = 1;
const KIND_RECIPIENT = 2;
const KIND_RECOVERY = 3;
const KIND_OLDER = 4;

/** What a key directory says. */
export interface KeyDirectory {
  readonly vaultId: Uint8Array;
  readonly slots: readonly KeySlot[];
  /** Vault keys that are still needed beside the one that the slots wrap, the oldest first. */
  readonly older: readonly WrappedOlderKey[];
}

/** An entry of the directory. */
type Entry = Pick<SlotDescription, "id" | "created" | "label"> & {
  readonly code: number;
  readonly body: Uint8Array;
};

/**
 * Makes the payload of a `key-directory` page.
 * @throws FormatError RECORD_MALFORMED when there are more slots than fit the page
 */
export function encodeKeyDirectory({ vaultId, slots, older }: KeyDirectory): Uint8Array {
  const out = new RecordWriter();
  const entries = [...slots.map(entryOfSlot), ...older.map(entryOfOlder)];
  out.u16(RECORD_VERSION);
  out.bytes(vaultId);
  out.u16(entries.length);
  for (const { code, id, created, label: text, body } of entries) {
    // A label that was no UTF-8 is longer as text.
    const label = utf8(text).subarray(0, LABEL_MAX);
    out.u8(code);
    out.bytes(parseSlotId(id));
    out.time(created);
    out.u8(label.length);
    out.bytes(label);
    out.u16(body.length);
    out.bytes(body);
  }
  const record = out.finish();
  if (record.length > PAGE_SIZE) {
    throw new FormatError(
      "RECORD_MALFORMED",
      `${entries.length} key slots do not fit the key directory's page`,
    );
  }
  return record;
}

/**
 * Reads the payload of a `key-directory` page.
 * @throws FormatError RECORD_MALFORMED, VERSION_UNKNOWN
 */
export function decodeKeyDirectory(payload: Uint8Array): KeyDirectory {
  const reader = new RecordReader("key directory", payload);
  const version = reader.u16();
  if (version !== RECORD_VERSION) {
    throw new FormatError(
      "VERSION_UNKNOWN",
      `the key directory has version ${version}, this program knows ${RECORD_VERSION}: use a newer dvault`,
    );
  }
  const vaultId = reader.bytes(VAULT_ID_SIZE);
  const count = reader.u16();
  const slots: KeySlot[] = [];
  const older: WrappedOlderKey[] = [];
  for (let i = 0; i < count; i++) {
    const code = reader.u8();
    if (code === KIND_OLDER) older.push(decodeOlder(reader));
    else slots.push(decodeSlot(code, reader));
  }
  reader.end();
  return { vaultId, slots, older };
}

function decodeOlder(reader: RecordReader): WrappedOlderKey {
  const id = formatSlotId(reader.bytes(SLOT_ID_SIZE));
  const created = reader.time();
  reader.bytes(reader.u8());
  const body = reader.part("older key", reader.u16());
  const terms = { lastEpoch: body.u16(), lastGeneration: body.u48(), doneAt: body.u48() };
  const wrapped = body.bytes(WRAPPED_KEY_SIZE);
  body.end();
  return { id, created, ...terms, wrapped };
}

function decodeSlot(code: number, reader: RecordReader): KeySlot {
  const description: SlotDescription = {
    id: formatSlotId(reader.bytes(SLOT_ID_SIZE)),
    created: reader.time(),
    label: toText(reader.bytes(reader.u8())),
  };
  const body = reader.part("key slot", reader.u16());
  if (code === KIND_PASSWORD) return decodePassword(description, body);
  if (code === KIND_RECIPIENT) return decodeRecipient({ ...description, kind: "recipient" }, body);
  if (code === KIND_RECOVERY) return decodeRecipient({ ...description, kind: "recovery" }, body);
  return { ...description, kind: "unknown", code, body: body.bytes(body.remaining) };
}

function decodePassword(description: SlotDescription, body: RecordReader): KeySlot {
  const argon2 = { memoryKib: body.u32(), passes: body.u16(), lanes: body.u16() };
  const salt = body.bytes(SALT_SIZE);
  const wrapped = body.bytes(WRAPPED_KEY_SIZE);
  body.end();
  return { ...description, kind: "password", argon2, salt, wrapped };
}

function decodeRecipient(
  slot: SlotDescription & { readonly kind: "recipient" | "recovery" },
  body: RecordReader,
): KeySlot {
  const recipient = toText(body.bytes(body.u16()));
  return { ...slot, recipient, wrapped: body.bytes(body.remaining) };
}

function entryOfSlot(slot: KeySlot): Entry {
  const { id, created, label } = slot;
  return { code: kindCode(slot), id, created, label, body: encodeBody(slot) };
}

function entryOfOlder({ id, created, wrapped, ...terms }: WrappedOlderKey): Entry {
  const out = new RecordWriter();
  out.u16(terms.lastEpoch);
  out.u48(terms.lastGeneration);
  out.u48(terms.doneAt);
  out.bytes(wrapped);
  return { code: KIND_OLDER, id, created, label: "", body: out.finish() };
}

function encodeBody(slot: KeySlot): Uint8Array {
  if (slot.kind === "unknown") return slot.body;
  const out = new RecordWriter();
  if (slot.kind === "password") {
    out.u32(slot.argon2.memoryKib);
    out.u16(slot.argon2.passes);
    out.u16(slot.argon2.lanes);
    out.bytes(slot.salt);
  } else {
    const recipient = utf8(slot.recipient);
    out.u16(recipient.length);
    out.bytes(recipient);
  }
  out.bytes(slot.wrapped);
  return out.finish();
}

function kindCode(slot: KeySlot): number {
  switch (slot.kind) {
    case "password":
      return KIND_PASSWORD;
    case "recipient":
      return KIND_RECIPIENT;
    case "recovery":
      return KIND_RECOVERY;
    case "unknown":
      return slot.code;
  }
}
