/**
 * Where an object is, as an {@link ObjectId}: all that is needed to find it again with the bot's token, whatever the
 * config says by then.
 *
 * ```
 * 1 character   "b": posted by the bot, "w": by a webhook
 * base64url of  channel id 8 | message id 8 | attachment id 8 | webhook id 8 (after "w" only)
 * ```
 *
 * An object takes 33 or 44 characters.
 *
 * @module
 */
import { StoreError } from "../../../core/base/errors.ts";
import type { ObjectId } from "../object-store.ts";
import { getSnowflake, putSnowflake, SNOWFLAKE_SIZE } from "./snowflake.ts";

/** An attachment of a message. */
export interface ObjectPlace {
  readonly channelId: string;
  readonly messageId: string;
  readonly attachmentId: string;
  /** The webhook that posted it; undefined when the bot did. */
  readonly webhookId: string | undefined;
}

const PATTERN = /^([bw])([A-Za-z0-9_-]+)$/;

export function encodeObjectId(place: ObjectPlace): ObjectId {
  const { channelId, messageId, attachmentId, webhookId } = place;
  const ids = [channelId, messageId, attachmentId];
  if (webhookId !== undefined) ids.push(webhookId);
  const bytes = Buffer.alloc(ids.length * SNOWFLAKE_SIZE);
  for (const [index, id] of ids.entries()) putSnowflake(bytes, index * SNOWFLAKE_SIZE, id);
  const kind = webhookId === undefined ? "b" : "w";
  return `${kind}${bytes.toString("base64url")}` as ObjectId;
}

/** @throws StoreError STORE_FAILED for an id that another kind of store gave */
export function decodeObjectId(id: ObjectId): ObjectPlace {
  const [, kind, text = ""] = PATTERN.exec(id) ?? [];
  const bytes = Buffer.from(text, "base64url");
  const count = kind === "w" ? 4 : 3;
  if (kind === undefined || bytes.length !== count * SNOWFLAKE_SIZE) {
    throw new StoreError("STORE_FAILED", `${id} is no id of an object at discord`);
  }
  const at = (index: number): string => getSnowflake(bytes, index * SNOWFLAKE_SIZE);
  return {
    channelId: at(0),
    messageId: at(1),
    attachmentId: at(2),
    webhookId: kind === "w" ? at(3) : undefined,
  };
}
