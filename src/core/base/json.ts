/**
 * JSON that somebody else wrote.
 *
 * @module
 */

/** An object whose fields are not known yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a decoded value is an object, and no list. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Decodes an object; one without fields stands for all that is none. */
export function parseJsonObject(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}
