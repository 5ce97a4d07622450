/**
 * A vault on a segment store whose content is one number: the round it was written in.
 *
 * @module
 */
import { utf8 } from "../../src/core/base/bytes.ts";
import type { Vault } from "../../src/core/vault/vault.ts";
import type { SegmentStoreOptions } from "../../src/stores/segments/segment-options.ts";
import type { SegmentStore } from "../../src/stores/segments/segment-store.ts";
import type { SegmentPlace } from "./segment-place.ts";
import { createTestVault, openTestVault } from "./test-vault.ts";

/** Records written each round, each with the round's number: more than one page of them. */
const RECORDS = 40;
const VALUE_BYTES = 3000;

/** See the head of this file. */
export interface RoundVault {
  readonly vault: Vault;
  readonly store: SegmentStore;
}

export async function createRounds(
  place: SegmentPlace,
  machine: string,
  options: Partial<SegmentStoreOptions> = {},
): Promise<RoundVault> {
  const store = await place.open(machine, options, "create");
  const vault = await createTestVault(store);
  await writeRound(vault, 0);
  return { vault, store };
}

export async function openRounds(
  place: SegmentPlace,
  machine: string,
  options: Partial<SegmentStoreOptions> = {},
): Promise<RoundVault> {
  const store = await place.open(machine, options);
  return { store, vault: await openTestVault(store) };
}

function key(n: number): Uint8Array {
  return utf8(`record ${n}`);
}

/** Writes a round and commits it. */
export async function writeRound(vault: Vault, round: number): Promise<void> {
  const content = new Uint8Array(VALUE_BYTES).fill(round & 0xff);
  const [page] = vault.addPages([
    { pageClass: "data", owner: { ino: 1, block: round }, payload: content },
  ]);
  await vault.transact((transaction) => {
    for (let n = 0; n < RECORDS; n++) {
      // Not all records change each round, so tree pages of several rounds live side by side.
      if (n % 3 === round % 3 || n === 0) transaction.put(key(n), utf8(`${round}`.repeat(200)));
    }
    if (page === undefined) throw new Error("no page was made");
    transaction.put(utf8("page"), utf8(JSON.stringify(page)));
  });
  await vault.commit();
}

/**
 * The round a vault is in.
 * @throws Error when it is in none: part of it is of another
 */
export async function readRound(vault: Vault): Promise<number> {
  const values = await vault.transact((transaction) =>
    Array.from({ length: RECORDS }, (_, n) => {
      const value = transaction.get(key(n));
      return value === undefined ? "" : new TextDecoder().decode(value);
    }),
  );
  const round = Number((values[0] ?? "").slice(0, (values[0] ?? "").length / 200));
  for (let n = 1; n < RECORDS; n++) {
    let expected = round;
    while (expected > 0 && n % 3 !== expected % 3) expected -= 1;
    const isThere = n % 3 === expected % 3;
    if (values[n] !== (isThere ? `${expected}`.repeat(200) : "")) {
      throw new Error(`record ${n} is not of round ${round}`);
    }
  }
  const first = await vault.transact((transaction) => {
    const pointer = JSON.parse(
      new TextDecoder().decode(transaction.get(utf8("page")) ?? utf8("null")),
    );
    return transaction.page("data", pointer)[0];
  });
  if (first !== (round & 0xff)) throw new Error(`the page is not of round ${round}`);
  return round;
}
