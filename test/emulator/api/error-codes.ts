/**
 * Discord's error codes.
 *
 * @module
 */

/** Errors the API answers with (Discord documentation, topics/opcodes-and-status-codes). */
export const API_ERRORS = {
  unauthorized: [401, 0, "401: Unauthorized"],
  notFound: [404, 0, "404: Not Found"],
  methodNotAllowed: [405, 0, "405: Method Not Allowed"],
  unknownChannel: [404, 10003, "Unknown Channel"],
  unknownGuild: [404, 10004, "Unknown Guild"],
  unknownMessage: [404, 10008, "Unknown Message"],
  unknownWebhook: [404, 10015, "Unknown Webhook"],
  tooManyPins: [400, 30003, "Maximum number of pins reached for the channel (250)"],
  tooManyWebhooks: [400, 30007, "Maximum number of webhooks reached (15)"],
  tooManyChannels: [400, 30013, "Maximum number of guild channels reached (500)"],
  tooManyAttachments: [400, 30015, "Maximum number of attachments in a message reached (10)"],
  tooManyGuildWebhooks: [400, 30058, "Maximum number of webhooks per guild reached (1000)"],
  entityTooLarge: [413, 40005, "Request entity too large"],
  userAgent: [403, 40333, "internal network error"],
  missingAccess: [403, 50001, "Missing Access"],
  foreignAuthor: [403, 50005, "Cannot edit a message authored by another user"],
  emptyMessage: [400, 50006, "Cannot send an empty message"],
  notText: [400, 50008, "Cannot send messages in a non-text channel"],
  missingPermissions: [403, 50013, "Missing Permissions"],
  bulkDeleteCount: [
    400,
    50016,
    "Provided too few or too many messages to delete. Must provide at least 2 and fewer than 100 messages to delete",
  ],
  systemMessage: [403, 50021, "Cannot execute action on a system message"],
  invalidWebhookToken: [401, 50027, "Invalid Webhook Token"],
  bulkDeleteAge: [400, 50034, "A message provided was too old to bulk delete"],
  invalidForm: [400, 50035, "Invalid Form Body"],
  archivedThread: [400, 50083, "Thread is archived"],
  invalidJson: [400, 50109, "The request body contains invalid JSON."],
  tooManyThreads: [400, 160006, "Maximum number of active threads reached"],
  forumNeedsThread: [
    400,
    220001,
    "Webhooks posted to forum channels must have a thread_name or thread_id",
  ],
} as const satisfies Record<string, readonly [status: number, code: number, message: string]>;

/** A name of {@link API_ERRORS}. */
export type ApiErrorName = keyof typeof API_ERRORS;
