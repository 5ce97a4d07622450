/**
 * Which Discord is spoken to: the real one unless the environment names another, such as an emulator on this machine.
 *
 * @module
 */
import { UsageError } from "../../../core/base/errors.ts";
import { parseUrl } from "./parse-url.ts";

/** Addresses of a Discord. */
export interface DiscordService {
  /** Base of the API with its version, without a slash at the end. */
  readonly api: string;
  /** Whether a URL leads to its CDN; other hosts are never contacted. */
  isCdn(url: URL): boolean;
}

const API_VERSION = "v10";
const CDN_HOSTS = new Set(["cdn.discordapp.com", "cdn.discord.com"]);
const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);

/** The real one. */
export const DISCORD: DiscordService = {
  api: `https://discord.com/api/${API_VERSION}`,
  isCdn: ({ protocol, hostname, port }) =>
    protocol === "https:" && CDN_HOSTS.has(hostname) && port === "",
};

/**
 * The one that `DVAULT_DISCORD_API` (base of the API, with or without version) and `DVAULT_DISCORD_CDN` (origin of the
 * CDN; any port of the API's host when left out) name.
 *
 * @throws UsageError USAGE for addresses that would send secrets in the clear
 */
export function serviceOf(env: Readonly<Record<string, string | undefined>>): DiscordService {
  const { DVAULT_DISCORD_API: api, DVAULT_DISCORD_CDN: cdn } = env;
  if (api === undefined || api === "") return DISCORD;
  const base = addressOf("DVAULT_DISCORD_API", api);
  const path = base.pathname.replace(/\/+$/, "");
  const versioned = /\/v\d+$/.test(path) ? path : `${path}/${API_VERSION}`;
  const cdnOrigin =
    cdn === undefined || cdn === "" ? undefined : addressOf("DVAULT_DISCORD_CDN", cdn);
  return {
    api: base.origin + versioned,
    isCdn: ({ origin, protocol, hostname }) =>
      cdnOrigin === undefined
        ? protocol === base.protocol && hostname === base.hostname
        : origin === cdnOrigin.origin,
  };
}

function addressOf(variable: string, text: string): URL {
  const url = parseUrl(text);
  const isSafe =
    url?.protocol === "https:" || (url?.protocol === "http:" && LOOPBACK.has(url.hostname));
  if (url !== undefined && isSafe) return url;
  throw new UsageError("USAGE", `${variable}: give an https:// URL, or http:// on this machine`);
}
