import fc from "fast-check";
import t from "tap";
import { utf8 } from "../../../src/core/base/bytes.ts";
import { FormatError } from "../../../src/core/base/errors.ts";
import { PAGE_SIZE } from "../../../src/core/base/limits.ts";
import {
  checkNode,
  compactNode,
  copyNode,
  countOf,
  encodeChild,
  findChild,
  findKey,
  hasRoom,
  insertAt,
  keyAt,
  newNode,
  removeAt,
  replaceInPlace,
  TREE_VALUE_MAX,
  usedBytes,
  valueAt,
} from "../../../src/core/tree/node.ts";

const RUNS = Number(process.env.FC_RUNS ?? 300);

function nodeOf(...names: readonly string[]): Uint8Array {
  const node = newNode(0);
  for (const [i, name] of names.entries()) insertAt(node, i, utf8(name), utf8(`value of ${name}`));
  return node;
}

t.test("records are found, or the place where they belong", async (t) => {
  const node = nodeOf("b", "d", "dd");
  t.equal(findKey(node, utf8("b")), 0);
  t.equal(findKey(node, utf8("dd")), 2);
  t.equal(~findKey(node, utf8("a")), 0);
  t.equal(~findKey(node, utf8("c")), 1);
  t.equal(~findKey(node, utf8("e")), 3);
});

t.test("the first child of an inner node takes every key below the second", async (t) => {
  const node = newNode(1);
  for (const [i, bound] of ["", "d", "dd"].entries()) {
    insertAt(node, i, utf8(bound), encodeChild({ address: i, generation: 1 }));
  }
  checkNode(node, 1);
  t.equal(findChild(node, utf8("a")), 0);
  t.equal(findChild(node, utf8("c")), 0);
  t.equal(findChild(node, utf8("d")), 1);
  t.equal(findChild(node, utf8("z")), 2);
  removeAt(node, 0);
  t.throws(() => checkNode(node, 1), { code: "RECORD_MALFORMED", message: /first child/ });
});

t.test("a stored node is as short as its records and reads the same", async (t) => {
  const node = nodeOf("a", "b", "c");
  removeAt(node, 1);
  const stored = compactNode(node);
  t.equal(stored.length, 12 + usedBytes(node));
  checkNode(stored, 0);
  t.same(keyAt(stored, 1), utf8("c"));
  t.same(valueAt(copyNode(stored), 1), utf8("value of c"));
  t.equal(compactNode(newNode(0)).length, 12);
});

t.test("room freed by removals is used again", async (t) => {
  const node = newNode(0);
  const value = new Uint8Array(TREE_VALUE_MAX);
  let count = 0;
  while (hasRoom(node, 2, value.length)) insertAt(node, count, Uint8Array.of(0, count++), value);
  t.equal(count, 7);
  removeAt(node, 0);
  insertAt(node, countOf(node), Uint8Array.of(1, 0), value);
  checkNode(node, 0);
  t.equal(countOf(node), 7);
  t.equal(replaceInPlace(node, 0, new Uint8Array(1)), false);
});

t.test("bytes that are no node are refused, and those that pass can be searched", async (t) => {
  const template = compactNode(nodeOf("a", "bb", "ccc", "dddd"));
  const spoilt = fc
    .array(fc.tuple(fc.nat(template.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 })
    .map((changes) => {
      const bytes = template.slice();
      for (const [at, value] of changes) bytes[at] = value;
      return bytes;
    });
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 200 }), spoilt);
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(bytes, fc.uint8Array({ maxLength: 10 }), (node, key) => {
        try {
          checkNode(node, 0);
        } catch (error) {
          return error instanceof FormatError;
        }
        findKey(node, key);
        for (let i = 0; i < countOf(node); i++) valueAt(node, i);
        return usedBytes(node) <= PAGE_SIZE;
      }),
      { numRuns: RUNS },
    ),
  );
  t.throws(() => checkNode(template, 1), { code: "RECORD_MALFORMED" });
  t.throws(() => checkNode(template.subarray(0, template.length - 1), 0), FormatError);
});
