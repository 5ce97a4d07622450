/**
 * Channels and threads.
 *
 * @module
 */

/** Types of channel that the emulator knows. */
export const CHANNEL_TYPE = { text: 0, category: 4, publicThread: 11, forum: 15 } as const;

/** A channel of a guild; a thread is one too. */
export interface Channel {
  readonly id: string;
  readonly guildId: string;
  readonly type: number;
  readonly name: string;
  readonly topic: string | null;
  readonly position: number;
  /** The category; for a thread, the channel it was started in. */
  readonly parentId: string | null;
  readonly overwrites: readonly Overwrite[];
  readonly thread?: ThreadState;
}

/** Permissions of a role (type 0) or a member (type 1) that differ in one channel. */
export interface Overwrite {
  readonly id: string;
  readonly type: 0 | 1;
  readonly allow: string;
  readonly deny: string;
}

/** What a thread has beyond a channel. */
export interface ThreadState {
  readonly ownerId: string;
  readonly isArchived: boolean;
  readonly isLocked: boolean;
  /** Minutes without a message after which it is archived: 60, 1440, 4320 or 10080. */
  readonly autoArchiveMinutes: number;
  /** When it was archived, un-archived or last written to, in milliseconds since 1970. */
  readonly activeAt: number;
}

/** Whether a thread is archived, by hand or by silence. */
export function isArchived(channel: Channel, now: number): boolean {
  if (!channel.thread) return false;
  const { isArchived, activeAt, autoArchiveMinutes } = channel.thread;
  return isArchived || now - activeAt >= autoArchiveMinutes * 60_000;
}
