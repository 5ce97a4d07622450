/**
 * Everything the emulated Discord knows, and what goes when something else goes.
 *
 * @module
 */
import type { EmulatorClock } from "../base/clock.ts";
import { compareSnowflakes } from "../base/snowflake.ts";
import type { Blobs } from "../storage/blobs.ts";
import type { Records } from "../storage/records.ts";
import type { Account } from "./account.ts";
import { CdnFiles } from "./cdn-files.ts";
import type { Channel } from "./channel.ts";
import type { Guild } from "./guild.ts";
import type { Message } from "./message.ts";
import { Messages } from "./messages.ts";
import { Table } from "./table.ts";
import type { Webhook } from "./webhook.ts";

/** The emulated world. */
export class World {
  readonly guilds: Table<Guild>;
  readonly accounts: Table<Account>;
  readonly channels: Table<Channel>;
  readonly webhooks: Table<Webhook>;
  readonly messages: Messages;
  readonly files: CdnFiles;

  constructor(records: Records, blobs: Blobs, clock: EmulatorClock) {
    this.guilds = new Table("guilds", records);
    this.accounts = new Table("accounts", records);
    this.channels = new Table("channels", records);
    this.webhooks = new Table("webhooks", records);
    this.messages = new Messages(records);
    this.files = new CdnFiles(blobs, clock);
    for (const { channelId, attachments } of this.messages.values()) {
      for (const attachment of attachments) this.files.add(channelId, attachment);
    }
  }

  /** The account a bot token belongs to. */
  accountOf(token: string): Account | undefined {
    return this.accounts.where((account) => account.token === token)[0];
  }

  /** The largest id in use; undefined in an empty world. */
  newestId(): string | undefined {
    const tables = [this.guilds, this.accounts, this.channels, this.webhooks, this.messages];
    const ids = tables.flatMap((table) => table.values().map(({ id }) => id));
    for (const { attachments } of this.messages.values()) ids.push(...attachments.map((a) => a.id));
    for (const { roles } of this.guilds.values()) ids.push(...roles.map((role) => role.id));
    return ids.sort(compareSnowflakes).at(-1);
  }

  /** @param servedMs - how much longer the CDN serves its files */
  async deleteMessage(message: Message, servedMs: number): Promise<void> {
    this.messages.delete(message);
    for (const { id } of message.attachments) await this.files.retire(id, servedMs);
  }

  /** Deletes a channel with its threads, webhooks and messages. */
  async deleteChannel(channel: Channel, servedMs: number): Promise<void> {
    const threads = this.channels.where(({ parentId, thread }) => {
      return thread !== undefined && parentId === channel.id;
    });
    for (const { id } of [channel, ...threads]) {
      this.channels.delete(id);
      for (const webhook of this.webhooks.where(({ channelId }) => channelId === id)) {
        this.webhooks.delete(webhook.id);
      }
      for (const message of this.messages.ofChannel(id))
        await this.deleteMessage(message, servedMs);
    }
  }

  /** Takes an account out of a guild, as when a member with the right to do so kicks the bot. */
  removeMember(account: Account, guildId: string): Account {
    const memberships = account.memberships.filter((one) => one.guildId !== guildId);
    return this.accounts.put({ ...account, memberships });
  }
}
