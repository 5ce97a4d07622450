/**
 * Discord's stock clients against the emulator: what they make of it is what they make of Discord.
 *
 * @module
 */
import { DiscordAPIError, REST, type RESTOptions } from "@discordjs/rest";
import { WebhookClient } from "discord.js";
import t from "tap";
import { EmulatorClock } from "../../emulator/base/clock.ts";
import { addWebhook } from "../../emulator/founding.ts";
import { DEFAULT_RATES } from "../../emulator/limits/rates.ts";
import { DiscordClient } from "../../support/discord-client.ts";
import { type TestEmulator, testEmulator } from "../../support/test-emulator.ts";

interface MessageJson {
  readonly id: string;
  readonly content: string;
  readonly attachments: readonly {
    readonly id: string;
    readonly size: number;
    readonly url: string;
  }[];
}

const SEGMENT = {
  name: "segment.bin",
  data: Buffer.alloc(1000, 7),
  contentType: "application/octet-stream",
};

function stockRest({ emulator, bot }: TestEmulator, options: Partial<RESTOptions> = {}): REST {
  return new REST({ api: emulator.apiUrl, ...options }).setToken(bot.token);
}

t.test("@discordjs/rest posts, lists, reads, refreshes, edits and deletes", async (t) => {
  const world = await testEmulator(t);
  const rest = stockRest(world);
  const messages = `/channels/${world.channel.id}/messages` as const;
  const posted = (await rest.post(messages, {
    body: { content: "root", nonce: "n1", enforce_nonce: true, attachments: [{ id: "0" }] },
    files: [SEGMENT],
  })) as MessageJson;
  t.match(posted, {
    content: "root",
    nonce: "n1",
    attachments: [
      { filename: "segment.bin", size: 1000, content_type: "application/octet-stream" },
    ],
  });

  const listed = (await rest.get(messages, {
    query: new URLSearchParams({ limit: "10" }),
  })) as MessageJson[];
  t.strictSame(
    listed.map(({ id }) => id),
    [posted.id],
  );
  const read = (await rest.get(`${messages}/${posted.id}`)) as MessageJson;
  const url = read.attachments[0]?.url ?? "";
  const whole = await fetch(url);
  t.strictSame(Buffer.from(await whole.arrayBuffer()), SEGMENT.data);

  world.emulator.discord.clock.advance(25 * 3_600_000);
  t.equal((await fetch(url)).status, 404, "a day later the URL has expired");
  const { refreshed_urls } = (await rest.post("/attachments/refresh-urls", {
    body: { attachment_urls: [url] },
  })) as { refreshed_urls: { refreshed: string }[] };
  const range = await fetch(refreshed_urls[0]?.refreshed ?? "", {
    headers: { range: "bytes=10-19" },
  });
  t.equal(range.status, 206);
  t.equal((await range.arrayBuffer()).byteLength, 10);

  const edited = (await rest.patch(`${messages}/${posted.id}`, {
    body: { content: "", attachments: [{ id: posted.attachments[0]?.id }, { id: "0" }] },
    files: [SEGMENT],
  })) as MessageJson;
  t.equal(edited.attachments.length, 2);
  await rest.delete(`${messages}/${posted.id}`);
  await t.rejects(rest.get(`${messages}/${posted.id}`), { code: 10008, status: 404 });
});

t.test("@discordjs/rest finds guilds, channels and itself", async (t) => {
  const world = await testEmulator(t, { channels: 2 });
  const rest = stockRest(world);
  t.match(await rest.get("/users/@me"), { id: world.bot.id, bot: true });
  t.match(await rest.get("/users/@me/guilds"), [{ id: world.guild.id }]);
  t.match(await rest.get("/applications/@me"), { id: world.bot.id, flags: 0 });
  t.match(await rest.get(`/guilds/${world.guild.id}`), { premium_tier: 0 });
  t.equal(((await rest.get(`/guilds/${world.guild.id}/channels`)) as unknown[]).length, 2);
  t.match(await rest.get(`/channels/${world.channel.id}`), { name: "vault-1", type: 0 });
  t.match(await rest.get("/gateway", { auth: false }), { url: /^wss:/ });
  t.match(await rest.get("/gateway/bot"), { shards: 1 });
});

