/**
 * Answers that look right and are not.
 *
 * @module
 */
import type { Discord } from "../discord.ts";
import type { HttpRequest } from "../http/http-request.ts";
import { type Reply, withHeaders } from "../http/reply.ts";

const JSON_TYPE = "application/json";
const ATTACHMENT_IN_PATH = /\/attachments\/\d+\/(\d+)\//;
const RANGE_START = /^bytes (\d+)-/;

/** Calls JSON HTML, and anything else JSON. */
export function mislabel(reply: Reply): Reply {
  const isJson = reply.headers["content-type"] === JSON_TYPE;
  return withHeaders(reply, { "content-type": isJson ? "text/html" : JSON_TYPE });
}

/** Adds one to the size of every attachment in a JSON answer. */
export function misstateSizes(reply: Reply): Reply {
  if (reply.headers["content-type"] !== JSON_TYPE) return reply;
  const wrong: unknown = JSON.parse(Buffer.from(reply.body).toString(), (key, value: unknown) =>
    key === "size" && typeof value === "number" ? value + 1 : value,
  );
  return { ...reply, body: Buffer.from(JSON.stringify(wrong)) };
}

/** Changes the lowest bit of the byte in the middle. */
export function flipBit(reply: Reply): Reply {
  const body = Uint8Array.from(reply.body);
  const middle = body.length >> 1;
  if (body.length > 0) body[middle] = (body[middle] as number) ^ 1;
  return { ...reply, body };
}

/** The same stretch of another attachment, filled up with zeros; the answer as it was when there is no other. */
export async function swapBytes(
  reply: Reply,
  { url }: HttpRequest,
  { world: { files } }: Discord,
): Promise<Reply> {
  const other = files.another(ATTACHMENT_IN_PATH.exec(url.pathname)?.[1] ?? "");
  if (!other || reply.status >= 300) return reply;
  const start = Number(RANGE_START.exec(reply.headers["content-range"] ?? "")?.[1] ?? 0);
  const bytes = await files.read(other.attachment.id, start, start + reply.body.length);
  const body = new Uint8Array(reply.body.length);
  body.set(bytes ?? []);
  return { ...reply, body };
}
