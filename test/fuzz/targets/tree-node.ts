/** Target: nodes of the TOC, looked through and edited as the tree does (FORMAT.md §6.2). */
import { PAGE_SIZE } from "../../../src/core/base/limits.ts";
import {
  checkNode,
  childAt,
  compactNode,
  copyNode,
  countOf,
  encodeChild,
  findKey,
  hasRoom,
  insertAt,
  keyAt,
  middleOf,
  newNode,
  removeAt,
  splitInto,
  valueAt,
} from "../../../src/core/tree/node.ts";
import type { FuzzTarget } from "../engine/target.ts";
import { accepted, expect, expectSame } from "../expect.ts";
import { Input } from "../input.ts";

/** Input: the level expected, then the node. */
export const treeNodeTarget: FuzzTarget = {
  name: "tree-node",
  files: ["src/core/tree/node.ts"],
  seeds: () => [seed(0), seed(1)],
  maxLength: 512,
  bytesPerByte: 2048,
  run(bytes) {
    const input = new Input(bytes);
    const level = input.u8();
    const node = input.rest();
    if (accepted(["RECORD_MALFORMED"], () => checkNode(node, level) ?? true)) edit(node, level);
  },
};

function seed(level: number): Uint8Array {
  const node = newNode(level);
  for (let n = 0; n < 4; n++) {
    const key = n === 0 && level > 0 ? new Uint8Array(0) : Uint8Array.of(n, 1);
    insertAt(node, n, key, level > 0 ? encodeChild({ address: n, generation: 2 }) : key);
  }
  return Uint8Array.of(level, ...compactNode(node));
}

function edit(node: Uint8Array, level: number): void {
  const records = recordsOf(node);
  for (const { key } of records) findKey(node, key);
  for (let position = 0; level > 0 && position < records.length; position++)
    childAt(node, position);
  const copy = copyNode(node);
  expectSame(recordsOf(copy), records);
  const compact = compactNode(copy);
  expect(compact.length <= node.length, "a compact node is no longer");
  checkNode(compact, level);
  expectSame(recordsOf(compact), records);
  const key = Uint8Array.of(0xff);
  for (let n = 0; n < 3 && hasRoom(copy, 1, PAGE_SIZE / 8); n++) {
    if (countOf(copy) > 0) removeAt(copy, 0);
    insertAt(copy, countOf(copy), key, new Uint8Array(PAGE_SIZE / 8));
  }
  if (countOf(copy) < 2) return;
  const right = newNode(level);
  const before = recordsOf(copy);
  splitInto(copy, middleOf(copy), right);
  expectSame([...recordsOf(copy), ...recordsOf(right)], before);
}

function recordsOf(node: Uint8Array): { key: Uint8Array; value: Uint8Array }[] {
  return Array.from({ length: countOf(node) }, (_, position) => ({
    key: keyAt(node, position).slice(),
    value: valueAt(node, position).slice(),
  }));
}
