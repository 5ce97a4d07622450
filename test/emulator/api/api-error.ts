/**
 * Refusals, as handlers throw them and as clients get them.
 *
 * @module
 */
import { jsonReply, type Reply } from "../http/reply.ts";
import { API_ERRORS, type ApiErrorName } from "./error-codes.ts";

/** What is wrong with one field of a form. */
export interface FieldError {
  readonly code: string;
  readonly message: string;
}

/** Errors of a form by path, e.g. `attachments.0.filename`; an empty path is the form itself. */
export type FieldErrors = Readonly<Record<string, FieldError>>;

/** A request that is refused. */
export class ApiError extends Error {
  readonly #name: ApiErrorName;
  readonly #fields: FieldErrors | undefined;

  constructor(name: ApiErrorName, fields?: FieldErrors) {
    super(API_ERRORS[name][2]);
    this.#name = name;
    this.#fields = fields;
  }

  reply(): Reply {
    const [status, code, message] = API_ERRORS[this.#name];
    const errors = this.#fields ? { errors: nest(this.#fields) } : {};
    return jsonReply(status, { message, code, ...errors });
  }
}

/** A form that is refused for one of its fields. */
export function fieldError(path: string, code: string, message: string): ApiError {
  return new ApiError("invalidForm", { [path]: { code, message } });
}

interface ErrorTree {
  [field: string]: ErrorTree | FieldError[];
}

/** `{ "a.0": e }` becomes `{ a: { 0: { _errors: [e] } } }`. */
function nest(fields: FieldErrors): ErrorTree {
  const root: ErrorTree = {};
  for (const [path, error] of Object.entries(fields)) {
    let tree = root;
    for (const name of path.split(".").filter(Boolean)) {
      tree[name] ??= {};
      tree = tree[name] as ErrorTree;
    }
    tree._errors = [error];
  }
  return root;
}
