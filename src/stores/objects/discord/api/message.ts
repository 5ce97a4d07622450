/**
 * Messages as the API shows them (Discord documentation, resources/message): what the store looks at.
 *
 * @module
 */
import { asFields, asList, countOf, idOf, optionalIdOf, textOf } from "./decode.ts";

/** A message. */
export interface Message {
  readonly id: string;
  readonly channelId: string;
  /** 0 for one that somebody wrote; others are notices of Discord's. */
  readonly type: number;
  readonly authorId: string;
  /** The webhook that posted it, if one did. */
  readonly webhookId: string | undefined;
  /** Empty, like the attachments, when Discord does not show this reader what others wrote. */
  readonly content: string;
  readonly attachments: readonly Attachment[];
}

/** A file of a message. */
export interface Attachment {
  readonly id: string;
  readonly filename: string;
  /** Bytes. */
  readonly size: number;
  /** Signed, and good for a while only. */
  readonly url: string;
}

/** @throws Error when it is no message */
export function decodeMessage(json: unknown): Message {
  const fields = asFields(json);
  return {
    id: idOf(fields, "id"),
    channelId: idOf(fields, "channel_id"),
    type: countOf(fields, "type"),
    authorId: idOf(asFields(fields.author), "id"),
    webhookId: optionalIdOf(fields, "webhook_id"),
    content: textOf(fields, "content"),
    attachments: asList(fields.attachments, decodeAttachment),
  };
}

/** @throws Error when it is no list of messages */
export function decodeMessages(json: unknown): readonly Message[] {
  return asList(json, decodeMessage);
}

function decodeAttachment(json: unknown): Attachment {
  const fields = asFields(json);
  return {
    id: idOf(fields, "id"),
    filename: textOf(fields, "filename"),
    size: countOf(fields, "size"),
    url: textOf(fields, "url"),
  };
}
