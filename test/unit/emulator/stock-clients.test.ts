/**
 * Discord's stock clients against the emulator: what they make of it is what they make of Discord.
 *
 * @module
 */
import { DiscordAPIError, REST, type RESTOptions } from "@discordjs/rest";
import { WebhookClient } from "discord.js";
import t from "tap";
import { testEmulator } from "../../support/test-emulator.ts";

interface AttachmentJson {
  readonly id: string;
  readonly filename: string;
  readonly size: number;
  readonly url: string;
}

interface MessageJson {
  readonly id: string;
  readonly content: string;
  readonly attachments: readonly AttachmentJson[];
}

t.test("@discordjs/rest posts, lists, reads, edits and deletes messages", async (t) => {
  const { emulator, bot, channel } = await testEmulator(t);
  const rest = new REST({ api: emulator.apiUrl }).setToken(bot.token);
  const posted = (await rest.post(`/channels/${channel.id}/messages`, {
    body: { content: "root", nonce: "n1", enforce_nonce: true, attachments: [{ id: "0" }] },
    files: [{ name: "segment.bin", data: Buffer.alloc(1000, 7), contentType: "application/octet-stream" }],
  })) as MessageJson;
  t.match(posted, { content: "root", nonce: "n1", attachments: [{ filename: "segment.bin", size: 1000 }] });
});
