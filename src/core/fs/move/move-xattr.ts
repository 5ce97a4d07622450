/**
 * Moves the page that holds the value of an extended attribute.
 *
 * @module
 */
import { getU32 } from "../../base/bytes.ts";
import type { PagePointer } from "../../format/address.ts";
import { encodeKey, KeyKind } from "../../tree/key.ts";
import { putXattrPage, XATTR_BLOCK, xattrPage } from "../xattr-record.ts";
import type { IsWanted, Move } from "./move.ts";

/** Where the length of the value stands in a record that points to a page. */
const LENGTH_AT = 13;

/** @returns pages moved: 1 or 0 */
export function moveXattr(
  move: Move,
  { ino, name }: { readonly ino: number; readonly name: Uint8Array },
  isWanted: IsWanted,
): number {
  const { transaction, copies } = move;
  const record = transaction.get(encodeKey(ino, KeyKind.xattr, name));
  const pointer = record === undefined ? undefined : xattrPage(record);
  if (record === undefined || pointer === undefined || !isWanted(pointer)) return 0;
  const length = getU32(record, LENGTH_AT);
  const payload = transaction.page("data", pointer);
  const owner = { ino, block: XATTR_BLOCK };
  const copy = { pageClass: "data", owner, payload } as const;
  const [copied] = copies.of([{ name: `page ${pointer.address}`, copy: () => copy }]);
  const { address, generation } = copied as PagePointer;
  putXattrPage(transaction, ino, name, { address, generation, length });
  return 1;
}
