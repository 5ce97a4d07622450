/**
 * Making messages.
 *
 * @module
 */
import type { Discord } from "../discord.ts";
import type { Attachment } from "../model/attachment.ts";
import { type Channel, isArchived } from "../model/channel.ts";
import { type Author, MESSAGE_TYPE, type Message } from "../model/message.ts";
import { ApiError, fieldError } from "./api-error.ts";
import { checkFileSizes, storeFiles } from "./attach.ts";
import type { MessageForm } from "./message-form.ts";

/** How many of a channel's newest messages are looked at to count duplicates. */
const COMPARED_MESSAGES = 50;

/** Who posts what where. */
export interface Posting {
  readonly channel: Channel;
  readonly author: Author;
  readonly form: MessageForm;
}

/**
 * Posts a message; with `enforce_nonce`, once.
 *
 * @throws ApiError entityTooLarge, emptyMessage, invalidForm
 */
export async function postMessage(discord: Discord, posting: Posting): Promise<Message> {
  const { form, author, channel } = posting;
  checkFileSizes(discord, channel, form.files);
  const [unknown] = form.kept ?? [];
  if (unknown !== undefined) {
    throw fieldError("attachments", "ATTACHMENT_NOT_FOUND", `There is no file ${unknown}.`);
  }
  if (!form.content && form.files.length === 0 && !form.embeds?.length) {
    throw new ApiError("emptyMessage");
  }
  if (!form.enforcesNonce || form.nonce === undefined) return await make(discord, posting);
  const { message, isRepeated } = await discord.nonces.post(author.id, form.nonce, () =>
    make(discord, posting),
  );
  if (isRepeated) discord.log.counters.nonceHits += 1;
  return message;
}

/** Posts a notice of Discord's own, as the one about a pin. */
export function postNotice(
  discord: Discord,
  notice: Pick<Message, "type" | "channelId" | "author" | "refersTo">,
): Message {
  const facts = { content: "", embeds: [], attachments: [], flags: 0 };
  return keep(discord, { ...facts, ...notice });
}

async function make(discord: Discord, { channel, author, form }: Posting): Promise<Message> {
  const attachments = await storeFiles(discord, form.files);
  const message = {
    channelId: channel.id,
    type: MESSAGE_TYPE.default,
    author,
    content: form.content ?? "",
    embeds: form.embeds ?? [],
    attachments,
    flags: form.flags ?? 0,
    refersTo: undefined,
  };
  const { counters } = discord.log;
  counters.messagesPosted += 1;
  if (isDuplicate(discord, message)) counters.duplicates += 1;
  wake(discord, channel);
  return keep(discord, message);
}

/** The id is drawn at the very moment a message appears, so that a channel's ids rise in the order of appearance. */
function keep(
  discord: Discord,
  facts: Omit<Message, "id" | "createdAt" | "editedAt" | "pinnedAt">,
): Message {
  const { world, ids, clock } = discord;
  for (const attachment of facts.attachments) world.files.add(facts.channelId, attachment);
  const times = { createdAt: clock.now(), editedAt: undefined, pinnedAt: undefined };
  return world.messages.put({ id: ids.next(), ...times, ...facts });
}

function isDuplicate(
  { world }: Discord,
  message: Pick<Message, "channelId" | "content" | "attachments">,
): boolean {
  const newest = world.messages.list(message.channelId, { limit: COMPARED_MESSAGES });
  const digests = digestsOf(message.attachments);
  return newest.some(({ type, content, attachments }) => {
    const isSame = content === message.content && digestsOf(attachments) === digests;
    return isSame && type === MESSAGE_TYPE.default;
  });
}

function digestsOf(attachments: readonly Attachment[]): string {
  return attachments.map(({ digest }) => digest).join();
}

/** A message in an archived thread takes it out of the archive. */
function wake({ world, clock }: Discord, channel: Channel): void {
  if (!channel.thread) return;
  const activeAt = clock.now();
  const woken = isArchived(channel, activeAt) ? { isArchived: false } : {};
  world.channels.put({ ...channel, thread: { ...channel.thread, ...woken, activeAt } });
}
