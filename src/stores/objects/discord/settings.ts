/**
 * Numbers the Discord store goes by. None of them enters the format; each may change from one mount to the next.
 *
 * @module
 */

const KIB = 1024;
const MIB = 1024 * KIB;
const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** So many requests in a window that opens with the first of them. */
export interface Allowance {
  readonly limit: number;
  readonly windowMs: number;
}

/** See {@link DEFAULT_SETTINGS} for the values. */
export interface DiscordSettings {
  /** Requests of the bot, and of this address without a token. Documented. */
  readonly global: Allowance;
  /** Posts by all webhooks of one channel: in no header, so kept to from the start. */
  readonly webhooksOfChannel: Allowance;
  /** Edits of messages older than an hour in one channel: in no header either. */
  readonly editsOfOldMessages: Allowance;
  /** Added to every reset time, ms. */
  readonly marginMs: number;
  /** Most time one call waits for limits before it fails, ms. */
  readonly limitPatienceMs: number;
  /** Refused requests (401, 403, 429) within ten minutes at which everything stops; Discord bans at 10,000. */
  readonly refusalsMax: number;

  /** Tries of a request that failed for a reason that may pass. */
  readonly tries: number;
  /** First and longest pause between two of them, ms. */
  readonly backoff: { readonly firstMs: number; readonly maxMs: number };
  /** For how long a nonce is trusted to keep a repeated post from being doubled; Discord promises "a few minutes". */
  readonly nonceTrustMs: number;
  /** A message younger than this may not be readable everywhere yet. */
  readonly readLagMs: number;

  /** Silence on a connection after which it is given up, ms. */
  readonly silenceMs: number;
  /** Time from a request's last byte to the answer's first, ms. */
  readonly answerMs: number;
  /** As `answerMs`, and silence on the connection after it, for the first try of a part of a file; doubled with each, ms. */
  readonly partAnswerMs: number;
  /** Every transfer must be faster than this on average, bytes a second. */
  readonly slowestRate: number;
  /** Connections kept to the API and to the CDN. */
  readonly connections: { readonly api: number; readonly cdn: number };
  /** Pause of all reads when the CDN says 429 and not how long, ms. */
  readonly cdnPauseMs: number;

  /** Largest attachment to begin with, bytes. */
  readonly objectBytes: number;
  /** Largest sum of attachments in one message, bytes: what a request of 25 MiB holds beside its other parts. */
  readonly messageBytes: number;
  /** Signed URLs remembered. */
  readonly urlsKept: number;
  /** When a lane of the bot that failed is tried again, ms. */
  readonly laneRestMs: number;
}

/** What is used when nothing else is said. */
export const DEFAULT_SETTINGS: DiscordSettings = {
  global: { limit: 50, windowMs: SECOND },
  webhooksOfChannel: { limit: 30, windowMs: MINUTE },
  editsOfOldMessages: { limit: 3, windowMs: 6 * SECOND },
  marginMs: 20,
  limitPatienceMs: 15 * MINUTE,
  refusalsMax: 1000,
  tries: 5,
  backoff: { firstMs: 500, maxMs: 15 * SECOND },
  nonceTrustMs: 2 * MINUTE,
  readLagMs: 30 * SECOND,
  silenceMs: 30 * SECOND,
  answerMs: 60 * SECOND,
  partAnswerMs: 15 * SECOND,
  slowestRate: 32 * KIB,
  connections: { api: 16, cdn: 24 },
  cdnPauseMs: MINUTE,
  objectBytes: 8 * MIB,
  messageBytes: 25 * MIB - 64 * KIB,
  urlsKept: 20_000,
  laneRestMs: 5 * MINUTE,
};
