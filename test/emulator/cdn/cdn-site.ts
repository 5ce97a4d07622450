/**
 * The CDN: serves attachments, whole or in ranges, to whoever has a URL that is signed and not expired.
 *
 * @module
 */
import type { Discord } from "../discord.ts";
import type { HttpRequest } from "../http/http-request.ts";
import { emptyReply, type Reply, textReply, withHeaders } from "../http/reply.ts";
import type { Site } from "../http/site.ts";
import type { Attachment } from "../model/attachment.ts";
import { decodeRange } from "./byte-range.ts";
import { refusedReply } from "./refused-reply.ts";

const PATH = /^(\/media)?(\/attachments\/(\d+)\/(\d+)\/([^/]+))$/;
const TEMPLATE = "/attachments/{channel_id}/{attachment_id}/{filename}";
const MEDIA_TYPE = /^(?:image|video)\//;

/** The CDN site. */
export class CdnSite implements Site {
  readonly name = "cdn";
  readonly #discord: Discord;

  constructor(discord: Discord) {
    this.#discord = discord;
  }

  routeOf(method: string, path: string): string {
    return `${method} ${PATH.test(path) ? TEMPLATE : path}`;
  }

  /** The ban for invalid requests is the API's alone. */
  bar(): undefined {}

  note(): void {}

  async serve({ method, url, headers }: HttpRequest): Promise<Reply> {
    const { settings, urls, world } = this.#discord;
    if (settings.cdnAccess === "blocked") return refusedReply("blocked");
    if (method !== "GET" && method !== "HEAD") return emptyReply(405);
    const [, media, path, channelId, attachmentId = "", filename] = PATH.exec(url.pathname) ?? [];
    if (path === undefined || !urls.accepts(path, url.searchParams)) return refusedReply("expired");
    const file = world.files.get(attachmentId);
    const attachment = file?.channelId === channelId ? file?.attachment : undefined;
    if (attachment?.filename !== filename || !attachment) return refusedReply("expired");
    if (media && !MEDIA_TYPE.test(attachment.contentType ?? "")) {
      return textReply(415, "Unsupported Media Type");
    }
    return await this.#send(attachment, headers.range);
  }

  async #send(attachment: Attachment, header: string | undefined): Promise<Reply> {
    const { settings, world } = this.#discord;
    const { id, size } = attachment;
    const range = settings.ranges === "ignored" ? "whole" : decodeRange(header, size);
    if (range === "unsatisfiable") {
      return withHeaders(emptyReply(416), { "content-range": `bytes */${size}` });
    }
    const { start, end } = range === "whole" ? { start: 0, end: size } : range;
    const body = await world.files.read(id, start, end);
    if (!body) return refusedReply("expired");
    const reply = { status: range === "whole" ? 200 : 206, headers: headersOf(attachment), body };
    if (range === "whole") return reply;
    return withHeaders(reply, { "content-range": `bytes ${start}-${end - 1}/${size}` });
  }
}

function headersOf({ contentType, digest, filename }: Attachment): Record<string, string> {
  return {
    "content-type": contentType ?? "application/octet-stream",
    "content-disposition": `attachment; filename="${filename}"`,
    "accept-ranges": "bytes",
    "cache-control": "public, max-age=31536000",
    etag: `"${digest.slice(0, 32)}"`,
  };
}
