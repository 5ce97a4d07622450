import t from "tap";
import { utf8 } from "../../../src/core/base/bytes.ts";
import { crc32c } from "../../../src/core/base/crc32c.ts";

t.test("crc32c gives the values of RFC 3720 appendix B.4", async (t) => {
  t.equal(crc32c(new Uint8Array(32)), 0x8a9136aa, "32 zero bytes");
  t.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43, "32 bytes of ones");
  t.equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e, "rising bytes");
  t.equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => 31 - i)), 0x113fdb5c, "falling bytes");
  t.equal(crc32c(utf8("123456789")), 0xe3069283, "the usual check value");
  t.equal(crc32c(new Uint8Array(0)), 0, "nothing");
});

t.test("crc32c of a part ignores the rest, and goes on from a previous part", async (t) => {
  const whole = utf8("xx123456789yy");
  t.equal(crc32c(whole, 2, 11), 0xe3069283);
  t.equal(crc32c(whole, 6, 11, crc32c(whole, 2, 6)), 0xe3069283);
});
