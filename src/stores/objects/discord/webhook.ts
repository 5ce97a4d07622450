/**
 * A webhook: an address to which whoever knows it may post. Its token is a secret like the bot's.
 *
 * @module
 */
import { inspect } from "node:util";
import { UsageError } from "../../../core/base/errors.ts";
import { parseUrl } from "./parse-url.ts";
import { isSnowflake } from "./snowflake.ts";

const PATH = /\/webhooks\/(\d+)\/([A-Za-z0-9_-]{16,})\/?$/;

/** A webhook's id and token. */
export class WebhookAddress {
  readonly id: string;
  readonly #token: string;

  constructor(id: string, token: string) {
    this.id = id;
    this.#token = token;
  }

  /**
   * Reads a webhook's URL as Discord's client copies it.
   * @throws UsageError USAGE; never repeats the URL
   */
  static parse(url: string): WebhookAddress {
    const path = parseUrl(url.trim())?.pathname ?? "";
    const [, id, token] = PATH.exec(path) ?? [];
    if (token !== undefined && isSnowflake(id)) return new WebhookAddress(id, token);
    throw new UsageError(
      "USAGE",
      "this is no webhook URL: it has the form https://discord.com/api/webhooks/<id>/<token>",
    );
  }

  /** Below the API's base; secret. */
  get path(): string {
    return `/webhooks/${this.id}/${this.#token}`;
  }

  /** The line of a secrets file that {@link parse} reads. */
  get url(): string {
    return `https://discord.com/api${this.path}`;
  }

  toString(): string {
    return `[webhook ${this.id}]`;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/** A webhook, and where it posts. */
export interface Webhook {
  readonly address: WebhookAddress;
  readonly channelId: string;
}
