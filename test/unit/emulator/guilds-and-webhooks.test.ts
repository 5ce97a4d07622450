/**
 * Everything of the API around messages: who may call, guilds, channels, threads and webhooks.
 *
 * @module
 */
import t, { type Test } from "tap";
import {
  addBot,
  addChannel,
  addGuild,
  addWebhook,
  denyInChannel,
} from "../../emulator/founding.ts";
import { CHANNEL_TYPE } from "../../emulator/model/channel.ts";
import { DiscordClient } from "../../support/discord-client.ts";
import { type TestEmulator, testEmulator } from "../../support/test-emulator.ts";

interface Room extends TestEmulator {
  readonly client: DiscordClient;
  readonly nobody: DiscordClient;
}

async function room(t: Test): Promise<Room> {
  const world = await testEmulator(t, { settings: { limitsRates: false } });
  const client = new DiscordClient(world.emulator.apiUrl, world.bot.token);
  return { ...world, client, nobody: new DiscordClient(world.emulator.apiUrl) };
}

const UNKNOWN_ID = "99999999999999999";

t.test("requests need a route, a method, an id, a token and a user agent", async (t) => {
  const { client, nobody, emulator, bot, channel } = await room(t);
  t.match(await client.get("/nothing"), { status: 404, json: { code: 0, message: /^404/ } });
  t.match(await client.send("PUT", "/users/@me"), { status: 405 });
  t.match(await client.get("/channels/vault"), { status: 400, json: { code: 50035 } });
  t.match(await nobody.get("/users/@me"), {
    status: 401,
    json: { message: "401: Unauthorized", code: 0 },
  });
  const wrong = new DiscordClient(emulator.apiUrl, "wrong");
  t.equal((await wrong.get("/users/@me")).status, 401);
  const asUser = await nobody.send("GET", "/users/@me", { headers: { authorization: bot.token } });
  t.equal(asUser.status, 401, "a token without `Bot` is a user's");
  const agent = await client.send("GET", "/users/@me", { headers: { "user-agent": "curl/8" } });
  t.match(agent, { status: 403, json: { code: 40333 } });
  t.equal((await fetch(`${emulator.apiUrl}/v9/gateway`)).status, 200);
  t.equal((await fetch(`${emulator.apiUrl}/v8/gateway`)).status, 404);
  t.match(await client.get(`/channels/${UNKNOWN_ID}`), { status: 404, json: { code: 10003 } });
  t.match(await client.get(`/guilds/${UNKNOWN_ID}`), { status: 404, json: { code: 10004 } });
  const message = `/channels/${channel.id}/messages/${UNKNOWN_ID}`;
  t.match(await client.get(message), { status: 404, json: { code: 10008 } });
  t.match(await client.get(`/webhooks/${UNKNOWN_ID}`), { status: 404, json: { code: 10015 } });
});

t.test("answers carry the emulator's time and say that they come from the API", async (t) => {
  const { client } = await room(t);
  const { headers } = await client.get("/users/@me");
  t.equal(headers.get("date"), "Thu, 01 Jan 2026 12:00:00 GMT");
  t.equal(headers.get("via"), "1.1 google");
});

t.test("a guild that the bot is not in does not exist for it", async (t) => {
  const { client, emulator, bot, guild, channel } = await room(t);
  const foreign = addGuild(emulator.discord, { name: "other", premiumTier: 3 });
  const there = addChannel(emulator.discord, foreign);
  t.match(await client.get(`/guilds/${foreign.id}`), { json: { code: 10004 } });
  t.match(await client.get(`/channels/${there.id}`), { status: 403, json: { code: 50001 } });
  emulator.discord.world.removeMember(bot, guild.id);
  t.match(await client.get(`/guilds/${guild.id}`), { json: { code: 10004 } });
  t.match(await client.get(`/channels/${channel.id}`), { json: { code: 50001 } });
  t.strictSame((await client.get("/users/@me/guilds")).json, []);
});

