/**
 * How often what may be done: sizes of the rate limit windows, by what they are for.
 *
 * Discord does not publish them. These were observed in headers or told by its staff; where nothing is known, the
 * number is a guess on the strict side of what clients report.
 *
 * @module
 */

/** What a limit is for. */
export type RateName =
  | "postMessage"
  | "executeWebhook"
  | "deleteFresh"
  | "deleteRecent"
  | "deleteOld"
  | "read"
  | "other"
  | "webhooksOfChannel"
  | "editOldMessages"
  | "renameChannel"
  | "global";

/** So many requests in a window that opens with the first of them. */
export interface Rate {
  readonly limit: number;
  readonly windowMs: number;
}

/** Limits as an application meets them. */
export const DEFAULT_RATES: Readonly<Record<RateName, Rate>> = {
  postMessage: { limit: 5, windowMs: 5000 },
  executeWebhook: { limit: 5, windowMs: 2000 },
  /** Messages younger than 10 s, younger than 14 days, and older. */
  deleteFresh: { limit: 5, windowMs: 1000 },
  deleteRecent: { limit: 3, windowMs: 330 },
  deleteOld: { limit: 30, windowMs: 4000 },
  read: { limit: 10, windowMs: 1000 },
  other: { limit: 10, windowMs: 2000 },
  /** Not in any header: all webhooks of a channel together. */
  webhooksOfChannel: { limit: 30, windowMs: 60_000 },
  /** Not in any header: edits of messages older than an hour, in a channel. */
  editOldMessages: { limit: 3, windowMs: 6000 },
  /** Not in any header: name and topic of a channel. */
  renameChannel: { limit: 2, windowMs: 600_000 },
  /** All requests of a bot; without a token, of an address. */
  global: { limit: 50, windowMs: 1000 },
};
