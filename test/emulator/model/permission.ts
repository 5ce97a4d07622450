/**
 * Permission bits (Discord documentation, topics/permissions), and what they come to in a channel.
 *
 * @module
 */
import type { Account } from "./account.ts";
import type { Channel } from "./channel.ts";
import type { Guild } from "./guild.ts";

/** The permissions this emulator asks for. */
export const PERMISSION = {
  administrator: 1n << 3n,
  manageChannels: 1n << 4n,
  viewChannel: 1n << 10n,
  sendMessages: 1n << 11n,
  manageMessages: 1n << 13n,
  attachFiles: 1n << 15n,
  readMessageHistory: 1n << 16n,
  manageWebhooks: 1n << 29n,
  manageThreads: 1n << 34n,
  createPublicThreads: 1n << 35n,
  sendMessagesInThreads: 1n << 38n,
  pinMessages: 1n << 51n,
} as const;

/** A name of {@link PERMISSION}. */
export type PermissionName = keyof typeof PERMISSION;

/** Every permission the emulator knows but `administrator`: what a bot gets when nothing else is said. */
export const ALL_PERMISSIONS: bigint = Object.values(PERMISSION).reduce(
  (all, bit) => (bit === PERMISSION.administrator ? all : all | bit),
  0n,
);

/** The bits of some permissions. */
export function permissionBits(names: readonly PermissionName[]): bigint {
  return names.reduce((bits, name) => bits | PERMISSION[name], 0n);
}

/** What an account may do in a guild, before any channel's overwrites; nothing when it is not a member. */
export function guildPermissions(account: Account, guild: Guild): bigint {
  const membership = account.memberships.find(({ guildId }) => guildId === guild.id);
  if (!membership) return 0n;
  const granted = guild.roles
    .filter(({ id }) => id === guild.id || membership.roleIds.includes(id))
    .reduce((bits, { permissions }) => bits | BigInt(permissions), 0n);
  return granted & PERMISSION.administrator ? granted | ALL_PERMISSIONS : granted;
}

/** What an account may do in a channel: the guild's permissions, then the overwrites, the most special last. */
export function channelPermissions(account: Account, guild: Guild, channel: Channel): bigint {
  let bits = guildPermissions(account, guild);
  if (bits & PERMISSION.administrator || bits === 0n) return bits;
  const membership = account.memberships.find(({ guildId }) => guildId === guild.id);
  const layers = [[guild.id], membership?.roleIds ?? [], [account.id]];
  for (const ids of layers) {
    const overwrites = channel.overwrites.filter(({ id }) => ids.includes(id));
    for (const { deny } of overwrites) bits &= ~BigInt(deny);
    for (const { allow } of overwrites) bits |= BigInt(allow);
  }
  return bits;
}
