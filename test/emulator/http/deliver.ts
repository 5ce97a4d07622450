/**
 * Sends answers, in one of the many ways in which networks fail to.
 *
 * @module
 */
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { PACED_PIECE, type Pace } from "./pace.ts";
import type { Reply } from "./reply.ts";

/**
 * How an answer ends:
 * - `whole`: as it should;
 * - `reset`: the connection is reset before its first byte;
 * - `silence`: nothing is ever sent;
 * - `stall`: headers and half of the body, then nothing more;
 * - `cut`: the connection ends in the middle of the body, short of the Content-Length;
 * - `cut-unnoticed`: the same, but there is no Content-Length to tell.
 */
export type Ending = "whole" | "reset" | "silence" | "stall" | "cut" | "cut-unnoticed";

/** The way an answer takes. */
export interface Delivery {
  /** Real time before the first byte. */
  readonly delayMs: number;
  /** Body bytes that are sent at a time; all at once when undefined. */
  readonly drip: { readonly bytes: number; readonly everyMs: number } | undefined;
  readonly ending: Ending;
}

/** An answer without trouble. */
export const PLAIN_DELIVERY: Delivery = { delayMs: 0, drip: undefined, ending: "whole" };

/** What an answer is sent with. */
export interface Line {
  readonly pace: Pace;
  /** Ends waits by rejecting. */
  readonly signal: AbortSignal;
}

/**
 * @returns bytes of body that were sent
 * @throws Error when the signal ends a wait
 */
export async function deliver(
  response: ServerResponse,
  reply: Reply,
  delivery: Delivery,
  line: Line,
): Promise<number> {
  const { signal } = line;
  if (delivery.delayMs > 0) await sleep(delivery.delayMs, undefined, { signal });
  const ending = endingFor(reply, delivery.ending);
  if (ending === "reset") {
    response.socket?.resetAndDestroy();
    return 0;
  }
  if (ending === "silence") {
    await closed(response);
    return 0;
  }
  sendHead(response, reply, ending);
  const body = ending === "whole" ? reply.body : reply.body.subarray(0, reply.body.length >> 1);
  const sent = response.req.method === "HEAD" ? 0 : await sendBody(response, body, delivery, line);
  if (ending === "stall") await closed(response);
  else if (ending === "cut") response.socket?.destroy();
  else response.end();
  return sent;
}

/** An answer without a body can be neither cut nor stalled: it is lost instead. */
function endingFor(reply: Reply, ending: Ending): Ending {
  if (reply.body.length > 0) return ending;
  if (ending === "stall") return "silence";
  return ending === "cut" || ending === "cut-unnoticed" ? "reset" : ending;
}

function sendHead(response: ServerResponse, reply: Reply, ending: Ending): void {
  const headers: Record<string, string> = { ...reply.headers };
  if (ending === "cut-unnoticed") {
    headers.connection = "close";
    response.useChunkedEncodingByDefault = false;
  } else if (reply.status !== 204) {
    headers["content-length"] ??= String(reply.body.length);
  }
  response.sendDate = false;
  response.writeHead(reply.status, headers);
  response.flushHeaders();
}

async function sendBody(
  response: ServerResponse,
  body: Uint8Array,
  delivery: Delivery,
  { pace, signal }: Line,
): Promise<number> {
  const step = delivery.drip?.bytes ?? (pace.isLimited() ? PACED_PIECE : body.length);
  let sent = 0;
  while (sent < body.length && !response.destroyed) {
    const piece = body.subarray(sent, sent + step);
    await pace.take(piece.length);
    if (delivery.drip) await sleep(delivery.drip.everyMs, undefined, { signal });
    sent += piece.length;
    if (!response.write(piece)) await writable(response);
  }
  return sent;
}

/** Returns when more can be written, or when there is nobody left to write to. */
async function writable(response: ServerResponse): Promise<void> {
  if (response.destroyed) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      response.off("drain", done).off("close", done);
      resolve();
    };
    response.on("drain", done).on("close", done);
  });
}

async function closed(response: ServerResponse): Promise<void> {
  if (!response.destroyed) await once(response, "close");
}
