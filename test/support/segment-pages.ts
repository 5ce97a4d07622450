/**
 * Pages that tell their address, on a segment store without a vault.
 *
 * @module
 */
import type { Test } from "tap";
import type { SegmentStore } from "../../src/stores/segments/segment-store.ts";

/** Bytes that tell which page they are. */
export function pageOf(address: number, length = 1000): Uint8Array {
  const bytes = new Uint8Array(length).fill((address * 31 + 7) & 0xff);
  bytes[0] = address & 0xff;
  bytes[length - 1] = (address >>> 8) & 0xff;
  return bytes;
}

/** A header of no vault. */
export function headerOf(n: number): Uint8Array {
  return new Uint8Array(156).fill(n, 40);
}

/** Writes pages as one local commit. @returns their addresses */
export async function commitPages(
  store: SegmentStore,
  count: number,
  length = 1000,
): Promise<number[]> {
  const addresses: number[] = [];
  store.allocate(count, 1, addresses);
  // In batches, as a page cache writes.
  for (let at = 0; at < count; at += 16) {
    const batch = addresses.slice(at, at + 16);
    await store.write(batch.map((address) => ({ address, bytes: pageOf(address, length) })));
  }
  await store.publish(headerOf(1), 0);
  return addresses;
}

/** Checks that pages are as {@link commitPages} wrote them. */
export async function expectPages(
  t: Test,
  store: SegmentStore,
  addresses: readonly number[],
  length = 1000,
): Promise<void> {
  const pages = await store.read(addresses);
  const wrong = addresses.filter((address, i) => {
    const page = pages[i];
    const isRight = page instanceof Uint8Array && Buffer.from(page).equals(pageOf(address, length));
    return !isRight;
  });
  t.same(wrong, [], `${addresses.length} pages are as they were written`);
}
