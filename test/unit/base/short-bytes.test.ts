import t from "tap";
import { copyShort, shortBytes } from "../../../src/core/base/short-bytes.ts";

t.test("short arrays are zeros of their own, whatever stands beside them", async (t) => {
  const arrays = [0, 1, 96, 512, 513, 10_000].flatMap((length) =>
    Array.from({ length: 100 }, () => {
      const bytes = shortBytes(length);
      t.equal(bytes.length, length);
      t.ok(bytes.every((byte) => byte === 0));
      return bytes.fill(0xff);
    }),
  );
  arrays.forEach((bytes, n) => {
    bytes.fill(n);
  });
  t.ok(arrays.every((bytes, n) => bytes.every((byte) => byte === n % 256)));
});

t.test("a copy is equal and apart", async (t) => {
  const bytes = Uint8Array.of(1, 2, 3);
  const copy = copyShort(bytes);
  copy[0] = 9;
  t.strictSame([bytes[0], copy], [1, Uint8Array.of(9, 2, 3)]);
});
