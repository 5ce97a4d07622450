/**
 * Cleans a vault's place without a mount and without a key, and counts what is left.
 *
 * @module
 */
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { DiscordObjectStore } from "../../src/stores/objects/discord/discord-object-store.ts";
import { serviceOf } from "../../src/stores/objects/discord/discord-service.ts";
import { BotToken } from "../../src/stores/objects/discord/rest/bot-token.ts";
import { DEFAULT_SETTINGS } from "../../src/stores/objects/discord/settings.ts";
import { systemTiming } from "../../src/stores/objects/discord/steady-timing.ts";
import { WebhookAddress } from "../../src/stores/objects/discord/webhook.ts";
import { openSegmentStore } from "../../src/stores/segments/open-segment-store.ts";
import type { EmulatedDiscord } from "./emulated-discord.ts";

/** What a cleaning came to. */
export interface Cleaned {
  /** Objects nothing referred to. */
  readonly removed: number;
  /** Objects of the catalog. */
  readonly objects: number;
  /** Messages in all channels. */
  readonly messages: number;
}

/**
 * Cleans until there is nothing more to clean.
 * @throws Error when a second cleaning still finds orphans, or a page cannot be read
 */
export async function cleanRemote(discord: EmulatedDiscord): Promise<Cleaned> {
  const { webhooks } = await discord.world();
  const objects = new DiscordObjectStore({
    service: serviceOf({ DVAULT_DISCORD_API: discord.apiUrl }),
    token: BotToken.parse(await discord.token()),
    timing: systemTiming,
    random: nodePlatform.random,
    settings: DEFAULT_SETTINGS,
    config: await discord.config(),
    webhookAddresses: webhooks.map(({ id, token }) => new WebhookAddress(id, token)),
  });
  const store = await openSegmentStore({
    objects,
    database: "",
    timing: systemTiming,
    random: nodePlatform.random,
    host: { name: "soak", pid: process.pid },
  });
  try {
    const { orphans, unreadable } = await store.gc({ orphanMs: 0 });
    const again = await store.gc({ orphanMs: 0, dryRun: true });
    if (again.orphans > 0) throw new Error(`${again.orphans} orphans are left`);
    if (unreadable.length > 0) throw new Error(`${unreadable.length} pages cannot be read`);
    const { messages } = await discord.world();
    return { removed: orphans, objects: store.status().objects, messages: messages.length };
  } finally {
    await store.close();
  }
}
