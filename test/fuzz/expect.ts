/**
 * What targets expect of decoders.
 *
 * @module
 */
import { deepStrictEqual } from "node:assert";
import { DvaultError, type ErrorCode } from "../../src/core/base/errors.ts";
import type { MaybePromise } from "../../src/core/base/maybe-promise.ts";
import type { Time } from "../../src/core/base/time.ts";

const NSEC_PER_SEC = 1e9;

/**
 * What a decoder makes of an input; undefined when it refuses with one of the codes.
 * @throws anything else that it throws
 */
export function accepted<T>(codes: readonly ErrorCode[], decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    return refusal(codes, error);
  }
}

/** As {@link accepted}, of a decoder that takes its time. */
export async function acceptedLater<T>(
  codes: readonly ErrorCode[],
  decode: () => MaybePromise<T>,
): Promise<T | undefined> {
  try {
    return await decode();
  } catch (error) {
    return refusal(codes, error);
  }
}

function refusal(codes: readonly ErrorCode[], error: unknown): undefined {
  if (error instanceof DvaultError && codes.includes(error.code)) return undefined;
  throw error;
}

/** @throws AssertionError when two values differ */
export function expectSame(actual: unknown, expected: unknown): void {
  deepStrictEqual(actual, expected);
}

/** @throws Error when it does not hold */
export function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`it is not so that ${what}`);
}

/** Expects whole numbers that are exact. */
export function expectSafe(numbers: Readonly<Record<string, number>>): void {
  for (const [name, number] of Object.entries(numbers)) {
    expect(Number.isSafeInteger(number) && number >= 0, `${name} ${number} is safe`);
  }
}

/** Expects a time of FORMAT.md §1.1. */
export function expectTime({ sec, nsec }: Time): void {
  expect(Number.isSafeInteger(sec), `second ${sec} is safe`);
  expect(nsec < NSEC_PER_SEC, `${nsec} ns are less than a second`);
}