t.test("channels are made, changed and deleted", async (t) => {
  const { client, emulator, guild, bot } = await room(t);
  const path = `/guilds/${guild.id}/channels`;
  const category = await client.post(path, { name: "Lanes", type: CHANNEL_TYPE.category });
  t.match(category, { status: 201, json: { type: 4 } });
  const made = await client.post(path, { name: "lane", topic: "t", parent_id: category.json.id });
  t.match(made, { status: 201, json: { name: "lane", topic: "t", parent_id: category.json.id } });
  const own = `/channels/${made.json.id}`;
  t.match((await client.patch(own, { name: "renamed" })).json, { name: "renamed", topic: "t" });
  t.match((await client.patch(own, { topic: null })).json, { topic: null });
  t.match(await client.post(path, {}), { status: 400, json: { code: 50035 } });
  t.match(await client.post(path, { name: "voice", type: 2 }), { json: { code: 50035 } });
  t.match(await client.post(path, { name: "x", parent_id: made.json.id }), {
    json: { errors: { parent_id: { _errors: [{ code: "CHANNEL_PARENT_INVALID" }] } } },
  });
  t.match(await client.post(`/channels/${category.json.id}/messages`, { content: "a" }), {
    json: { code: 50008 },
  });
  const webhook = (await client.post(`${own}/webhooks`, { name: "lane" })).json;
  await client.post(`${own}/messages`, { content: "a" });
  t.equal((await client.delete(own)).json.id, made.json.id);
  t.equal((await client.get(own)).status, 404);
  t.equal((await client.get(`/webhooks/${webhook.id}`)).status, 404, "its webhooks go with it");
  for (let i = 0; i < 50; i++) {
    const { id: parentId } = category.json;
    const { world } = emulator.discord;
    world.channels.put({ ...addChannel(emulator.discord, guild), parentId });
  }
  t.match(await client.post(path, { name: "x", parent_id: category.json.id }), {
    json: { errors: { parent_id: { _errors: [{ code: "CHANNEL_PARENT_MAX_CHANNELS" }] } } },
  });
  for (let i = 0; i < 450; i++) addChannel(emulator.discord, guild);
  t.match(await client.post(path, { name: "x" }), { json: { code: 30013 } });
  const powerless = addBot(emulator.discord, guild, { permissions: ["viewChannel"] });
  const poor = new DiscordClient(emulator.apiUrl, powerless.token);
  t.match(await poor.post(path, { name: "x" }), { status: 403, json: { code: 50013 } });
  t.ok(bot.token);
});

t.test("threads are archived by hand or by silence, and woken by a message", async (t) => {
  const { client, emulator, channel } = await room(t);
  const start = (json: unknown): ReturnType<DiscordClient["post"]> =>
    client.post(`/channels/${channel.id}/threads`, json);
  t.match(await start({ name: "t", auto_archive_duration: 5 }), { json: { code: 50035 } });
  const { json } = await start({ name: "t", type: 11, auto_archive_duration: 60 });
  t.match(json, { parent_id: channel.id, thread_metadata: { archived: false } });
  const own = `/channels/${json.id}`;
  const isArchived = async (): Promise<boolean> =>
    (await client.get(own)).json.thread_metadata.archived;
  const message = (await client.post(`${own}/messages`, { content: "a" })).json;
  await client.patch(own, { archived: true });
  t.equal(await isArchived(), true);
  t.match(await client.patch(`${own}/messages/${message.id}`, { content: "b" }), {
    status: 400,
    json: { code: 50083 },
  });
  await client.post(`${own}/messages`, { content: "wake" });
  t.equal(await isArchived(), false);
  emulator.discord.clock.advance(3_600_000);
  t.equal(await isArchived(), true, "by silence");
  await client.post(`${own}/messages`, { content: "wake" });
  t.equal(await isArchived(), false);
  t.match(await client.post(`${own}/threads`, { name: "t" }), { json: { code: 50008 } });
  const forum = addChannel(emulator.discord, { ...(await guildOf(emulator)) }, { type: 15 });
  t.match(await client.post(`/channels/${forum.id}/messages`, { content: "a" }), {
    json: { code: 50008 },
  });
  await client.delete(`/channels/${channel.id}`);
  t.equal((await client.get(own)).status, 404, "a thread goes with its channel");
});

async function guildOf({ discord }: TestEmulator["emulator"]): Promise<TestEmulator["guild"]> {
  const [guild] = discord.world.guilds.values();
  if (!guild) throw new Error("there is no guild");
  return guild;
}

