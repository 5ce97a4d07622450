/**
 * Reads the body of a request at the pace of its connection.
 *
 * @module
 */
import type { IncomingMessage } from "node:http";
import type { Pace } from "./pace.ts";

/** A body, or as much of it as was wanted. */
export interface ArrivedBody {
  /** Empty when more than the limit was sent. */
  readonly bytes: Buffer;
  /** Bytes that were sent. */
  readonly size: number;
}

/**
 * Reads to the end, whatever the size, so that the client hears the answer; keeps no more than `keptBytes`.
 *
 * @throws Error when the connection breaks
 */
export async function readBody(
  message: IncomingMessage,
  keptBytes: number,
  pace: Pace,
): Promise<ArrivedBody> {
  let kept: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= keptBytes) kept.push(chunk);
    else kept = [];
    await pace.take(chunk.length);
  }
  return { bytes: size <= keptBytes ? Buffer.concat(kept) : Buffer.alloc(0), size };
}

/** Reads about half of a body and no more; the connection stays. */
export async function readHalf(message: IncomingMessage): Promise<void> {
  const enough = Number(message.headers["content-length"] ?? 0) / 2;
  const chunks: AsyncIterable<Buffer> = message.iterator({ destroyOnReturn: false });
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size >= enough) return;
  }
}
