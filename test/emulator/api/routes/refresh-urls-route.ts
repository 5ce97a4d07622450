/**
 * Fresh signatures for many URLs at once.
 *
 * @module
 */
import { jsonReply } from "../../http/reply.ts";
import { ApiError, fieldError } from "../api-error.ts";
import { readJson } from "../body.ts";
import type { Route } from "../call.ts";

const MAX_URLS = 50;

/** Signs URLs anew. Undocumented by Discord, and so there is a setting that takes it away. */
export const REFRESH_URLS_ROUTE: Route = {
  method: "POST",
  path: "/attachments/refresh-urls",
  access: "bot",
  rate: "other",
  handle: (call) => {
    const { settings, urls } = call.discord;
    if (!settings.hasRefreshUrls) throw new ApiError("notFound");
    const given = readJson(call.request).list("attachment_urls", { min: 1, max: MAX_URLS });
    if (!given) {
      throw fieldError("attachment_urls", "BASE_TYPE_REQUIRED", "This field is required");
    }
    const refreshed = given.map((url) => ({
      original: String(url),
      refreshed: urls.refresh(String(url)),
    }));
    return jsonReply(200, { refreshed_urls: refreshed });
  },
};
