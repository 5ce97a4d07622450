import t from "tap";
import {
  BITS_PER_PAGE,
  countUsed,
  decodeSpacePage,
  encodeSpacePage,
  isUsed,
  setUsed,
} from "../../../src/core/format/space-map.ts";

t.test("a page of the map tells of 524,288 pages, each by its own bit", async (t) => {
  t.equal(BITS_PER_PAGE, 524_288);
  const bits = decodeSpacePage(new Uint8Array(0));
  const used = [0, 1, 7, 8, 63, 64, 4095, BITS_PER_PAGE - 1];
  for (const bit of used) setUsed(bits, bit, true);
  t.equal(countUsed(bits), used.length);
  for (const bit of [...used, 2, 9, 62, BITS_PER_PAGE - 2]) {
    t.equal(isUsed(bits, bit), used.includes(bit), `${bit}`);
  }
  setUsed(bits, 7, false);
  setUsed(bits, 7, false);
  t.notOk(isUsed(bits, 7));
  t.equal(countUsed(bits), used.length - 1);
});

t.test("bit n is bit n mod 8, from the lowest, of byte n / 8", async (t) => {
  const bits = decodeSpacePage(Uint8Array.of(0x01, 0x80));
  t.same([isUsed(bits, 0), isUsed(bits, 1), isUsed(bits, 15)], [true, false, true]);
});

t.test("a page is stored without the zeros at its end, in a fresh array", async (t) => {
  const bits = decodeSpacePage(new Uint8Array(0));
  t.same(encodeSpacePage(bits), new Uint8Array(0));
  setUsed(bits, 17, true);
  const payload = encodeSpacePage(bits);
  t.same(payload, Uint8Array.of(0, 0, 2));
  t.same(decodeSpacePage(payload), bits);
  payload[0] = 1;
  t.notOk(isUsed(bits, 0));
  setUsed(bits, BITS_PER_PAGE - 1, true);
  t.equal(encodeSpacePage(bits).length, 65_536);
});

t.test("a payload longer than a page is refused", async (t) => {
  t.throws(() => decodeSpacePage(new Uint8Array(65_537)), { code: "RECORD_MALFORMED" });
});
