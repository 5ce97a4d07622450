/**
 * Numbers about the conversation with clients.
 *
 * @module
 */

import type { Fault } from "../faults/fault.ts";

/** What tests count. */
export interface Counters {
  /** Requests by site. */
  apiRequests: number;
  cdnRequests: number;
  /** Requests that carried files which were kept. */
  uploads: number;
  filesUploaded: number;
  bytesUploaded: number;
  /** Body bytes that the CDN sent. */
  bytesDownloaded: number;
  messagesPosted: number;
  messagesDeleted: number;
  /** Messages posted by clients with the same content and files as one that was there. */
  duplicates: number;
  /** Requests to post that `enforce_nonce` answered with an earlier message. */
  nonceHits: number;
  /** Answers of 429, faults included. */
  rateLimited: number;
  /** Requests while their address was banned. */
  requestsWhileBanned: number;
  faults: number;
  /** The same by kind; kinds that never struck are left out. */
  readonly faultsByKind: Partial<Record<Fault["kind"], number>>;
  /** Requests being handled, now and at most; of both sites together. */
  inFlight: number;
  inFlightPeak: number;
}

/** Counters before the first request. */
export function newCounters(): Counters {
  return {
    apiRequests: 0,
    cdnRequests: 0,
    uploads: 0,
    filesUploaded: 0,
    bytesUploaded: 0,
    bytesDownloaded: 0,
    messagesPosted: 0,
    messagesDeleted: 0,
    duplicates: 0,
    nonceHits: 0,
    rateLimited: 0,
    requestsWhileBanned: 0,
    faults: 0,
    faultsByKind: {},
    inFlight: 0,
    inFlightPeak: 0,
  };
}
