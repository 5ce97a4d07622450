/**
 * Copies of the pages that an opening of the vault needs, in the attachment of a commit, so that they come with the
 * catalog wherever the pages themselves stand (FORMAT.md §8.4).
 *
 *     each: address 6, length of the page 3, frame (§8.2)
 *
 * They are no part of the catalog: whoever reads them knows the pages already, whoever does not fetches them.
 *
 * @module
 */
import { RecordReader } from "../../../core/format/record-reader.ts";
import { RecordWriter } from "../../../core/format/record-writer.ts";
import type { StoredPage } from "../../../core/pages/page-store.ts";
import { frameSize } from "./extent.ts";
import { packObject, pageOfFrame } from "./frame.ts";

const HEAD_SIZE = 9;

/** The bytes of copies of pages, in their order. */
export function encodeOpeningPages(pages: readonly StoredPage[]): Uint8Array {
  const writer = new RecordWriter();
  for (const page of pages) {
    const { length } = page.bytes;
    writer.u48(page.address);
    writer.u8(length >>> 16);
    writer.u16(length & 0xffff);
    writer.bytes(packObject([page]).bytes);
  }
  return writer.finish();
}

/** Reads copies until one is damaged. @returns pages, borrowed from `bytes` */
export function decodeOpeningPages(bytes: Uint8Array): StoredPage[] {
  const pages: StoredPage[] = [];
  for (let at = 0; at + HEAD_SIZE <= bytes.length; ) {
    const reader = new RecordReader("opening page", bytes.subarray(at, at + HEAD_SIZE));
    const address = reader.u48();
    const size = frameSize(reader.u8() * 2 ** 16 + reader.u16());
    at += HEAD_SIZE;
    const page = pageOfFrame(bytes.subarray(at, at + size), address);
    if (page === undefined || at + size > bytes.length) return pages;
    pages.push({ address, bytes: page });
    at += size;
  }
  return pages;
}
