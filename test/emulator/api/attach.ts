/**
 * Files on their way from a request to the CDN.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Discord } from "../discord.ts";
import type { Attachment } from "../model/attachment.ts";
import type { Channel } from "../model/channel.ts";
import { ApiError } from "./api-error.ts";
import type { NewFile } from "./message-form.ts";

/** @throws ApiError entityTooLarge when a file is larger than the guild's boost tier allows */
export function checkFileSizes(
  { world, settings }: Discord,
  channel: Channel,
  files: readonly NewFile[],
): void {
  const tier = world.guilds.get(channel.guildId)?.premiumTier ?? 0;
  const limit = settings.attachmentBytes[tier];
  if (files.some(({ bytes }) => bytes.length > limit)) throw new ApiError("entityTooLarge");
}

/** Stores the bytes, and says what the attachments are. */
export async function storeFiles(
  { ids, blobs, log }: Discord,
  files: readonly NewFile[],
): Promise<Attachment[]> {
  const attachments: Attachment[] = [];
  for (const { bytes, ...file } of files) {
    const id = ids.next();
    await blobs.put(id, bytes);
    const digest = createHash("sha256").update(bytes).digest("hex");
    attachments.push({ ...file, id, size: bytes.length, digest });
    log.counters.filesUploaded += 1;
    log.counters.bytesUploaded += bytes.length;
  }
  if (files.length > 0) log.counters.uploads += 1;
  return attachments;
}
