import t from "tap";
import {
  compareBytes,
  concatBytes,
  equalBytes,
  getI64,
  getU16,
  getU32,
  getU48,
  getU64,
  putI64,
  putU16,
  putU32,
  putU48,
  putU64,
  toText,
  utf8,
} from "../../../src/core/base/bytes.ts";
import { toHex } from "../../support/hex.ts";

type Get = (bytes: Uint8Array, at: number) => number;
type Put = (bytes: Uint8Array, at: number, value: number) => void;

/** Checks that values go in and come out at an odd offset, touch nothing beside, and are big-endian. */
function checkWidth(width: number, put: Put, get: Get): (values: Record<string, number>) => void {
  return (values) => {
    for (const [digits, value] of Object.entries(values)) {
      const bytes = new Uint8Array(width + 4).fill(0xee);
      put(bytes, 3, value);
      t.equal(toHex(bytes), `eeeeee${digits}ee`, `${value} is written as ${digits}`);
      t.equal(get(bytes, 3), value, `${value} is read back`);
    }
  };
}

checkWidth(2, putU16, getU16)({ "0000": 0, "0001": 1, "00ff": 255, "0100": 256, ffff: 65_535 });

checkWidth(
  4,
  putU32,
  getU32,
)({
  "00000000": 0,
  "0000ffff": 0xffff,
  "7fffffff": 2 ** 31 - 1,
  "80000000": 2 ** 31,
  ffffffff: 2 ** 32 - 1,
});

checkWidth(
  6,
  putU48,
  getU48,
)({
  "000000000000": 0,
  "000000ffffff": 2 ** 24 - 1,
  "000001000000": 2 ** 24,
  "0000ffffffff": 2 ** 32 - 1,
  "000100000000": 2 ** 32,
  "800000000001": 2 ** 47 + 1,
  ffffffffffff: 2 ** 48 - 1,
});

checkWidth(
  8,
  putU64,
  getU64,
)({
  "0000000000000000": 0,
  "00000000ffffffff": 2 ** 32 - 1,
  "0000000100000000": 2 ** 32,
  "001fffffffffffff": Number.MAX_SAFE_INTEGER,
});

checkWidth(
  8,
  putI64,
  getI64,
)({
  "0000000000000000": 0,
  "0000000080000000": 2 ** 31,
  ffffffffffffffff: -1,
  ffffffff00000000: -(2 ** 32),
  fffffffeffffffff: -(2 ** 32) - 1,
  ffe0000000000001: Number.MIN_SAFE_INTEGER,
  "001fffffffffffff": Number.MAX_SAFE_INTEGER,
});

t.test("compareBytes orders as unsigned bytes, a prefix first", async (t) => {
  const inOrder = ["", "00", "0000", "01", "7f", "80", "80ff", "ff", "ff00"].map((digits) =>
    Uint8Array.from(Buffer.from(digits, "hex")),
  );
  for (const [i, a] of inOrder.entries()) {
    for (const [j, b] of inOrder.entries()) {
      t.equal(Math.sign(compareBytes(a, b)), Math.sign(i - j), `${toHex(a)} against ${toHex(b)}`);
      t.equal(equalBytes(a, b), i === j);
    }
  }
});

t.test("concatBytes copies its parts into a fresh array", async (t) => {
  const part = Uint8Array.of(1, 2);
  const whole = concatBytes(part, new Uint8Array(0), Uint8Array.of(3));
  part[0] = 9;
  t.same(whole, Uint8Array.of(1, 2, 3));
  t.same(concatBytes(), new Uint8Array(0));
});

t.test("toText shows what is not UTF-8 as U+FFFD", async (t) => {
  t.equal(toText(utf8("größe 日本")), "größe 日本");
  t.equal(toText(Uint8Array.of(0x61, 0xff, 0x62)), "a\ufffdb");
});
