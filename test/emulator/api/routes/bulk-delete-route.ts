/**
 * Deleting many messages at once.
 *
 * @module
 */
import { isSnowflake, snowflakeTime } from "../../base/snowflake.ts";
import { emptyReply } from "../../http/reply.ts";
import { ApiError, fieldError } from "../api-error.ts";
import { readJson } from "../body.ts";
import type { Route } from "../call.ts";
import { permittedChannel } from "../permit.ts";

const MIN_MESSAGES = 2;
const MAX_MESSAGES = 100;
const MAX_AGE_MS = 14 * 24 * 3_600_000;

/** Deletes many messages at once: all of them or, when one is too old, none. Unknown ones are ignored. */
export const BULK_DELETE_ROUTE: Route = {
  method: "POST",
  path: "/channels/{channel_id}/messages/bulk-delete",
  access: "bot",
  rate: "other",
  handle: async (call) => {
    const { world, settings, clock, log } = call.discord;
    const channel = permittedChannel(call, "manageMessages");
    const ids = decodeIds(readJson(call.request).list("messages") ?? []);
    const oldest = clock.now() - MAX_AGE_MS;
    if (ids.some((id) => snowflakeTime(id) < oldest)) throw new ApiError("bulkDeleteAge");
    for (const id of ids) {
      const message = world.messages.get(channel.id, id);
      if (!message) continue;
      await world.deleteMessage(message, settings.cdnCacheMs);
      log.counters.messagesDeleted += 1;
    }
    return emptyReply();
  },
};

function decodeIds(values: readonly unknown[]): string[] {
  if (values.length < MIN_MESSAGES || values.length > MAX_MESSAGES) {
    throw new ApiError("bulkDeleteCount");
  }
  const ids = values.map(String);
  const wrong = ids.findIndex((id) => !isSnowflake(id));
  if (wrong >= 0) {
    const message = `Value "${ids[wrong]}" is not snowflake.`;
    throw fieldError(`messages.${wrong}`, "NUMBER_TYPE_COERCE", message);
  }
  if (new Set(ids).size < ids.length) {
    throw fieldError("messages", "SET_TYPE_ALREADY_CONTAINS_VALUE", "The set contains a duplicate");
  }
  return ids;
}
