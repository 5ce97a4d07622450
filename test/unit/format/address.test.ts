import t from "tap";
import {
  addressOf,
  getPointer,
  isAddress,
  pageNumber,
  putPointer,
  samePointer,
} from "../../../src/core/format/address.ts";

t.test("page numbers count addresses without the gap at the end of each segment", async (t) => {
  const pairs: readonly (readonly [number: number, address: number])[] = [
    [0, 0],
    [1, 1],
    [126, 126],
    [127, 128],
    [128, 129],
    [253, 254],
    [254, 256],
    [127 * 2 ** 25, 2 ** 32],
    [127 * 2 ** 25 - 1, 2 ** 32 - 2],
    [127 * 2 ** 41 - 1, 2 ** 48 - 2],
  ];
  for (const [number, address] of pairs) {
    t.equal(pageNumber(address), number, `address ${address}`);
    t.equal(addressOf(number), address, `page number ${number}`);
    t.ok(isAddress(address), `${address} is an address`);
  }
});

t.test("isAddress refuses index 127 and what needs more than 48 bits", async (t) => {
  for (const number of [127, 255, 2 ** 32 - 1, 2 ** 48 - 1, 2 ** 48, -1]) {
    t.notOk(isAddress(number), `${number}`);
  }
});

t.test("a pointer goes through 12 bytes", async (t) => {
  const bytes = new Uint8Array(14);
  const pointer = { address: 2 ** 48 - 2, generation: 2 ** 40 + 1 };
  putPointer(bytes, 1, pointer);
  t.same(getPointer(bytes, 1), pointer);
  t.same([bytes[0], bytes[13]], [0, 0]);
});

t.test("samePointer compares both numbers, and none with none", async (t) => {
  const pointer = { address: 3, generation: 4 };
  t.ok(samePointer(pointer, { address: 3, generation: 4 }));
  t.ok(samePointer(undefined, undefined));
  for (const other of [{ address: 3, generation: 5 }, { address: 2, generation: 4 }, undefined]) {
    t.notOk(samePointer(pointer, other));
    t.notOk(samePointer(other, pointer));
  }
});
