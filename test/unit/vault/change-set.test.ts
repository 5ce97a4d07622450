import t from "tap";
import { ChangeSet } from "../../../src/core/vault/change-set.ts";

t.test("the last change of each key is kept, in the order in which they came", async (t) => {
  const set = new ChangeSet();
  const expected = new Map<string, number>();
  let state = 7;
  for (let n = 0; n < 500; n++) {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    const key = Uint8Array.of(state % 5, state % 23).subarray(0, 1 + (state % 2));
    t.equal(set.get(key)?.value?.[0], expected.get(`${key}`));
    set.set({ key, value: Uint8Array.of(n) });
    expected.set(`${key}`, n % 256);
  }
  t.strictSame(new Map(set.all.map(({ key, value }) => [`${key}`, value?.[0]])), expected);
  const keys = set.all.map(({ key }) => `${key}`);
  t.strictSame(keys, [...expected.keys()]);
  const before = set.all;
  set.clear();
  t.equal(set.all.length, 0);
  t.equal(before.length, expected.size, "what was borrowed stays");
});
