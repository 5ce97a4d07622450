import { bech32 } from "@scure/base";
import fc from "fast-check";
import t from "tap";
import { concatBytes, utf8 } from "../../../src/core/base/bytes.ts";
import type { KeySlot } from "../../../src/core/crypto/key-slot.ts";
import { makePasswordSlot } from "../../../src/core/crypto/password-slot.ts";
import {
  formatRecoveryCode,
  parseRecoveryCode,
  RECOVERY_SIZE,
} from "../../../src/core/crypto/recovery-code.ts";
import { makeRecoverySlot } from "../../../src/core/crypto/recovery-slot.ts";
import { SecretBytes } from "../../../src/core/crypto/secret-bytes.ts";
import { unlock } from "../../../src/core/crypto/unlock.ts";
import { decodeKeyDirectory, encodeKeyDirectory } from "../../../src/core/format/key-directory.ts";
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import { FAST_ARGON2 } from "../../support/fast-kdf.ts";
import { fromHex } from "../../support/hex.ts";

const VAULT_ID = new Uint8Array(16).fill(0x41);
const VAULT_KEY = Uint8Array.from({ length: 32 }, (_, i) => 255 - i);
const vault = { vaultId: VAULT_ID, vaultKey: new SecretBytes(VAULT_KEY.slice()) };

function secret(text: string): SecretBytes {
  return new SecretBytes(utf8(text));
}

function parse(text: string): Uint8Array {
  return parseRecoveryCode(secret(text)).use((bytes) => bytes.slice());
}

function complaint(text: string): string {
  try {
    parse(text);
    return "";
  } catch (error) {
    return String(error);
  }
}

const secrets = fc.uint8Array({ minLength: RECOVERY_SIZE, maxLength: RECOVERY_SIZE });
const DIGITS = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";
/** Where the digits of a code stand. */
const PLACES = Array.from({ length: 32 }, (_, i) => 8 + i + Math.floor(i / 4));

t.test("a recovery code of known bytes stays the same for ever", async (t) => {
  const bytes = Uint8Array.from({ length: RECOVERY_SIZE }, (_, i) => i * 7);
  const code = formatRecoveryCode(bytes);
  t.equal(code, "DVAULT1-QQRS-U9GU-YV4R-ZWPL-GEX4-GKMZ-DY2P-8KMW");
  t.same(parse(code), bytes);
});

t.test("a code is read however it was written down", async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(secrets, (bytes) => {
        const code = formatRecoveryCode(bytes);
        t.match(code, /^DVAULT1(-[02-9AC-HJ-NP-Z]{4}){8}$/);
        const digits = code.slice("DVAULT1-".length);
        const written = [
          code,
          ` ${code.toLowerCase()}\n`,
          digits,
          digits.replaceAll("-", " "),
          code.replaceAll("-", ""),
          digits.replaceAll("0", "o").replaceAll("L", "1"),
        ];
        for (const text of written) t.strictSame(parse(text), bytes, text);
      }),
    ),
  );
});

t.test("one wrong digit is refused and found, wherever it is", async (t) => {
  const code = formatRecoveryCode(Uint8Array.from({ length: RECOVERY_SIZE }, (_, i) => i * 11));
  for (const [n, place] of PLACES.entries()) {
    const at = DIGITS.indexOf(code[place] ?? "");
    for (const digit of [1, 13, 31].map((shift) => DIGITS[(at + shift) % 32])) {
      const wrong = code.slice(0, place) + digit + code.slice(place + 1);
      const said = complaint(wrong);
      t.match(said, `a digit of group ${1 + Math.floor(n / 4)} is wrong`);
    }
  }
});

t.test("up to four wrong digits never make another code", async (t) => {
  const places = fc.uniqueArray(fc.nat(31), { minLength: 2, maxLength: 4 });
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(secrets, places, fc.integer({ min: 1, max: 31 }), (bytes, at, shift) => {
        const digits = [...formatRecoveryCode(bytes)];
        for (const n of at) {
          const place = PLACES[n] as number;
          digits[place] = DIGITS[(DIGITS.indexOf(digits[place] as string) + shift) % 32] as string;
        }
        t.match(complaint(digits.join("")), /was not copied right/);
      }),
    ),
  );
});

t.test("what is no code is told apart", async (t) => {
  const code = formatRecoveryCode(new Uint8Array(RECOVERY_SIZE).fill(3));
  t.match(complaint(code.slice(0, -1)), /has 31 digits/);
  t.match(complaint(`${code}Q`), /has 33 digits/);
  t.match(complaint(""), /has 0 digits/);
  t.match(complaint(code.replace(/.$/, "B")), /group 8 has a character that is in no code/);
  t.match(complaint("correct horse battery staple"), /group \d has a character/);
});

t.test("a code opens its slot and nothing else, and costs no derivation", async (t) => {
  const { slot, code } = await makeRecoverySlot(nodePlatform, vault, "in the safe");
  const other = await makeRecoverySlot(nodePlatform, vault, "");
  const options = { label: "", argon2: FAST_ARGON2 };
  const password = await makePasswordSlot(nodePlatform, vault, secret("pass"), options);
  const slots: readonly KeySlot[] = [password, other.slot, slot];
  const derive = (): never => {
    throw new Error("a password was tried");
  };
  const platform = { ...nodePlatform, argon2id: { derive } };
  const recovery = parseRecoveryCode(secret(code));
  const { vaultKey, slotId } = await unlock(platform, VAULT_ID, slots, { recovery });
  t.equal(slotId, slot.id);
  t.same(
    vaultKey.use((bytes) => bytes.slice()),
    VAULT_KEY,
  );
  const rest = [password, other.slot];
  await t.rejects(unlock(platform, VAULT_ID, rest, { recovery }), {
    code: "WRONG_KEY",
    message: /recovery code/,
  });
  const elsewhere = new Uint8Array(16);
  await t.rejects(unlock(platform, elsewhere, slots, { recovery }), { code: "WRONG_KEY" });
});

t.test("a code and a vault id give a known recipient", async (t) => {
  const fill = (bytes: Uint8Array): void => {
    for (const i of bytes.keys()) bytes[i] = i * 7;
  };
  const platform = { ...nodePlatform, random: { fill } };
  const { slot } = await makeRecoverySlot(platform, vault, "");
  const publicKey = "fa8edc9df749078893e212e225e99cb9d7680c489ef890a26bd7f1992790315c";
  t.equal(slot.recipient, bech32.encodeFromBytes("age", fromHex(publicKey)));
});

t.test("a recovery slot is kept in the key directory as kind 3", async (t) => {
  const { slot } = await makeRecoverySlot(nodePlatform, vault, "in the safe");
  const stored = encodeKeyDirectory({ vaultId: VAULT_ID, slots: [slot], older: [] });
  t.equal(stored[20], 3);
  t.same(decodeKeyDirectory(stored).slots, [slot]);
  const kept = concatBytes(stored);
  kept[20] = 9;
  t.match(decodeKeyDirectory(kept).slots, [{ kind: "unknown", code: 9, id: slot.id }]);
  t.same(encodeKeyDirectory(decodeKeyDirectory(kept)), kept, "an older program keeps it");
});
