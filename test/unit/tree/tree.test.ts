import t from "tap";
import { Tree } from "../../../src/core/tree/tree.ts";
import { newTestPages } from "../../support/test-pages.ts";

const RECORDS = 6000;

/** Keys so long that inner nodes hold some 240 children, and that differ in octal digits at their end. */
function keyOf(number: number): Uint8Array {
  const key = new Uint8Array(256);
  for (let i = 0; i < 5; i++) key[255 - i] = Math.floor(number / 8 ** i) % 8;
  return key;
}

t.test("no record is out of reach after inner nodes were split", async (t) => {
  for (const stride of [1, 7919, 4001]) {
    const { pages } = await newTestPages();
    const tree = new Tree(pages, { pointer: undefined, height: 0 });
    const value = new Uint8Array(7900);
    for (let i = 0; i < RECORDS; i++) tree.put(keyOf((i * stride) % RECORDS), value);
    t.equal(tree.root.height, 3);
    let reached = 0;
    for (let i = 0; i < RECORDS; i++) if (tree.get(keyOf(i)) !== undefined) reached++;
    t.equal(reached, RECORDS, `stride ${stride}`);
    for (let i = 0; i < RECORDS; i++) tree.delete(keyOf((i * 11) % RECORDS));
    t.same(tree.root, { pointer: undefined, height: 0 });
  }
});
