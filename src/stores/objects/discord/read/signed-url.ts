/**
 * Signed URLs of the CDN: `https://cdn.discordapp.com/attachments/…?ex=<hex>&is=<hex>&hm=<hex>&`, good from `is` to `ex`
 * (seconds since the epoch, hexadecimal; Discord documentation, reference, "Signed Attachment CDN URLs").
 *
 * @module
 */

import { parseUrl } from "../parse-url.ts";

/** How long a URL is good. */
export interface UrlLife {
  /** From issue to expiry, ms. */
  readonly lengthMs: number;
  /** Expiry, ms since the epoch by Discord's clock. */
  readonly endsAt: number;
}

/** What a URL says of its life; undefined when it says nothing. */
export function readUrlLife(url: string): UrlLife | undefined {
  const searchParams = parseUrl(url)?.searchParams;
  if (searchParams === undefined) return undefined;
  const expires = secondsOf(searchParams.get("ex"));
  const issued = secondsOf(searchParams.get("is"));
  if (expires === undefined || issued === undefined || expires <= issued) return undefined;
  return { lengthMs: (expires - issued) * 1000, endsAt: expires * 1000 };
}

function secondsOf(hex: string | null): number | undefined {
  return hex !== null && /^[0-9a-f]{1,12}$/i.test(hex) ? Number.parseInt(hex, 16) : undefined;
}
