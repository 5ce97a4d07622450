/**
 * Requests that Discord refuses, in words that say what to do.
 *
 * @module
 */
import { StoreError, type StoreErrorCode } from "../../../../core/base/errors.ts";
import type { Refusal } from "./api-answer.ts";

/** Codes of Discord that something depends on (Discord documentation, topics/opcodes-and-status-codes, "JSON"). */
export const ApiCode = {
  unknownChannel: 10_003,
  unknownGuild: 10_004,
  unknownMessage: 10_008,
  unknownWebhook: 10_015,
  flaggedContent: 20_009,
  verifyAccount: 40_002,
  tooLarge: 40_005,
  blocked: 40_333,
  missingAccess: 50_001,
  missingPermissions: 50_013,
  invalidWebhookToken: 50_027,
  tooOldToBulkDelete: 50_034,
  invalidForm: 50_035,
  uploadsLimited: 400_001,
} as const;

const WORDS: Readonly<Record<number, string>> = {
  [ApiCode.unknownChannel]: "the channel does not exist (any more)",
  [ApiCode.unknownGuild]: "the server does not exist, or the bot is not in it: invite the bot",
  [ApiCode.unknownMessage]: "the message does not exist (any more)",
  [ApiCode.unknownWebhook]: "the webhook does not exist (any more): remove it from the config",
  [ApiCode.flaggedContent]: "an attachment was flagged as explicit content",
  [ApiCode.verifyAccount]: "the account must be verified first",
  [ApiCode.tooLarge]: "it is too large",
  [ApiCode.blocked]: "this client is blocked",
  [ApiCode.missingAccess]: "the bot cannot see the channel: give it View Channel there",
  [ApiCode.missingPermissions]:
    "a permission is missing: the bot needs View Channel, Send Messages, Attach Files and Read Message History there",
  [ApiCode.invalidWebhookToken]: "the webhook's URL is not valid (any more): give its new URL",
  [ApiCode.uploadsLimited]: "uploads of this account are limited at the moment",
};

/** The answer to a message that exists, when Discord mistrusts who asks: no sign that the message is gone. */
const MISTRUSTED = "discord hides the message from this client for now (anti-abuse block)";

/** A request that was refused, and would be again. */
export class RefusedError extends StoreError {
  readonly status: number;
  /** One of Discord's codes, of which {@link ApiCode} names some. */
  readonly apiCode: number | undefined;

  /** @param what - what was asked for, to follow "to" */
  constructor(what: string, refusal: Refusal) {
    const { status, code } = refusal;
    const numbers = code === undefined ? `${status}` : `${status}, code ${code}`;
    super(codeOf(refusal), `discord refuses to ${what}: ${wordsOf(refusal)} (${numbers})`);
    this.status = status;
    this.apiCode = code;
  }

  /** Whether this is proof that a message is gone: only 404 is, and only with this code. */
  get isMessageGone(): boolean {
    return this.status === 404 && this.apiCode === ApiCode.unknownMessage;
  }

  /** Whether something was too large. */
  get isTooLarge(): boolean {
    return this.status === 413 || this.apiCode === ApiCode.tooLarge;
  }
}

function codeOf({ status, code }: Refusal): StoreErrorCode {
  if (status === 413 || code === ApiCode.tooLarge) return "STORE_FULL";
  if (status === 401 || status === 403) return "STORE_DENIED";
  return status === 404 ? "STORE_MISSING" : "STORE_FAILED";
}

function wordsOf({ status, code, message }: Refusal): string {
  if (status === 403 && code === ApiCode.unknownMessage) return MISTRUSTED;
  const known = code === undefined ? undefined : WORDS[code];
  if (known !== undefined) return known;
  if (status === 413) return WORDS[ApiCode.tooLarge] as string;
  return message ?? "no reason was given";
}
