/**
 * The admin port: for tests whose emulator runs in another process, and for trying things out with curl.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { isObject, parseJson } from "../base/parse-json.ts";
import { jsonReply, type Reply } from "../http/reply.ts";
import { ADMIN_OPERATIONS } from "./admin-operations.ts";
import { AdminError, type AdminRequest, type Controlled } from "./admin-request.ts";

const PREFIX = "/__admin";

/** Answers one request; never rejects. */
export async function handleAdmin(
  controlled: Controlled,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const reply = await answer(controlled, message).catch((error: unknown) => {
    if (error instanceof AdminError) return jsonReply(error.status, { message: error.message });
    return jsonReply(500, { message: String(error) });
  });
  response.writeHead(reply.status, reply.headers).end(reply.body);
}

async function answer(controlled: Controlled, message: IncomingMessage): Promise<Reply> {
  const path = (message.url ?? "").replace(PREFIX, "").split("?")[0] ?? "";
  const [, topic = "", argument] = path.split("/");
  const operation = ADMIN_OPERATIONS[`${message.method} ${topic}`];
  if (!operation) throw new AdminError(404, `no operation ${message.method} ${PREFIX}${path}`);
  const request: AdminRequest = { argument, body: parse(await text(message)) };
  return jsonReply(200, operation(controlled, request) ?? {});
}

function parse(body: string): Record<string, unknown> {
  if (body === "") return {};
  const value = parseJson(body)?.value;
  if (isObject(value)) return value;
  throw new AdminError(400, "the body is no JSON object");
}
