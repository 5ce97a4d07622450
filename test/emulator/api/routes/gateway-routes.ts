/**
 * Where the gateway would be. There is none: these answers exist for clients that ask before they start.
 *
 * @module
 */
import { jsonReply } from "../../http/reply.ts";
import type { Route } from "../call.ts";

const GATEWAY = { url: "wss://gateway.invalid" };
const DAY_MS = 86_400_000;

/** Static answers. */
export const GATEWAY_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/gateway",
    access: "open",
    rate: "other",
    handle: () => jsonReply(200, GATEWAY),
  },
  {
    method: "GET",
    path: "/gateway/bot",
    access: "bot",
    rate: "other",
    handle: () => {
      const limit = { total: 1000, remaining: 1000, reset_after: DAY_MS, max_concurrency: 1 };
      return jsonReply(200, { ...GATEWAY, shards: 1, session_start_limit: limit });
    },
  },
];
