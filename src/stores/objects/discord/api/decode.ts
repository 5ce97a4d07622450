/**
 * Reading fields out of JSON that somebody else wrote.
 *
 * @module
 */
import { isJsonObject, type JsonObject } from "../../../../core/base/json.ts";
import { isSnowflake } from "../snowflake.ts";

/** An object whose fields are not known yet. */
export type Fields = JsonObject;

/** @throws Error when it is no object */
export function asFields(value: unknown): Fields {
  if (isJsonObject(value)) return value;
  throw new Error("the answer is not the object it should be");
}

/** @throws Error when it is no list, or `decode` refuses an element */
export function asList<T>(value: unknown, decode: (element: unknown) => T): T[] {
  if (Array.isArray(value)) return value.map(decode);
  throw new Error("the answer is not the list it should be");
}

/** A field that is an id. @throws Error */
export function idOf(fields: Fields, name: string): string {
  const value = fields[name];
  if (isSnowflake(value)) return value;
  throw missing(name);
}

/** A field that is an id, or missing. */
export function optionalIdOf(fields: Fields, name: string): string | undefined {
  return fields[name] === undefined || fields[name] === null ? undefined : idOf(fields, name);
}

/** A field that is a text. @throws Error */
export function textOf(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value === "string") return value;
  throw missing(name);
}

/** A field that is a text, or missing. */
export function optionalTextOf(fields: Fields, name: string): string | undefined {
  return typeof fields[name] === "string" ? fields[name] : undefined;
}

/** A field that is a whole number from 0 on. @throws Error */
export function countOf(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw missing(name);
}

function missing(name: string): Error {
  return new Error(`the answer has no proper ${name}`);
}
