/**
 * Signed, expiring CDN URLs: `<origin>/attachments/<channel>/<attachment>/<filename>?ex=<hex>&is=<hex>&hm=<hex>&`,
 * where `ex` and `is` are the seconds of expiry and issue and `hm` is an HMAC-SHA-256 over path and both.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { EmulatorClock } from "../base/clock.ts";

const ATTACHMENT_PATH = /^\/(?:ephemeral-)?attachments\/\d+\/\d+\/[^/]+$/;

/** What a signer depends on. */
export interface SignerOptions {
  readonly secret: string;
  readonly clock: EmulatorClock;
  readonly lifetimeMs: () => number;
  /** Of the CDN, without a slash at the end. */
  readonly origin: () => string;
}

/** Signs and checks URLs. */
export class UrlSigner {
  readonly #options: SignerOptions;

  constructor(options: SignerOptions) {
    this.#options = options;
  }

  /** @param path - `/attachments/<channel>/<attachment>/<filename>` */
  sign(path: string): string {
    return `${this.#options.origin()}${path}?${this.#query(path)}`;
  }

  /** The address at the media proxy, which serves images and nothing else. */
  signProxied(path: string): string {
    return `${this.#options.origin()}/media${path}?${this.#query(path)}`;
  }

  /** Whether a URL was signed by this signer and has not expired. */
  accepts(path: string, query: URLSearchParams): boolean {
    const [expires, issued, proof] = ["ex", "is", "hm"].map((name) => query.get(name) ?? "");
    const expected = this.#proof(path, expires as string, issued as string);
    const given = Buffer.from(proof as string);
    if (given.length !== expected.length || !timingSafeEqual(given, Buffer.from(expected))) {
      return false;
    }
    return Number.parseInt(expires as string, 16) * 1000 > this.#options.clock.now();
  }

  /** Signs a URL anew, whoever signed it and whether or not it is still good; other parameters stay. */
  refresh(url: string): string {
    if (!URL.canParse(url)) return url;
    const { pathname, searchParams } = new URL(url);
    if (!ATTACHMENT_PATH.test(pathname)) return url;
    for (const name of ["ex", "is", "hm"]) searchParams.delete(name);
    return this.sign(pathname) + searchParams.toString();
  }

  #query(path: string): string {
    const issuedAt = Math.floor(this.#options.clock.now() / 1000);
    const expiresAt = issuedAt + Math.ceil(this.#options.lifetimeMs() / 1000);
    const [expires, issued] = [expiresAt.toString(16), issuedAt.toString(16)];
    return `ex=${expires}&is=${issued}&hm=${this.#proof(path, expires, issued)}&`;
  }

  #proof(path: string, expires: string, issued: string): string {
    const signed = [path, expires, issued].join("\n");
    return createHmac("sha256", this.#options.secret).update(signed).digest("hex");
  }
}
