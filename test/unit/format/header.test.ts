import t from "tap";
import { putU16, putU32, putU48 } from "../../../src/core/base/bytes.ts";
import { crc32c } from "../../../src/core/base/crc32c.ts";
import type { FormatError } from "../../../src/core/base/errors.ts";
import { chooseHeader } from "../../../src/core/format/choose-header.ts";
import {
  decodeHeader,
  encodeHeader,
  HEADER_SIZE,
  type Header,
  isHeaderSigned,
} from "../../../src/core/format/header.ts";
import { sumHeaderKey } from "../../support/test-keys.ts";

const HEADER: Header = {
  hasOlderKeys: true,
  hasPageParts: true,
  hasLog: true,
  compatibleFeatures: 0x8000_0001,
  vaultId: Uint8Array.from({ length: 16 }, (_, i) => i),
  generation: 2 ** 47 + 3,
  argon2: { memoryKib: 65_536, passes: 3, lanes: 4 },
  keyDirectory: { address: 2 ** 40, generation: 1 },
  commitRoot: { address: 9, generation: 2 ** 47 + 3 },
  created: { sec: 1_800_000_000, nsec: 999_999_999 },
};

function encode(changes: Partial<Header> = {}): Uint8Array {
  return encodeHeader({ ...HEADER, ...changes }, sumHeaderKey);
}

/** A header with changed bytes and the checksum these need. */
function forge(change: (bytes: Uint8Array) => void): Uint8Array {
  const bytes = encode();
  change(bytes);
  putU32(bytes, 152, crc32c(bytes, 0, 152));
  return bytes;
}

function slotOf(header: Uint8Array): Uint8Array {
  const slot = new Uint8Array(4096).fill(0xcc);
  slot.set(header);
  return slot;
}

t.test("a header decodes to what it was made of, in its slot too", async (t) => {
  t.equal(encode().length, HEADER_SIZE);
  t.same(decodeHeader(encode()), HEADER);
  t.same(decodeHeader(slotOf(encode())), HEADER);
});

t.test("a header fits a chat message of 2,000 characters in base64url", async (t) => {
  t.equal(Buffer.from(encode()).toString("base64url").length, 208);
});

t.test("only the holder of the key signs", async (t) => {
  t.ok(isHeaderSigned(slotOf(encode()), sumHeaderKey));
  const forged = forge((bytes) => putU48(bytes, 36, 2 ** 47 + 4));
  t.equal(decodeHeader(forged).generation, 2 ** 47 + 4);
  t.notOk(isHeaderSigned(forged, sumHeaderKey));
});

t.test("every single flipped bit is noticed", async (t) => {
  for (let bit = 0; bit < HEADER_SIZE * 8; bit++) {
    const flipped = encode();
    flipped[bit >>> 3] = (flipped[bit >>> 3] as number) ^ (1 << (bit & 7));
    t.throws(() => decodeHeader(flipped), { code: "VAULT_DAMAGED" }, `bit ${bit}`);
  }
});

t.test("a truncated header is damaged, and too little to tell is no vault", async (t) => {
  const codes = [0, 1, 3, 4, 6, 100, HEADER_SIZE - 1].map((length) => {
    try {
      return decodeHeader(encode().subarray(0, length));
    } catch (error) {
      return (error as FormatError).code;
    }
  });
  t.same(codes, [
    ...["NOT_A_VAULT", "NOT_A_VAULT", "NOT_A_VAULT"],
    ...["VAULT_DAMAGED", "VAULT_DAMAGED", "VAULT_DAMAGED", "VAULT_DAMAGED"],
  ]);
});

t.test("an intact header of a newer format says so", async (t) => {
  const newer = {
    "a higher version": forge((bytes) => putU16(bytes, 6, 2)),
    "an incompatible feature": forge((bytes) => putU32(bytes, 8, 0x8000_0000)),
    "another page size": forge((bytes) => putU32(bytes, 32, 131_072)),
  };
  for (const [what, bytes] of Object.entries(newer)) {
    t.throws(() => decodeHeader(bytes), { code: "VERSION_UNKNOWN", message: /newer dvault/ }, what);
  }
  const version = forge((bytes) => putU16(bytes, 6, 7));
  t.throws(() => decodeHeader(version), { message: /format version 7, this program knows 1/ });
});

t.test("a header whose pointers cannot be is damaged", async (t) => {
  const impossible = {
    "an address that names no page": forge((bytes) => putU48(bytes, 52, 127)),
    "a root from the future": forge((bytes) => putU48(bytes, 70, 2 ** 47 + 4)),
    "a spoilt magic": forge((bytes) => bytes.fill(0x20, 4, 6)),
  };
  for (const [what, bytes] of Object.entries(impossible)) {
    t.throws(() => decodeHeader(bytes), { code: "VAULT_DAMAGED" }, what);
  }
});

t.test("chooseHeader takes the valid header of the highest generation", async (t) => {
  const older = encode();
  const newer = encode({ generation: 2 ** 47 + 4 });
  t.match(chooseHeader([older, newer]), { slot: 1, damaged: [] });
  t.match(chooseHeader([newer, older]), { slot: 0, damaged: [] });
  t.match(chooseHeader([slotOf(newer)]), { slot: 0, damaged: [] });
});

t.test("chooseHeader opens from the other slot and names the damaged one", async (t) => {
  const good = encode();
  const damaged = encode({ generation: 2 ** 47 + 4 }).fill(0, 40, 44);
  t.match(chooseHeader([damaged, good]), { slot: 1, damaged: [0] });
  t.match(chooseHeader([good, undefined]), { slot: 0, damaged: [1] });
  t.match(chooseHeader([new Uint8Array(4096), good]), { slot: 1, damaged: [0] });
  t.match(chooseHeader([good, good.subarray(0, 99)]), { slot: 0, damaged: [1] });
});

t.test("chooseHeader tells what is no vault from a newer and from a damaged one", async (t) => {
  const damaged = encode().fill(0, 40, 44);
  const newer = forge((bytes) => putU16(bytes, 6, 2));
  const noise = new Uint8Array(4096).fill(0x41);
  const cases: readonly [string, (Uint8Array | undefined)[], string][] = [
    ["no candidates", [], "NOT_A_VAULT"],
    ["unreadable slots", [undefined, undefined], "NOT_A_VAULT"],
    ["an empty file", [new Uint8Array(0), undefined], "NOT_A_VAULT"],
    ["noise", [noise, noise], "NOT_A_VAULT"],
    ["both damaged", [damaged, damaged], "VAULT_DAMAGED"],
    ["one damaged, one lost", [damaged, undefined], "VAULT_DAMAGED"],
    ["one lost, one damaged", [noise, damaged], "VAULT_DAMAGED"],
    ["a truncated rest", [encode().subarray(0, 20), undefined], "VAULT_DAMAGED"],
    ["a newer one beside an old one", [encode(), newer], "VERSION_UNKNOWN"],
    ["a newer one beside a damaged one", [damaged, newer], "VERSION_UNKNOWN"],
  ];
  for (const [what, candidates, code] of cases) {
    t.throws(() => chooseHeader(candidates), { code }, what);
  }
});
