/**
 * Short texts in records: length `u8`, then so many ASCII characters.
 *
 * @module
 */
import type { RecordReader } from "../../../core/format/record-reader.ts";
import type { RecordWriter } from "../../../core/format/record-writer.ts";

const SHORT_MAX = 255;

/** @param text - ASCII, at most 255 characters */
export function writeText(writer: RecordWriter, text: string): void {
  if (text.length > SHORT_MAX) throw new Error(`a text of ${text.length} characters in a record`);
  writer.u8(text.length);
  writer.bytes(Uint8Array.from(text, (character) => character.charCodeAt(0)));
}

/** @throws FormatError RECORD_MALFORMED when a byte is no printable ASCII */
export function readText(reader: RecordReader): string {
  const bytes = reader.bytes(reader.u8());
  if (bytes.some((byte) => byte < 0x20 || byte > 0x7e)) throw reader.malformed("text that is none");
  return String.fromCharCode(...bytes);
}
