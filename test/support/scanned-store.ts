/**
 * A vault in memory whose pages can be found by a scan, and destroyed.
 *
 * @module
 */
import { decodePageHeader, type PageHeader } from "../../src/core/format/page-header.ts";
import { type MemoryContents, MemoryStore } from "../../src/core/pages/memory-store.ts";
import type { PageScan } from "../../src/core/pages/page-scan.ts";

export class ScannedStore extends MemoryStore implements PageScan {
  async *scan(): AsyncGenerator<PageHeader> {
    for (const [address, bytes] of this.contents.pages) {
      const header = decodePageHeader(bytes);
      if (typeof header !== "string" && header.address === address) yield header;
    }
  }
}

/** The same headers and pages, to be damaged without harm to the others. */
export function copyContents({ headers, pages }: MemoryContents): MemoryContents {
  return { headers: [...headers], pages: new Map(pages) };
}

/** What may become of a page. */
export type Damage = "gone" | "garbled";

/** Destroys a page: takes it away, or changes its last byte. */
export function destroyPage({ pages }: MemoryContents, address: number, damage: Damage): void {
  const bytes = pages.get(address)?.slice();
  if (bytes === undefined) throw new Error(`there is no page ${address}`);
  bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1;
  if (damage === "gone") pages.delete(address);
  else pages.set(address, bytes);
}
