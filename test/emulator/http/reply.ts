/**
 * Answers, complete before their first byte is sent, so that faults can change any part of them.
 *
 * @module
 */

/** An HTTP answer. */
export interface Reply {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

const NO_BYTES = new Uint8Array(0);

/** A value as JSON. */
export function jsonReply(status: number, value: unknown): Reply {
  const body = Buffer.from(JSON.stringify(value));
  return { status, headers: { "content-type": "application/json" }, body };
}

/** A text as such. */
export function textReply(status: number, text: string): Reply {
  const headers = { "content-type": "text/plain; charset=utf-8" };
  return { status, headers, body: Buffer.from(text) };
}

/** A page such as Cloudflare puts in place of an answer. */
export function htmlReply(status: number, title: string): Reply {
  const head = `<head><title>${title}</title></head>`;
  const page = `<html>${head}<body><center><h1>${title}</h1></center></body></html>\n`;
  return { status, headers: { "content-type": "text/html" }, body: Buffer.from(page) };
}

/** An answer without a body. */
export function emptyReply(status = 204): Reply {
  return { status, headers: {}, body: NO_BYTES };
}

/** The same answer with more headers. */
export function withHeaders(reply: Reply, headers: Readonly<Record<string, string>>): Reply {
  return { ...reply, headers: { ...reply.headers, ...headers } };
}

/** An answer as it comes from Discord itself. What the edge answers has no Via, and clients tell a ban by that. */
export function fromOrigin(reply: Reply): Reply {
  return withHeaders(reply, { via: "1.1 google" });
}
