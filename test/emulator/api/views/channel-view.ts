/**
 * How the API shows channels and threads.
 *
 * @module
 */
import { type Channel, isArchived, type ThreadState } from "../../model/channel.ts";
import { timestamp } from "./message-view.ts";

/** @param now - decides whether a thread is archived by now */
export function channelView(channel: Channel, now: number): Record<string, unknown> {
  const { thread } = channel;
  const shared = {
    id: channel.id,
    guild_id: channel.guildId,
    type: channel.type,
    name: channel.name,
    parent_id: channel.parentId,
    flags: 0,
  };
  if (thread) return { ...shared, ...threadView(thread, isArchived(channel, now)) };
  return {
    ...shared,
    topic: channel.topic,
    position: channel.position,
    permission_overwrites: channel.overwrites,
    nsfw: false,
    rate_limit_per_user: 0,
  };
}

function threadView(thread: ThreadState, archived: boolean): Record<string, unknown> {
  return {
    owner_id: thread.ownerId,
    thread_metadata: {
      archived,
      archive_timestamp: timestamp(thread.activeAt),
      auto_archive_duration: thread.autoArchiveMinutes,
      locked: thread.isLocked,
    },
    message_count: 0,
    member_count: 1,
    total_message_sent: 0,
  };
}
