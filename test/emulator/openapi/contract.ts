/**
 * Holds both sides of a conversation to Discord's published description: what clients sent, if it was accepted, and
 * whatever the emulator answered.
 *
 * @module
 */
import type { ErrorObject } from "ajv/dist/2020.js";
import type { ApiObserver } from "../api/api-site.ts";
import { readBody } from "../api/body.ts";
import type { Route } from "../api/call.ts";
import type { HttpRequest } from "../http/http-request.ts";
import type { Reply } from "../http/reply.ts";
import type { Parameter, Pointer, PublishedApi } from "./published-api.ts";

/** Operations that Discord has and does not publish. */
const UNPUBLISHED: ReadonlySet<string> = new Set(["POST /attachments/refresh-urls"]);

/** Collects violations. */
export class Contract {
  readonly #api: PublishedApi;
  #violations: string[] = [];

  constructor(api: PublishedApi) {
    this.#api = api;
  }

  /** What was wrong since the last call, a line each. */
  take(): string[] {
    const violations = this.#violations;
    this.#violations = [];
    return violations;
  }

  /** To be given to an emulator. */
  readonly observe: ApiObserver = async (route, request, reply) => {
    const name = `${route.method} ${route.path}`;
    if (UNPUBLISHED.has(name)) return;
    const operation = ["paths", route.path, route.method.toLowerCase()];
    if (!this.#api.find(operation)) {
      this.#violations.push(`${name}: not in the description`);
      return;
    }
    const wrong = [...this.#checkReply(operation, reply)];
    if (reply.status < 300) {
      wrong.push(...this.#checkQuery(route, request));
      wrong.push(...(await this.#checkBody(operation, request)));
    }
    this.#violations.push(...wrong.map((what) => `${name}: ${what}`));
  };

  #checkReply(operation: Pointer, { status, headers, body }: Reply): string[] {
    const described =
      this.#api.find([...operation, "responses", String(status)]) ??
      this.#api.find([...operation, "responses", `${Math.floor(status / 100)}XX`]);
    if (!described) return [`status ${status} is not described`];
    const schema = this.#api.find([
      ...described.pointer,
      "content",
      "application/json",
      "schema",
    ])?.pointer;
    if (!schema) return body.length === 0 ? [] : [`${status} has a body`];
    if (headers["content-type"] !== "application/json") return [`${status} is not JSON`];
    const errors = this.#api.errors(schema, JSON.parse(Buffer.from(body).toString()));
    return errors.filter((error) => !isAllowed(status, error)).map(describe(`answer ${status}`));
  }

  #checkQuery(route: Route, { url }: HttpRequest): string[] {
    const operation = ["paths", route.path, route.method.toLowerCase()];
    const parameters = (this.#api.find([...operation, "parameters"])?.value ?? []) as Parameter[];
    const wrong: string[] = [];
    for (const [name, text] of url.searchParams) {
      const index = parameters.findIndex((one) => one.in === "query" && one.name === name);
      if (index < 0) wrong.push(`query ${name} is not described`);
      const schema = this.#api.find([...operation, "parameters", String(index), "schema"]);
      if (!schema) continue;
      const value = coerce(text, (schema.value as { type?: unknown }).type);
      wrong.push(...this.#api.errors(schema.pointer, value).map(describe(`query ${name}`)));
    }
    return wrong;
  }

  async #checkBody(operation: Pointer, request: HttpRequest): Promise<string[]> {
    const schema = this.#api.find([
      ...operation,
      "requestBody",
      "content",
      "application/json",
      "schema",
    ])?.pointer;
    if (!schema) return request.bodySize === 0 ? [] : ["request has a body"];
    const { fields } = await readBody(request);
    return this.#api.errors(schema, fields.values).map(describe("request"));
  }
}

/** Where description and documentation disagree, the documentation is to be followed. */
function isAllowed(status: number, { keyword, params, instancePath }: ErrorObject): boolean {
  // By the documentation the ordinary 429 has no code, and the codes of form errors are words.
  const lacksCode = keyword === "required" && params.missingProperty === "code";
  return (status === 429 && lacksCode) || (status === 400 && instancePath.startsWith("/errors"));
}

function coerce(text: string, type: unknown): unknown {
  if (type === "integer") return Number(text);
  if (type === "boolean") return text === "true" || (text === "false" ? false : text);
  return text;
}

function describe(where: string): (error: ErrorObject) => string {
  return ({ instancePath, message }) => `${where}${instancePath} ${message}`;
}
