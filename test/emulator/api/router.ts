/**
 * Finds the route of a request.
 *
 * @module
 */
import { isSnowflake } from "../base/snowflake.ts";
import { ApiError, fieldError } from "./api-error.ts";
import type { Route } from "./call.ts";

/** Versions of the API that are served; they do not differ here. */
const PREFIX = /^\/api\/v(?:9|10)(?=\/)/;

/** A route and what its path's names stand for. */
export interface Match {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/** All routes. */
export class Router {
  readonly #routes: readonly { readonly route: Route; readonly names: readonly string[] }[];

  constructor(routes: readonly Route[]) {
    this.#routes = routes.map((route) => ({ route, names: route.path.split("/").slice(1) }));
  }

  /** `METHOD /path/{template}` of a request; with the path itself when there is no such route. */
  routeOf(method: string, path: string): string {
    const route = this.#candidates(path).find(({ route }) => route.method === method)?.route;
    return `${method} ${route?.path ?? path}`;
  }

  /** @throws ApiError notFound, methodNotAllowed; invalidForm for an id that is no snowflake */
  match(method: string, path: string): Match {
    const candidates = this.#candidates(path);
    if (candidates.length === 0) throw new ApiError("notFound");
    const match = candidates.find(({ route }) => route.method === method);
    if (!match) throw new ApiError("methodNotAllowed");
    for (const [name, value] of Object.entries(match.params)) {
      if (name.endsWith("_id") && !isSnowflake(value)) {
        throw fieldError(name, "NUMBER_TYPE_COERCE", `Value "${value}" is not snowflake.`);
      }
    }
    return match;
  }

  /** Routes of any method that fit a path, those with fewer names first. */
  #candidates(path: string): Match[] {
    if (!PREFIX.test(path)) return [];
    const parts = path.replace(PREFIX, "").split("/").slice(1);
    return this.#routes
      .filter(({ names }) => names.length === parts.length && names.every(fits(parts)))
      .sort((a, b) => a.names.filter(isName).length - b.names.filter(isName).length)
      .map(({ route, names }) => ({ route, params: paramsOf(names, parts) }));
  }
}

function fits(parts: readonly string[]): (name: string, index: number) => boolean {
  return (name, index) => isName(name) || name === parts[index];
}

function paramsOf(names: readonly string[], parts: readonly string[]): Record<string, string> {
  const pairs = names.map((name, index) => [name.slice(1, -1), parts[index] ?? ""] as const);
  return Object.fromEntries(pairs.filter((_, index) => isName(names[index] ?? "")));
}

function isName(part: string): boolean {
  return part.startsWith("{");
}
