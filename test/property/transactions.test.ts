import fc from "fast-check";
import t from "tap";
import { compareBytes } from "../../src/core/base/bytes.ts";
import { PAGE_SIZE } from "../../src/core/base/limits.ts";
import type { PagePointer } from "../../src/core/format/address.ts";
import { MemoryStore } from "../../src/core/pages/memory-store.ts";
import { encodeKey, KeyKind } from "../../src/core/tree/key.ts";
import { TREE_VALUE_MAX } from "../../src/core/tree/node.ts";
import { Tree } from "../../src/core/tree/tree.ts";
import type { Transaction } from "../../src/core/vault/transaction.ts";
import type { Vault } from "../../src/core/vault/vault.ts";
import { createTestVault } from "../support/test-vault.ts";

const RUNS = Number(process.env.FC_RUNS ?? 10);

/** More than the smallest cache holds, so that using them pushes nodes of the tree out. */
const PAGES = 90;

/** What a transaction does; `pages` are used before the call that comes next. */
type Call =
  | { readonly do: "get" | "delete"; readonly name: number }
  | { readonly do: "put"; readonly name: number; readonly size: number }
  | { readonly do: "pages"; readonly count: number };

const name = fc.integer({ min: 0, max: 80 });
const call: fc.Arbitrary<Call> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom("get", "delete"), name }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("put" as const),
      name,
      size: fc.integer({ min: 0, max: TREE_VALUE_MAX }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("pages" as const),
      count: fc.integer({ min: 1, max: PAGES }),
    }),
  },
);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.array(call, { maxLength: 24 }) },
  { weight: 1, arbitrary: fc.constant("commit" as const) },
);

function keyOf(number: number): Uint8Array {
  return encodeKey(1 + (number % 7), KeyKind.dentry, Uint8Array.of(number));
}

/** The size of what is found, and whether it is what was put. */
function sizeIn(value: Uint8Array | undefined, number: number): number | undefined {
  if (value?.some((byte) => byte !== number) === true)
    throw new Error(`${number} has another value`);
  return value?.length;
}

function perform(
  transaction: Transaction,
  calls: readonly Call[],
  model: Map<number, number>,
  pages: readonly PagePointer[],
): void {
  for (const call of calls) {
    if (call.do === "pages") {
      for (const page of pages.slice(0, call.count)) transaction.page("data", page);
      continue;
    }
    const { name } = call;
    const size = sizeIn(transaction.get(keyOf(name)), name);
    if (size !== model.get(name)) throw new Error(`${name} has ${size} bytes`);
    if (call.do === "put") {
      transaction.put(keyOf(name), new Uint8Array(call.size).fill(name));
      model.set(name, call.size);
    } else if (call.do === "delete") {
      transaction.delete(keyOf(name));
      model.delete(name);
    }
  }
}

async function vaultWithPages(): Promise<{ vault: Vault; pages: readonly PagePointer[] }> {
  const vault = await createTestVault(new MemoryStore(), 1);
  const owner = { ino: 1, block: 0 };
  const payload = new Uint8Array(PAGE_SIZE);
  const pages = Array.from({ length: PAGES }, () => {
    const [page] = vault.addPages([{ pageClass: "data", owner, payload }]);
    return page as PagePointer;
  });
  await vault.commit();
  return { vault, pages };
}

t.test(
  "transactions read and change what a map holds, wherever records move meanwhile",
  async (t) => {
    await t.resolves(
      fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 16 }), async (steps) => {
          const { vault, pages } = await vaultWithPages();
          let model = new Map<number, number>();
          for (const step of steps) {
            if (step === "commit") {
              await vault.commit();
              continue;
            }
            model = await vault.transact((transaction) => {
              const changed = new Map(model);
              perform(transaction, step, changed, pages);
              return changed;
            });
          }
          const found = await vault.transact((transaction) => {
            const keys: Uint8Array[] = [];
            transaction.scan(
              encodeKey(0, KeyKind.attributes),
              encodeKey(99, KeyKind.attributes),
              (key) => {
                keys.push(key.slice());
                return true;
              },
            );
            return keys;
          });
          const expected = [...model.keys()].map(keyOf).sort(compareBytes);
          if (found.join(";") !== expected.join(";")) throw new Error("other records are there");
          await vault.close();
        }),
        { numRuns: RUNS },
      ),
    );
  },
);

t.test("a record that is read and changed is looked for once", async (t) => {
  const vault = await createTestVault(new MemoryStore());
  const names = [1, 2, 3];
  const change = (): void | Promise<void> =>
    vault.transact((transaction) => {
      for (const name of names) {
        const before = transaction.get(keyOf(name));
        transaction.put(keyOf(name), Uint8Array.of((before?.[0] ?? 0) + 1));
      }
    });
  await change();
  const searches = t.capture(Tree.prototype, "find", Tree.prototype.find);
  await change();
  t.equal(searches().length, names.length);
  const sum = await vault.transact((transaction) =>
    names.reduce((sum, name) => sum + (transaction.get(keyOf(name))?.[0] ?? 0), 0),
  );
  t.equal(sum, 6);
  await vault.close();
});
