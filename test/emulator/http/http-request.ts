/**
 * Requests.
 *
 * @module
 */
import type { IncomingHttpHeaders } from "node:http";

/** A request as it arrived, body and all. */
export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly remoteAddress: string;
  /** Empty when the body was larger than is taken. */
  readonly body: Buffer;
  /** Bytes of body that were sent, kept or not. */
  readonly bodySize: number;
}
