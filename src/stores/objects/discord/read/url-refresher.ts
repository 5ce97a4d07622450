/**
 * Has URLs signed anew, fifty at a time, by a call that Discord does not document: used only where the user allowed it,
 * and given up for good when it fails.
 *
 * @module
 */
import { asFields, asList, textOf } from "../api/decode.ts";
import { jsonBody } from "../http/request-body.ts";
import type { Rest } from "../rest/rest.ts";

/** Most URLs of one call. */
const URLS_MAX = 50;

interface Wish {
  readonly url: string;
  readonly resolve: (fresh: string | undefined) => void;
}

/** The fast way to fresh URLs. */
export class UrlRefresher {
  readonly #rest: Rest;
  readonly #closing: AbortSignal;
  #wishes: Wish[] = [];
  #isUsable = true;

  /** @param closing - ends all calls */
  constructor(rest: Rest, closing: AbortSignal) {
    this.#rest = rest;
    this.#closing = closing;
  }

  /** @returns a fresh URL, or undefined when this way is not open */
  refresh(url: string): Promise<string | undefined> {
    if (!this.#isUsable) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#wishes.push({ url, resolve });
      if (this.#wishes.length === 1) queueMicrotask(() => this.#callAll());
    });
  }

  async #callAll(): Promise<void> {
    while (this.#wishes.length > 0) {
      const wishes = this.#wishes.slice(0, URLS_MAX);
      const fresh = await this.#call(wishes.map(({ url }) => url));
      this.#wishes = this.#wishes.slice(wishes.length);
      for (const { url, resolve } of wishes) resolve(fresh.get(url));
    }
  }

  async #call(urls: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (!this.#isUsable) return new Map();
    const request = {
      what: `refresh ${urls.length} URLs`,
      method: "POST",
      path: "/attachments/refresh-urls",
      gates: { route: "refresh urls", major: "", caller: "bot" },
      body: jsonBody({ attachment_urls: urls }),
      repeatableMs: Number.POSITIVE_INFINITY,
      decode: decodeRefreshed,
    } as const;
    try {
      return await this.#rest.request(request, { signal: this.#closing });
    } catch {
      this.#isUsable = false;
      return new Map();
    }
  }
}

function decodeRefreshed(json: unknown): ReadonlyMap<string, string> {
  const pairs = asList(asFields(json).refreshed_urls, (pair): [string, string] => {
    const fields = asFields(pair);
    return [textOf(fields, "original"), textOf(fields, "refreshed")];
  });
  return new Map(pairs);
}
