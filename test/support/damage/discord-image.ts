/**
 * A vault at an emulated Discord, as bytes to be damaged: the texts of its messages, and what is attached to them.
 *
 * @module
 */
import type { Discord } from "../../emulator/discord.ts";
import type { Attachment } from "../../emulator/model/attachment.ts";
import type { Message } from "../../emulator/model/message.ts";
import type { Image } from "./image.ts";
import type { MountableImage } from "./mountable-image.ts";
import { framesOf } from "./object-images.ts";

const textOf = ({ id }: Message): string => `message ${id}`;
const fileOf = ({ id }: Attachment): string => `attachment ${id}`;

/** Takes the image of all that an emulator has. */
export async function discordImage({ world, blobs }: Discord): Promise<MountableImage> {
  const messages = world.messages.values();
  const image = new Map<string, Uint8Array>();
  for (const message of messages) {
    image.set(textOf(message), Buffer.from(message.content, "latin1"));
    for (const attachment of message.attachments) {
      const bytes = await blobs.read(attachment.id, 0, attachment.size);
      image.set(fileOf(attachment), Uint8Array.from(bytes ?? []));
    }
  }
  const attached = new Map(messages.map((one) => [textOf(one), one.attachments.map(fileOf)]));
  const bring = async (next: Image): Promise<void> => {
    for (const message of world.messages.values()) world.messages.delete(message);
    for (const message of messages) {
      const attachments = message.attachments.map((one) => ({
        ...one,
        size: next.get(fileOf(one))?.length ?? one.size,
      }));
      for (const attachment of attachments) {
        const bytes = next.get(fileOf(attachment));
        if (bytes === undefined) await blobs.remove(attachment.id);
        else await blobs.put(attachment.id, bytes);
        world.files.add(message.channelId, attachment);
      }
      const text = next.get(textOf(message));
      if (text === undefined) continue;
      const content = Buffer.from(text).toString("latin1");
      world.messages.put({ ...message, content, attachments });
    }
  };
  return {
    image,
    pages: framesOf(image),
    deletedWith: (part) => attached.get(part) ?? [],
    bring,
  };
}
