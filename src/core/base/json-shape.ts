/**
 * Whether a value that came as JSON has the shape of a type.
 *
 * @module
 */
import { isJsonObject } from "./json.ts";

/** Says whether a value is what it should be. */
export type Check = (value: unknown) => boolean;

/** A check of each field of a type. */
export type Fields<T> = { readonly [Name in keyof Required<T>]: Check };

export const isText: Check = (value) => typeof value === "string";

export const isFlag: Check = (value) => typeof value === "boolean";

/** A whole number that is exact. */
export const isCount: Check = (value) => Number.isSafeInteger(value);

export const isNumber: Check = (value) => Number.isFinite(value);

/** One of some words. */
export function isOneOf(words: readonly string[]): Check {
  return (value) => words.includes(value as string);
}

/** That, or nothing. */
export function isMaybe(check: Check): Check {
  return (value) => value === undefined || check(value);
}

export function isListOf(check: Check): Check {
  return (value) => Array.isArray(value) && value.every(check);
}

/** An object with such fields, and any others. */
export function isShaped<T>(fields: Fields<T>): (value: unknown) => value is T {
  const checks = Object.entries<Check>(fields);
  return (value): value is T =>
    isJsonObject(value) && checks.every(([name, check]) => check(value[name]));
}
