/**
 * Discord's published description of its API, as far as it speaks of what the emulator does.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import { isSnowflake } from "../base/snowflake.ts";

/** A JSON pointer below the description's root, one name an element. */
export type Pointer = readonly string[];

/** A parameter of a path or a query. */
export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
}

interface Reference {
  readonly $ref: string;
}

/** The description, with its schemas compiled as they are needed. */
export class PublishedApi {
  readonly #root: unknown;
  readonly #ajv: Ajv2020;

  constructor() {
    this.#root = JSON.parse(readFileSync(new URL("discord.json", import.meta.url), "utf8"));
    this.#ajv = new Ajv2020({ strict: false, validateSchema: false });
    for (const [name, validate] of Object.entries(TEXT_FORMATS)) {
      this.#ajv.addFormat(name, { type: "string", validate });
    }
    for (const [name, validate] of Object.entries(NUMBER_FORMATS)) {
      this.#ajv.addFormat(name, { type: "number", validate });
    }
    this.#ajv.addSchema(this.#root as object, "discord");
  }

  /** What stands at a pointer, following references; undefined when nothing does. */
  find(pointer: Pointer): { readonly pointer: Pointer; readonly value: unknown } | undefined {
    let value: unknown = this.#root;
    for (const [index, name] of pointer.entries()) {
      value = (value as Record<string, unknown>)[name];
      if (value === undefined) return undefined;
      const reference = (value as Reference).$ref;
      if (typeof reference !== "string") continue;
      return this.find([...reference.slice(2).split("/"), ...pointer.slice(index + 1)]);
    }
    return { pointer, value };
  }

  /**
   * What is wrong with a value by the schema at a pointer.
   *
   * @throws Error when there is no schema
   */
  errors(pointer: Pointer, value: unknown): readonly ErrorObject[] {
    const path = pointer.map((name) => name.replaceAll("~", "~0").replaceAll("/", "~1")).join("/");
    const validate = this.#ajv.getSchema(`discord#/${encodeURI(path)}`);
    if (!validate) throw new Error(`no schema at ${path}`);
    return validate(value) ? [] : (validate.errors ?? []);
  }
}

const TEXT_FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  snowflake: isSnowflake,
  uri: (text) => URL.canParse(text),
  "date-time": (text) => /^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(Date.parse(text)),
  nonce: () => true,
};

const NUMBER_FORMATS: Readonly<Record<string, (number: number) => boolean>> = {
  int32: (number) => Number.isInteger(number) && Math.abs(number) < 2 ** 31,
  int64: Number.isInteger,
  double: Number.isFinite,
};
