/**
 * Editing messages.
 *
 * @module
 */
import type { Discord } from "../discord.ts";
import { type Channel, isArchived } from "../model/channel.ts";
import type { Message } from "../model/message.ts";
import { ApiError, fieldError } from "./api-error.ts";
import { checkFileSizes, storeFiles } from "./attach.ts";
import type { MessageForm } from "./message-form.ts";

const MAX_ATTACHMENTS = 10;

/** Which message is to become what. */
export interface Editing {
  readonly channel: Channel;
  readonly message: Message;
  readonly form: MessageForm;
}

/**
 * Replaces what the form speaks of. New files are appended; attachments that a given list does not name are removed.
 *
 * @throws ApiError archivedThread, entityTooLarge, emptyMessage, tooManyAttachments, invalidForm, unknownMessage
 */
export async function editMessage(
  discord: Discord,
  { channel, message, form }: Editing,
): Promise<Message> {
  const { world, clock, settings } = discord;
  if (isArchived(channel, clock.now())) throw new ApiError("archivedThread");
  checkFileSizes(discord, channel, form.files);
  const { kept: keptIds = message.attachments.map(({ id }) => id) } = form;
  const unknown = keptIds.find((id) => !message.attachments.some((one) => one.id === id));
  if (unknown !== undefined) {
    throw fieldError("attachments", "ATTACHMENT_NOT_FOUND", `There is no file ${unknown}.`);
  }
  if (keptIds.length + form.files.length > MAX_ATTACHMENTS)
    throw new ApiError("tooManyAttachments");
  const content = form.content ?? message.content;
  const embeds = form.embeds ?? message.embeds;
  if (!content && embeds.length === 0 && keptIds.length + form.files.length === 0) {
    throw new ApiError("emptyMessage");
  }
  const added = await storeFiles(discord, form.files);
  if (!world.messages.get(channel.id, message.id)) throw new ApiError("unknownMessage");
  for (const attachment of added) world.files.add(channel.id, attachment);
  for (const { id } of message.attachments) {
    if (!keptIds.includes(id)) await world.files.retire(id, settings.cdnCacheMs);
  }
  const kept = message.attachments.filter(({ id }) => keptIds.includes(id));
  return world.messages.put({
    ...message,
    content,
    embeds,
    flags: form.flags ?? message.flags,
    attachments: [...kept, ...added],
    editedAt: clock.now(),
  });
}