t.test("@discordjs/rest keeps to the limits it reads in headers", async (t) => {
  const world = await testEmulator(t, {
    clock: new EmulatorClock(),
    settings: { rates: { ...DEFAULT_RATES, postMessage: { limit: 2, windowMs: 150 } } },
  });
  const rest = stockRest(world);
  const post = (content: string): Promise<unknown> =>
    rest.post(`/channels/${world.channel.id}/messages`, { body: { content } });
  await Promise.all(["1", "2", "3", "4", "5"].map(post));
  t.match(world.emulator.discord.log.counters, { messagesPosted: 5, rateLimited: 0 });
});

t.test("@discordjs/rest waits as long as a 429 says, and tries again", async (t) => {
  const world = await testEmulator(t, {
    settings: { rates: { ...DEFAULT_RATES, postMessage: { limit: 1, windowMs: 300 } } },
  });
  const { clock, log, rates } = world.emulator.discord;
  const path = `/channels/${world.channel.id}/messages` as const;
  const rival = new DiscordClient(world.emulator.apiUrl, world.bot.token);
  t.equal((await rival.post(path, { content: "first" })).status, 200);
  const rest = stockRest(world);
  rest.on("rateLimited", () => clock.advance(300));
  t.match(await rest.post(path, { body: { content: "second" } }), { content: "second" });
  t.equal(log.counters.rateLimited, 1);
  t.equal(rates.earlyRetries, 0);
});

t.test(
  "@discordjs/rest posts again when an answer is lost, and the nonce keeps it one message",
  async (t) => {
    const world = await testEmulator(t);
    const rest = stockRest(world, { timeout: 1000, retries: 1 });
    const route = "POST /channels/{channel_id}/messages";
    const path = `/channels/${world.channel.id}/messages` as const;
    world.emulator.faults.once({ kind: "lose-answer" }, { route });
    await rest.post(path, { body: { content: "twice" } });
    t.match(world.emulator.discord.log.counters, { messagesPosted: 2, duplicates: 1 });
    world.emulator.faults.once({ kind: "lose-answer" }, { route });
    await rest.post(path, { body: { content: "once", nonce: "a", enforce_nonce: true } });
    t.match(world.emulator.discord.log.counters, {
      messagesPosted: 3,
      duplicates: 1,
      nonceHits: 1,
    });
  },
);

t.test("@discordjs/rest tells errors by code", async (t) => {
  const world = await testEmulator(t);
  const rest = stockRest(world);
  const error = await rest
    .post(`/channels/${world.channel.id}/messages`, { body: { content: "x".repeat(2001) } })
    .catch((thrown: unknown) => thrown);
  t.ok(error instanceof DiscordAPIError);
  t.match(error, { code: 50035, status: 400 });
  t.match((error as DiscordAPIError).message, /Must be 2000 or fewer in length/);
});

t.test("discord.js WebhookClient sends, fetches, edits and deletes", async (t) => {
  const { emulator, channel, bot } = await testEmulator(t);
  const { id, token } = addWebhook(emulator.discord, channel, bot);
  const client = new WebhookClient({ id, token }, { rest: { api: emulator.apiUrl } });
  const sent = await client.send({
    content: "by webhook",
    username: "lane 1",
    files: [{ attachment: SEGMENT.data, name: SEGMENT.name }],
  });
  const fetched = await client.fetchMessage(sent.id);
  t.equal(fetched.content, "by webhook");
  t.match(JSON.parse(JSON.stringify(fetched)), {
    webhook_id: id,
    author: { username: "lane 1" },
    attachments: [{ size: 1000 }],
  });
  const edited = await client.editMessage(sent.id, { content: "edited" });
  t.equal(edited.content, "edited");
  t.equal(edited.attachments instanceof Map ? 0 : (edited.attachments as unknown[]).length, 1);
  await client.deleteMessage(sent.id);
  await t.rejects(client.fetchMessage(sent.id), { code: 10008 });
  await client.delete();
  await t.rejects(client.send("too late"), { code: 10015 });
});
