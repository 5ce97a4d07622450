/**
 * What can go wrong on purpose. Faults are plain JSON, so that the admin port can take them too.
 *
 * @module
 */

/** A fault, by kind. */
export type Fault =
  /** An error in place of the answer; after the request was carried out or, by default, without doing so. */
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly phase?: "before" | "after";
      readonly format?: "json" | "html";
      readonly code?: number;
      readonly message?: string;
      /** More fields of the JSON, as the `attachments` of a 20009. */
      readonly details?: Readonly<Record<string, unknown>>;
    }
  /** A 429 that no bucket called for; without `retryAfter` (seconds) it has no Retry-After. */
  | {
      readonly kind: "rate-limit";
      readonly scope: "user" | "global" | "shared";
      readonly retryAfter?: number;
    }
  /** The address is banned from this request on, as after too many invalid requests. */
  | { readonly kind: "ban" }
  /** Real time before the first byte of the answer. */
  | { readonly kind: "delay"; readonly ms: number }
  /** The body comes a few bytes at a time. */
  | { readonly kind: "drip"; readonly bytes: number; readonly everyMs: number }
  /** Headers and half of the body, then nothing more. */
  | { readonly kind: "stall" }
  /** The body ends too early; whether the Content-Length gives it away. */
  | { readonly kind: "truncate"; readonly length: "stated" | "absent" }
  /** The connection is reset before the request is read, in the middle of it, or in place of the answer. */
  | { readonly kind: "reset"; readonly phase: "arrival" | "upload" | "answer" }
  /** The request is carried out and never answered. */
  | { readonly kind: "lose-answer" }
  /** JSON is called HTML, and anything else JSON. */
  | { readonly kind: "mislabel" }
  /** Attachments in the answer have another size than was uploaded. */
  | { readonly kind: "wrong-size" }
  /** One bit of the body is changed. */
  | { readonly kind: "flip" }
  /** The CDN answers with as many bytes of another attachment. */
  | { readonly kind: "swap" }
  /** The CDN finds the URL expired. */
  | { readonly kind: "expire-url" }
  /** The CDN answers with the whole file whatever the Range. */
  | { readonly kind: "ignore-range" }
  /** A webhook's message is accepted with 204 and not kept; for requests with `wait=false`. */
  | { readonly kind: "forget-message" }
  /** The channel of the request is deleted before it is handled. */
  | { readonly kind: "delete-channel" }
  /** The webhook of the request is deleted before it is handled. */
  | { readonly kind: "delete-webhook" }
  /** The bot's token is revoked before the request is handled. */
  | { readonly kind: "revoke-token" }
  /** The bot is removed from all its guilds before the request is handled. */
  | { readonly kind: "remove-bot" }
  /** Attachments may have so many bytes from this request on. */
  | { readonly kind: "limit-size"; readonly bytes: number };

/** When a fault strikes: at matching requests, all of them unless something is said. */
export interface FaultRule {
  readonly fault: Fault;
  /** Only requests to this site. */
  readonly site?: "api" | "cdn";
  /** Only requests of this route, e.g. `POST /channels/{channel_id}/messages`. */
  readonly route?: string;
  /** Matching requests that are let through first. */
  readonly skip?: number;
  /** Matching requests that are struck at most. */
  readonly times?: number;
  /** Chance of each matching request to be struck, 0 to 1. */
  readonly probability?: number;
}
