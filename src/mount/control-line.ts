/**
 * Lines over a stream, each of bounded length.
 *
 * @module
 */
import type { Socket } from "node:net";

/** Longest request or answer, characters: any path, and any list of snapshots. */
const LINE_MAX = 1_048_576;

/**
 * Yields the lines that arrive, without their line ends, until the other side ends or sends a longer one.
 * An unfinished last line is dropped.
 */
export async function* readLines(socket: Socket): AsyncGenerator<string> {
  let pending = "";
  socket.setEncoding("utf8");
  for await (const piece of socket) {
    pending += piece as string;
    for (let end = pending.indexOf("\n"); end >= 0; end = pending.indexOf("\n")) {
      yield pending.slice(0, end);
      pending = pending.slice(end + 1);
    }
    if (pending.length > LINE_MAX) return;
  }
}
