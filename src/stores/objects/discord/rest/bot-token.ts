/**
 * The token of a bot, kept from being printed, and told apart from what people paste in its place.
 *
 * @module
 */
import { inspect } from "node:util";
import { UsageError } from "../../../../core/base/errors.ts";
import { isSnowflake } from "../snowflake.ts";

const SHAPE = /^([A-Za-z0-9_-]{8,})\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{16,}$/;

/** A token in the shape of a bot's. Only Discord can tell whether it is one: users' tokens may look the same. */
export class BotToken {
  /** The bot's own user id, which its token begins with. */
  readonly userId: string;
  readonly #token: string;

  private constructor(token: string, userId: string) {
    this.#token = token;
    this.userId = userId;
  }

  /**
   * Reads a token as it was pasted.
   * @throws UsageError USAGE for what cannot be a bot's token; says what it looks like, and never repeats it
   */
  static parse(text: string): BotToken {
    const token = text.trim().replace(/^Bot\s+/i, "");
    if (token === "") throw refuse("it is empty");
    if (token.startsWith("mfa.")) {
      throw refuse("it is a user's; Discord forbids programs that act as a user");
    }
    if (/^https?:/i.test(token))
      throw refuse("it is a URL; webhooks are given apart from the token");
    const head = SHAPE.exec(token)?.[1];
    if (head === undefined) {
      throw refuse(
        "it has not the form xxx.yyy.zzz; a client secret or public key is not what is needed",
      );
    }
    const userId = Buffer.from(head, "base64url").toString("latin1");
    if (!isSnowflake(userId)) throw refuse("its first part is no bot's id");
    return new BotToken(token, userId);
  }

  /** Value of the Authorization header. With this prefix Discord takes no user's token. */
  get authorization(): string {
    return `Bot ${this.#token}`;
  }

  toString(): string {
    return "[bot token]";
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

function refuse(problem: string): UsageError {
  const advice = "copy it from discord.com/developers, your application, Bot, Reset Token";
  return new UsageError("USAGE", `this is no bot token: ${problem}; ${advice}`);
}
