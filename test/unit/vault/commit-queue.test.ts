import t from "tap";
import { MemoryStore } from "../../../src/core/pages/memory-store.ts";
import { encodeKey, KeyKind } from "../../../src/core/tree/key.ts";
import { AutoCommit } from "../../../src/core/vault/auto-commit.ts";
import { CommitQueue } from "../../../src/core/vault/commit-queue.ts";
import { createTestVault } from "../../support/test-vault.ts";

/** A queue whose commits end when told to. */
function controlled(): { queue: CommitQueue; ends: ((error?: Error) => void)[] } {
  const ends: ((error?: Error) => void)[] = [];
  const queue = new CommitQueue((settle) => {
    settle();
    return new Promise((resolve, reject) => {
      ends.push((error) => (error === undefined ? resolve() : reject(error)));
    });
  });
  return { queue, ends };
}

t.test("who comes while a commit runs shares the next one", async (t) => {
  const { queue, ends } = controlled();
  queue.markDirty();
  const first = queue.commit();
  t.equal(queue.commit(), first, "nothing new: the running one is enough");
  queue.markDirty();
  const second = queue.commit();
  t.equal(queue.commit(), second);
  t.equal(ends.length, 1, "one at a time");
  ends[0]?.();
  await first;
  await new Promise(setImmediate);
  t.equal(ends.length, 2);
  ends[1]?.();
  await second;
  await queue.commit();
  t.equal(ends.length, 2, "nothing changed, nothing is committed");
});

t.test("a commit that takes no waiting ends in the call", (t) => {
  let failure: Error | undefined = new Error("full");
  const queue = new CommitQueue((settle) => {
    settle();
    if (failure !== undefined) throw failure;
  });
  t.equal(queue.commit(), undefined, "nothing to do");
  queue.markDirty();
  t.throws(() => queue.commit(), { message: "full" });
  t.equal(queue.isDirty, true);
  failure = undefined;
  t.equal(queue.commit(), undefined);
  t.equal(queue.isIdle, true);
  t.end();
});

t.test("after a failure the change still waits, and the next caller tries again", async (t) => {
  const { queue, ends } = controlled();
  t.equal(queue.markDirty(), true);
  const first = queue.commit();
  ends[0]?.(new Error("full"));
  await t.rejects(async () => first, { message: "full" });
  t.equal(queue.isDirty, true);
  const second = queue.commit();
  ends[1]?.();
  await second;
  t.equal(queue.isDirty, false);
});

t.test("a change is committed by itself, once, and a failure is tried again", async (t) => {
  const vault = await createTestVault(new MemoryStore());
  const due: (() => void)[] = [];
  const failures: unknown[] = [];
  let commits = 0;
  const auto = new AutoCommit({
    vault,
    timer: (_, body) => {
      due.push(body);
      return () => due.splice(0);
    },
    onFailure: (error) => failures.push(error),
    onCommit: () => {
      commits += 1;
    },
  });
  const { generation } = vault;
  const change = (): unknown =>
    vault.transact((transaction) =>
      transaction.put(encodeKey(1, KeyKind.attributes), new Uint8Array(1)),
    );
  await change();
  await change();
  t.equal(due.length, 1);
  due.pop()?.();
  await vault.commit();
  t.equal(vault.generation, generation + 1);
  t.equal(due.length, 0, "an idle vault waits for nothing");
  await new Promise(setImmediate);
  t.equal(commits, 1);
  const { settle } = vault;
  vault.settle = () => Promise.reject(new Error("full"));
  await change();
  due.pop()?.();
  await new Promise(setImmediate);
  t.equal(failures.length, 1);
  t.equal(commits, 1);
  t.equal(due.length, 1);
  vault.settle = settle;
  auto.stop();
  await change();
  t.equal(due.length, 0);
});
