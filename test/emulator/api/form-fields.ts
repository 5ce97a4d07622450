/**
 * Fields of a JSON body, checked as they are read. Null is as good as absent.
 *
 * @module
 */
import { isObject } from "../base/parse-json.ts";
import { isSnowflake } from "../base/snowflake.ts";
import { type ApiError, fieldError } from "./api-error.ts";

/** Bounds of a length or a number, both inclusive. */
export interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

/** The fields of one object in a body. Every reader throws ApiError invalidForm. */
export class FormFields {
  readonly #values: Readonly<Record<string, unknown>>;
  /** Where the object stands in the body: empty, or ending in a dot. */
  readonly #path: string;

  constructor(values: Readonly<Record<string, unknown>>, path = "") {
    this.#values = values;
    this.#path = path;
  }

  /** Whether a field was given, if only as null. */
  has(name: string): boolean {
    return this.#values[name] !== undefined;
  }

  /** The body itself, for checks against a schema. */
  get values(): Readonly<Record<string, unknown>> {
    return this.#values;
  }

  /** @param bounds - of the length in characters */
  string(name: string, bounds: Bounds = {}): string | undefined {
    const value = this.#values[name] ?? undefined;
    if (value === undefined) return undefined;
    if (typeof value !== "string") throw this.#error(name, "STRING_TYPE_CONVERT", "string");
    this.#checkLength(name, [...value].length, bounds);
    return value;
  }

  requiredString(name: string, bounds: Bounds = {}): string {
    const value = this.string(name, bounds);
    if (value !== undefined) return value;
    throw fieldError(this.#path + name, "BASE_TYPE_REQUIRED", "This field is required");
  }

  boolean(name: string): boolean | undefined {
    const value = this.#values[name] ?? undefined;
    if (value === undefined || typeof value === "boolean") return value;
    throw this.#error(name, "BOOLEAN_TYPE_CONVERT", "boolean");
  }

  integer(name: string, { min, max }: Bounds = {}): number | undefined {
    const value = this.#values[name] ?? undefined;
    if (value === undefined) return undefined;
    if (!Number.isSafeInteger(value)) throw this.#error(name, "NUMBER_TYPE_COERCE", "int");
    const number = value as number;
    if ((min === undefined || number >= min) && (max === undefined || number <= max)) return number;
    const range = `${min ?? "-"} to ${max ?? "-"}`;
    throw fieldError(this.#path + name, "NUMBER_TYPE_RANGE", `int value should be ${range}.`);
  }

  /** An id; clients write small ones (of files in this request) as numbers too. */
  snowflake(name: string): string | undefined {
    const value = this.#values[name] ?? undefined;
    if (value === undefined) return undefined;
    const text = typeof value === "number" ? String(value) : value;
    if (typeof text === "string" && isSnowflake(text)) return text;
    throw this.#error(name, "NUMBER_TYPE_COERCE", "snowflake");
  }

  /** @param bounds - of the number of items */
  list(name: string, bounds: Bounds = {}): readonly unknown[] | undefined {
    const value = this.#values[name] ?? undefined;
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) throw this.#error(name, "LIST_TYPE_CONVERT", "list");
    this.#checkLength(name, value.length, bounds);
    return value;
  }

  /** A list of objects. */
  objects(name: string, bounds: Bounds = {}): readonly FormFields[] | undefined {
    return this.list(name, bounds)?.map((item, index) => {
      const path = `${name}.${index}`;
      if (isObject(item)) return new FormFields(item, `${this.#path}${path}.`);
      throw this.#error(path, "DICT_TYPE_CONVERT", "dictionary");
    });
  }

  #checkLength(name: string, length: number, { min = 0, max }: Bounds): void {
    if (length < min) {
      const message = `Must be ${min} or more in length.`;
      throw fieldError(this.#path + name, "BASE_TYPE_MIN_LENGTH", message);
    }
    if (max !== undefined && length > max) {
      const message = `Must be ${max} or fewer in length.`;
      throw fieldError(this.#path + name, "BASE_TYPE_MAX_LENGTH", message);
    }
  }

  #error(name: string, code: string, expected: string): ApiError {
    return fieldError(this.#path + name, code, `Could not interpret the value as ${expected}.`);
  }
}
