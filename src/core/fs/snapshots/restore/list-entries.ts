/**
 * The entries of a directory in the order of their names, a batch a transaction.
 *
 * @module
 */
import { encodeKey, KEY_PREFIX, KeyKind, keyAfterKind } from "../../../tree/key.ts";
import type { TransactionalVault } from "../../../vault/transaction.ts";
import { type Dentry, decodeDentry } from "../../dentry.ts";

/** A name and where it leads. */
export interface NamedEntry extends Dentry {
  readonly name: Uint8Array;
}

const BATCH = 256;

/** All entries; those that come or go meanwhile may be there or not. @throws PageError, FormatError */
export async function* listEntries(
  vault: TransactionalVault,
  directory: number,
): AsyncGenerator<NamedEntry, undefined> {
  let from = encodeKey(directory, KeyKind.dentry);
  const to = keyAfterKind(directory, KeyKind.dentry);
  for (;;) {
    const batch = await vault.transact((transaction) => {
      const found: NamedEntry[] = [];
      transaction.scan(from, to, (key, value) => {
        found.push({ name: key.slice(KEY_PREFIX), ...decodeDentry(value) });
        return found.length < BATCH;
      });
      return found;
    });
    yield* batch;
    const last = batch.at(-1);
    if (last === undefined || batch.length < BATCH) return undefined;
    // The smallest key above a name is the name with a zero byte.
    const next = new Uint8Array(last.name.length + 1);
    next.set(last.name);
    from = encodeKey(directory, KeyKind.dentry, next);
  }
}
