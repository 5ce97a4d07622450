import t from "tap";
import { utf8 } from "../../../src/core/base/bytes.ts";
import type { KeySlot } from "../../../src/core/crypto/key-slot.ts";
import { decodeKeyDirectory, encodeKeyDirectory } from "../../../src/core/format/key-directory.ts";

const VAULT_ID = Uint8Array.from({ length: 16 }, (_, i) => 255 - i);
const created = { sec: 1_800_000_000, nsec: 5 };

const PASSWORD: KeySlot = {
  kind: "password",
  id: "00017f80fffe0203",
  label: "",
  created,
  argon2: { memoryKib: 2 ** 21, passes: 65_535, lanes: 64 },
  salt: new Uint8Array(16).fill(1),
  wrapped: new Uint8Array(60).fill(2),
};
const RECIPIENT: KeySlot = {
  kind: "recipient",
  id: "ffffffffffffffff",
  label: "ü".repeat(127),
  created,
  recipient: "age1example",
  wrapped: utf8("age-encryption.org/v1\n…"),
};
const UNKNOWN: KeySlot = {
  kind: "unknown",
  id: "0000000000000000",
  label: "from the future",
  created,
  code: 200,
  body: Uint8Array.of(9, 8, 7),
};

function encode(slots: readonly KeySlot[]): Uint8Array {
  return encodeKeyDirectory({ vaultId: VAULT_ID, slots, older: [] });
}

t.test("slots of every kind decode to what they were made of, unknown ones included", async (t) => {
  const lists = [[], [PASSWORD], [RECIPIENT], [UNKNOWN], [UNKNOWN, PASSWORD, RECIPIENT, PASSWORD]];
  for (const slots of lists) {
    t.same(decodeKeyDirectory(encode(slots)), { vaultId: VAULT_ID, slots, older: [] });
  }
});

t.test("a password slot without a label takes 108 bytes", async (t) => {
  t.equal(encode([PASSWORD]).length - encode([]).length, 108);
});

t.test("every truncation is refused, and bytes too many are", async (t) => {
  const payload = encode([PASSWORD, RECIPIENT, UNKNOWN]);
  for (let length = 0; length < payload.length; length++) {
    t.throws(() => decodeKeyDirectory(payload.subarray(0, length)), { code: "RECORD_MALFORMED" });
  }
  const longer = new Uint8Array(payload.length + 1);
  longer.set(payload);
  t.throws(() => decodeKeyDirectory(longer), { message: /1 bytes too many/ });
});

t.test("a password slot whose body has another length is refused", async (t) => {
  const payload = encode([{ ...PASSWORD, wrapped: new Uint8Array(61) }]);
  t.throws(() => decodeKeyDirectory(payload), { code: "RECORD_MALFORMED", message: /key slot/ });
});

t.test("a directory of another version is refused by its number", async (t) => {
  const payload = encode([PASSWORD]);
  payload[1] = 2;
  t.throws(() => decodeKeyDirectory(payload), { code: "VERSION_UNKNOWN", message: /version 2/ });
});

t.test("more slots than fit a page are refused", async (t) => {
  const slots = new Array(700).fill(PASSWORD);
  t.throws(() => encode(slots), { message: /700 key slots do not fit/ });
});