t.test("webhooks are made, listed, renamed and deleted", async (t) => {
  const { client, nobody, emulator, channel, guild, bot } = await room(t);
  const path = `/channels/${channel.id}/webhooks`;
  t.match(await client.post(path, { name: "my Clyde" }), { json: { code: 50035 } });
  t.match(await client.post(path, {}), { json: { code: 50035 } });
  t.match(await client.post(path, { name: "x".repeat(81) }), { json: { code: 50035 } });
  const { json } = await client.post(path, { name: "lane" });
  t.match(json, { channel_id: channel.id, name: "lane", token: /^.{68}$/ });
  const byId = `/webhooks/${json.id}`;
  const byToken = `${byId}/${json.token}`;
  t.match((await client.get(path)).json, [{ id: json.id, user: { id: bot.id } }]);
  t.match((await client.get(`/guilds/${guild.id}/webhooks`)).json, [{ id: json.id }]);
  t.match((await client.get(byId)).json, { token: json.token });
  t.notOk((await nobody.get(byToken)).json.user);
  t.match((await client.patch(byId, { name: "a" })).json, { name: "a" });
  t.match((await nobody.patch(byToken, { name: "b" })).json, { name: "b" });
  t.match(await nobody.get(`${byId}/wrong`), { status: 401, json: { code: 50027 } });
  for (let i = 0; i < 14; i++) addWebhook(emulator.discord, channel, bot);
  t.match(await client.post(path, { name: "x" }), { json: { code: 30007 } });
  const elsewhere = addChannel(emulator.discord, guild);
  for (let i = 0; i < 985; i++) addWebhook(emulator.discord, elsewhere, bot);
  const third = addChannel(emulator.discord, guild);
  t.match(await client.post(`/channels/${third.id}/webhooks`, { name: "x" }), {
    json: { code: 30058 },
  });
  t.equal((await nobody.delete(byToken)).status, 204);
  const [other] = (await client.get(path)).json;
  t.equal((await client.delete(`/webhooks/${other.id}`)).status, 204);
  t.match(await nobody.get(byToken), { status: 404, json: { code: 10015 } });
  denyInChannel(emulator.discord, channel, bot, ["manageWebhooks"]);
  t.match(await client.get(path), { status: 403, json: { code: 50013 } });
});

t.test("a webhook posts, and reads, edits and deletes what it posted", async (t) => {
  const { client, nobody, emulator, channel, bot } = await room(t);
  const webhook = addWebhook(emulator.discord, channel, bot);
  const path = `/webhooks/${webhook.id}/${webhook.token}`;
  const silent = await nobody.post(path, { content: "a", username: "lane 1" });
  t.match(silent, { status: 204, text: "" });
  const { json } = await nobody.post(`${path}?wait=true`, { content: "b" });
  t.match(json, { webhook_id: webhook.id, author: { username: "lane", bot: true } });
  const own = `${path}/messages/${json.id}`;
  t.match((await nobody.get(own)).json, { content: "b" });
  t.match((await nobody.patch(own, { content: "c" })).json, { content: "c" });
  const foreign = (await client.post(`/channels/${channel.id}/messages`, { content: "x" })).json;
  t.match(await nobody.get(`${path}/messages/${foreign.id}`), { json: { code: 10008 } });
  t.equal((await nobody.delete(own)).status, 204);
  t.match(await nobody.delete(own), { status: 404, json: { code: 10008 } });
  const bad = await nobody.post(path, {});
  t.match(bad, { status: 400, json: { code: 50006 } });
});

t.test("a webhook posts in threads of its channel", async (t) => {
  const { client, nobody, emulator, channel, guild, bot } = await room(t);
  const webhook = addWebhook(emulator.discord, channel, bot);
  const path = `/webhooks/${webhook.id}/${webhook.token}`;
  const { id } = (await client.post(`/channels/${channel.id}/threads`, { name: "t" })).json;
  const inThread = `thread_id=${id}`;
  const { json } = await nobody.post(`${path}?wait=true&${inThread}`, { content: "a" });
  t.equal(json.channel_id, id);
  t.equal((await nobody.get(`${path}/messages/${json.id}?${inThread}`)).status, 200);
  t.match(await nobody.get(`${path}/messages/${json.id}`), { json: { code: 10008 } });
  await client.patch(`/channels/${id}`, { locked: true });
  t.match(await nobody.post(`${path}?${inThread}`, { content: "a" }), { json: { code: 50035 } });
  const elsewhere = addChannel(emulator.discord, guild);
  t.match(await nobody.post(`${path}?thread_id=${elsewhere.id}`, { content: "a" }), {
    json: { code: 10003 },
  });
  const forum = addChannel(emulator.discord, guild, { type: CHANNEL_TYPE.forum });
  const poster = addWebhook(emulator.discord, forum, bot);
  t.match(await nobody.post(`/webhooks/${poster.id}/${poster.token}`, { content: "a" }), {
    json: { code: 220001 },
  });
});
