/**
 * Recovery codes: 16 random bytes in a form for paper (FORMAT.md §4.1).
 *
 *     DVAULT1-Q7XK-2M4W-…     "dvault", 26 digits of the secret, 6 of a checksum: bech32m (BIP 350) in groups of four
 *
 * The digits leave out 1, b, i and o. The checksum tells every change of up to four of them, so that a code that was
 * copied wrong is refused before any key is derived, and where there is one wrong digit, it tells where.
 *
 * @module
 */
import { bech32m } from "@scure/base";
import { toText } from "../base/bytes.ts";
import { UsageError } from "../base/errors.ts";
import { SecretBytes } from "./secret-bytes.ts";

/** Bytes of the secret in a recovery code. */
export const RECOVERY_SIZE = 16;

const PREFIX = "dvault";
const START = `${PREFIX}1`;
const DIGITS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const LENGTH = 32;
const GROUP = 4;

/** What is easily read for a digit, and the digit. */
const LOOKALIKES: ReadonlyMap<string, string> = new Map([
  ["o", "0"],
  ["i", "l"],
  ["1", "l"],
]);

/**
 * The code of a secret, to be printed.
 * @param secret - {@link RECOVERY_SIZE} bytes; borrowed
 */
export function formatRecoveryCode(secret: Uint8Array): string {
  const digits = bech32m.encodeFromBytes(PREFIX, secret).slice(START.length);
  const groups = Array.from({ length: LENGTH / GROUP }, (_, group) =>
    digits.slice(group * GROUP, (group + 1) * GROUP),
  );
  return [START, ...groups].join("-").toUpperCase();
}

/**
 * The secret of a code; capitals, hyphens, blanks and the beginning `DVAULT1` do not matter.
 *
 * @param code - text; borrowed. Copies of it stay in memory until they are collected.
 * @returns the caller's to wipe
 * @throws UsageError USAGE when it is no code, or one that was copied wrong
 */
export function parseRecoveryCode(code: SecretBytes): SecretBytes {
  const text = code.use(toText).toLowerCase().replaceAll(/[\s-]/g, "");
  const body = text.startsWith(START) ? text.slice(START.length) : text;
  const digits = Array.from(body, (digit) => LOOKALIKES.get(digit) ?? digit);
  const foreign = digits.findIndex((digit) => !DIGITS.includes(digit));
  if (foreign >= 0) throw wrong(`group ${groupOf(foreign)} has a character that is in no code`);
  if (digits.length !== LENGTH) {
    throw wrong(`it has ${digits.length} digits behind ${START.toUpperCase()}, not ${LENGTH}`);
  }
  const secret = decode(digits);
  if (secret !== undefined) return secret;
  const place = findWrongDigit(digits);
  throw wrong(
    place === undefined
      ? "several digits are wrong or out of order"
      : `a digit of group ${groupOf(place)} is wrong`,
  );
}

/** The secret, when the checksum fits. */
function decode(digits: readonly string[]): SecretBytes | undefined {
  const found = bech32m.decodeUnsafe(`${START}${digits.join("")}`);
  const bytes = found && bech32m.fromWordsUnsafe(found.words);
  return bytes ? new SecretBytes(bytes) : undefined;
}

/** The one digit that spoils a code: no two codes differ in fewer than five. */
function findWrongDigit(digits: readonly string[]): number | undefined {
  for (const place of digits.keys()) {
    for (const digit of DIGITS) {
      const secret = decode(digits.with(place, digit));
      secret?.wipe();
      if (secret !== undefined) return place;
    }
  }
  return undefined;
}

function groupOf(place: number): number {
  return Math.floor(place / GROUP) + 1;
}

function wrong(reason: string): UsageError {
  return new UsageError("USAGE", `the recovery code was not copied right: ${reason}`);
}
