/**
 * The key directory is the one page without which nothing opens, so there are two of it.
 *
 * @module
 */
import type { PagePointer } from "../format/address.ts";
import type { KeyDirectories } from "../format/header.ts";
import type { PageCache } from "../pages/page-cache.ts";

/** Adds a key directory and its spare to the open generation. @param payload - held */
export function addKeyDirectories(pages: PageCache, payload: Uint8Array): Required<KeyDirectories> {
  const page = { pageClass: "key-directory", owner: { ino: 0, block: 0 } } as const;
  const [first, second] = pages.add([
    { ...page, payload },
    { ...page, payload: payload.slice() },
  ]);
  if (first === undefined || second === undefined) throw new Error("no key directory was made");
  return { keyDirectory: pointerTo(first), spareDirectory: pointerTo(second) };
}

function pointerTo({ address, generation }: PagePointer): PagePointer {
  return { address, generation };
}

/** These two and nothing else, of a header or by themselves. */
export function directoriesOf({ keyDirectory, spareDirectory }: KeyDirectories): KeyDirectories {
  return { keyDirectory, ...(spareDirectory && { spareDirectory }) };
}
