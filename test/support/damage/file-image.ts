/**
 * Images of vault files.
 *
 * @module
 */
import { readFileSync, writeFileSync } from "node:fs";
import { HEADER_SIZE } from "../../../src/core/format/header.ts";
import { decodePageHeader } from "../../../src/core/format/page-header.ts";
import { storedLength } from "../../../src/core/format/page-size.ts";
import { FileStore } from "../../../src/stores/file/file-store.ts";
import {
  HEADER_SLOT_SIZE,
  HEADER_SLOTS,
  PAGE_STRIDE,
  pageOffset,
  pagesWithin,
} from "../../../src/stores/file/layout.ts";
import type { Image, PageSpan, VaultImage } from "./image.ts";

const PART = "vault";

/**
 * Takes the image of a vault file.
 * @param other - the file that images are opened in
 */
export function fileImage(path: string, other: string): VaultImage {
  const image = new Map([[PART, new Uint8Array(readFileSync(path))]]);
  const open = async (next: Image): Promise<FileStore> => {
    writeFileSync(other, next.get(PART) ?? new Uint8Array(0));
    return FileStore.open(other, { readOnly: true });
  };
  const structure = Array.from({ length: HEADER_SLOTS }, (_, slot) => {
    const start = slot * HEADER_SLOT_SIZE;
    return { part: PART, start, end: start + HEADER_SIZE };
  });
  const pages = pagesOf(image);
  const isNamed = (): boolean => true;
  return {
    name: "file",
    image,
    structure,
    pages,
    isNamed,
    deletedWith: () => [],
    open,
    search: open,
  };
}

function pagesOf(image: Image): readonly PageSpan[] {
  const bytes = image.get(PART) ?? new Uint8Array(0);
  return Array.from({ length: pagesWithin(bytes.length) }, (_, number) => {
    const start = pageOffset(number);
    const header = decodePageHeader(bytes.subarray(start, start + PAGE_STRIDE));
    if (typeof header === "string") return [];
    const { address, generation } = header;
    return [{ part: PART, start, end: start + storedLength(header), address, generation }];
  }).flat();
}
