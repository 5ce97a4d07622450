/**
 * The CDN's one refusal.
 *
 * @module
 */
import { type Reply, textReply } from "../http/reply.ts";

/**
 * What the CDN says whenever it does not serve a file: the same words for a URL that is unsigned, expired or of a
 * deleted file, and for a network that is blocked; only the status differs.
 */
export function refusedReply(reason: "expired" | "blocked"): Reply {
  return textReply(reason === "blocked" ? 403 : 404, "This content is no longer available.");
}
