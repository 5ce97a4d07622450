/**
 * The border between HTTP and what is served over it.
 *
 * @module
 */
import type { HttpRequest } from "./http-request.ts";
import type { Reply } from "./reply.ts";

/** What stands behind a server: the API or the CDN. */
export interface Site {
  readonly name: "api" | "cdn";
  /** `METHOD /path/{template}` of a request; with the path itself when no route matches. */
  routeOf(method: string, path: string): string;
  /** An answer given in front of the site, whatever the request. */
  bar(request: HttpRequest): Reply | undefined;
  serve(request: HttpRequest): Promise<Reply>;
  /** Hears of every answer, also of those that faults gave. */
  note(request: HttpRequest, reply: Reply): void;
}
