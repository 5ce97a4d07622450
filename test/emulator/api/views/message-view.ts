/**
 * How the API shows messages. Every view has freshly signed URLs.
 *
 * @module
 */
import type { Discord } from "../../discord.ts";
import type { Account } from "../../model/account.ts";
import type { Attachment } from "../../model/attachment.ts";
import { type Author, MESSAGE_TYPE, type Message } from "../../model/message.ts";
import { userView, webhookUserView } from "./user-view.ts";

const IS_SPOILER = 1 << 3;
const DELETED_USER = { username: "Deleted User", token: undefined, readsContent: false };

/** @param reader - a bot, which may lack the Message Content intent; undefined for who wrote the message */
export function messageView(
  discord: Discord,
  message: Message,
  reader?: Account,
): Record<string, unknown> {
  const isEmptied = reader !== undefined && isForeign(message, reader) && !reader.readsContent;
  return {
    id: message.id,
    channel_id: message.channelId,
    type: message.type,
    author: authorView(discord, message.author),
    ...(message.author.kind === "webhook" ? { webhook_id: message.author.id } : {}),
    content: isEmptied ? "" : message.content,
    attachments: isEmptied ? [] : message.attachments.map(attachmentView(discord, message)),
    embeds: isEmptied ? [] : message.embeds,
    components: [],
    mentions: [],
    mention_roles: [],
    mention_everyone: false,
    timestamp: timestamp(message.createdAt),
    edited_timestamp: message.editedAt === undefined ? null : timestamp(message.editedAt),
    flags: message.flags,
    pinned: message.pinnedAt !== undefined,
    tts: false,
    ...referenceView(discord, message),
  };
}

/** Discord's way of writing times. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "000+00:00");
}

/** A webhook's messages are foreign even to the bot that made the webhook. */
function isForeign({ author }: Message, reader: Account): boolean {
  return author.kind === "webhook" || author.id !== reader.id;
}

function authorView({ world }: Discord, author: Author): Record<string, unknown> {
  if (author.kind === "webhook") return webhookUserView(author.id, author.name);
  const { id } = author;
  return userView(world.accounts.get(id) ?? { id, memberships: [], ...DELETED_USER });
}

function attachmentView(
  { urls }: Discord,
  { channelId }: Message,
): (attachment: Attachment) => Record<string, unknown> {
  return ({ id, filename, title, description, contentType, size, isSpoiler }) => {
    const path = `/attachments/${channelId}/${id}/${filename}`;
    return {
      id,
      filename,
      ...(title === undefined ? {} : { title }),
      ...(description === undefined ? {} : { description }),
      ...(contentType === undefined ? {} : { content_type: contentType }),
      size,
      url: urls.sign(path),
      proxy_url: urls.signProxied(path),
      ...(isSpoiler ? { flags: IS_SPOILER } : {}),
    };
  };
}

function referenceView(
  { world }: Discord,
  { type, channelId, refersTo }: Message,
): Record<string, unknown> {
  if (type !== MESSAGE_TYPE.pinned || refersTo === undefined) return {};
  const guildId = world.channels.get(channelId)?.guildId;
  const reference = { type: 0, channel_id: channelId, message_id: refersTo, guild_id: guildId };
  return { message_reference: reference };
}
