/**
 * Vectors of `test/vectors/`: JSON in which `{"hex": "00ff"}` stands for bytes and `null` for what is absent.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { fromHex } from "./hex.ts";

/** Reads a vector file by its name without `.json`. */
export function loadVector<T>(name: string): T {
  const file = new URL(`../vectors/${name}.json`, import.meta.url);
  return revive(JSON.parse(readFileSync(file, "utf8"))) as T;
}

function revive(value: unknown): unknown {
  if (value === null) return undefined;
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value !== "object") return value;
  if ("hex" in value && typeof value.hex === "string") return fromHex(value.hex);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, revive(member)]));
}
