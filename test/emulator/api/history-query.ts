/**
 * Query parameters of lists.
 *
 * @module
 */
import { isSnowflake } from "../base/snowflake.ts";
import type { HistoryQuery } from "../model/message-history.ts";
import { fieldError } from "./api-error.ts";

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 100;

/**
 * What List Messages was asked for; of `around`, `before` and `after`, the first that is given counts.
 *
 * @throws ApiError invalidForm
 */
export function decodeHistoryQuery(query: URLSearchParams): HistoryQuery {
  const limit = decodeLimit(query, DEFAULT_LIMIT, MAX_LIMIT);
  for (const name of ["around", "before", "after"] as const) {
    const id = query.get(name);
    if (id === null) continue;
    if (isSnowflake(id)) return { [name]: id, limit };
    throw fieldError(name, "NUMBER_TYPE_COERCE", `Value "${id}" is not snowflake.`);
  }
  return { limit };
}

/**
 * The parameter `limit`.
 *
 * @throws ApiError invalidForm
 */
export function decodeLimit(query: URLSearchParams, standard: number, max: number): number {
  const text = query.get("limit");
  if (text === null) return standard;
  const limit = Number(text);
  if (Number.isSafeInteger(limit) && limit >= 1 && limit <= max) return limit;
  throw fieldError("limit", "NUMBER_TYPE_RANGE", `int value should be 1 to ${max}.`);
}
