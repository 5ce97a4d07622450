/**
 * Discord's ids: 64 bits in decimal, of which the upper 42 are milliseconds since the first second of 2015
 * (Discord documentation, reference, "Snowflakes"). Ids of one channel rise in the order of its messages.
 *
 * @module
 */

/** Milliseconds since 1970 at which snowflakes begin. */
const DISCORD_EPOCH = 1_420_070_400_000;
const TIME_SHIFT = 22n;
const LARGEST = 2n ** 64n - 1n;

/** Digits of the largest snowflake; padded to so many, snowflakes sort as text. */
const DIGITS = 20;

/** Bytes of an encoded snowflake. */
export const SNOWFLAKE_SIZE = 8;

/** Whether a value is an id as the API writes it. */
export function isSnowflake(value: unknown): value is string {
  return typeof value === "string" && /^[1-9]\d{0,19}$/.test(value) && BigInt(value) <= LARGEST;
}

/** When an id was given out, ms since the epoch. */
export function snowflakeTime(id: string): number {
  return Number(BigInt(id) >> TIME_SHIFT) + DISCORD_EPOCH;
}

/** An id older than every one given out at `timeMs` or later, for "after this time". */
export function snowflakeBefore(timeMs: number): string {
  const sinceEpoch = Math.max(1, Math.floor(timeMs - DISCORD_EPOCH));
  return ((BigInt(sinceEpoch) << TIME_SHIFT) - 1n).toString();
}

/** Orders ids by age, oldest first. */
export function compareSnowflakes(a: string, b: string): number {
  return Number(BigInt(a) > BigInt(b)) - Number(BigInt(a) < BigInt(b));
}

/** An id as text of a fixed length, which sorts as ids do. */
export function padSnowflake(id: string): string {
  return id.padStart(DIGITS, "0");
}

/** Takes the padding of {@link padSnowflake} off again. */
export function unpadSnowflake(text: string): string {
  return text.replace(/^0+/, "");
}

/** Writes an id as eight bytes. */
export function putSnowflake(bytes: Uint8Array, at: number, id: string): void {
  new DataView(bytes.buffer, bytes.byteOffset).setBigUint64(at, BigInt(id));
}

/** Reads what {@link putSnowflake} wrote. */
export function getSnowflake(bytes: Uint8Array, at: number): string {
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(at).toString();
}
