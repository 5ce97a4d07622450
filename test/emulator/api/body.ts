/**
 * Request bodies: JSON, or multipart with the JSON in `payload_json` and files in `files[n]`.
 *
 * @module
 */
import { isObject, parseJson } from "../base/parse-json.ts";
import type { HttpRequest } from "../http/http-request.ts";
import { ApiError, fieldError } from "./api-error.ts";
import { FormFields } from "./form-fields.ts";
import { readParts, type UploadedFile } from "./multipart.ts";

const JSON_TYPE = /^application\/json\b/i;
const MULTIPART_TYPE = /^multipart\/form-data\b/i;

/** A body taken apart. */
export interface Body {
  readonly fields: FormFields;
  readonly files: readonly UploadedFile[];
}

/** @throws ApiError invalidJson, invalidForm */
export function readJson({ headers, body }: HttpRequest): FormFields {
  if (!JSON_TYPE.test(headers["content-type"] ?? "")) throw wrongType("application/json");
  return parseFields(body.toString());
}

/** @throws ApiError invalidJson, invalidForm */
export async function readBody(request: HttpRequest): Promise<Body> {
  const type = request.headers["content-type"] ?? "";
  if (JSON_TYPE.test(type)) return { fields: readJson(request), files: [] };
  if (!MULTIPART_TYPE.test(type)) throw wrongType("application/json", "multipart/form-data");
  const { texts, files } = await readParts(request).catch(() => {
    throw fieldError("", "MULTIPART_MALFORMED", "The multipart body is malformed.");
  });
  return { fields: parseFields(texts.get("payload_json") ?? "{}"), files };
}

function parseFields(text: string): FormFields {
  const json = parseJson(text);
  if (!json) throw new ApiError("invalidJson");
  if (isObject(json.value)) return new FormFields(json.value);
  throw fieldError("", "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType");
}

function wrongType(...accepted: readonly string[]): ApiError {
  const types = accepted.map((type) => `'${type}'`).join(", ");
  const message = `Expected "Content-Type" header to be one of {${types}}.`;
  return fieldError("", "CONTENT_TYPE_INVALID", message);
}
