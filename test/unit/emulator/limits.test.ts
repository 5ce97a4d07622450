/**
 * Rate limits, as headers tell of them and as they do not, and the ban for those who do not listen.
 *
 * @module
 */
import t, { type Test } from "tap";
import { addBot, addChannel, addWebhook } from "../../emulator/founding.ts";
import { DEFAULT_RATES } from "../../emulator/limits/rates.ts";
import type { Settings } from "../../emulator/settings.ts";
import { type ClientReply, DiscordClient } from "../../support/discord-client.ts";
import { type TestEmulator, testEmulator } from "../../support/test-emulator.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

interface Room extends TestEmulator {
  readonly client: DiscordClient;
  readonly nobody: DiscordClient;
  /** Posts in the first channel. */
  readonly post: () => Promise<ClientReply>;
}

async function room(t: Test, settings: Partial<Settings> = {}): Promise<Room> {
  const world = await testEmulator(t, { settings });
  const { apiUrl } = world.emulator;
  const client = new DiscordClient(apiUrl, world.bot.token);
  const post = (): Promise<ClientReply> =>
    client.post(`/channels/${world.channel.id}/messages`, { content: "a" });
  return { ...world, client, post, nobody: new DiscordClient(apiUrl) };
}

async function repeat<T>(times: number, action: () => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let i = 0; i < times; i++) results.push(await action());
  return results;
}

function limitHeaders({ headers }: ClientReply): Record<string, string> {
  const told = [...headers].filter(([name]) => /^x-ratelimit|^retry-after/.test(name));
  return Object.fromEntries(told);
}

t.test("a bucket is told in headers, and refuses when it is empty", async (t) => {
  const { post, emulator, client, guild } = await room(t);
  const [first, , , , fifth] = await repeat(5, post);
  const now = emulator.discord.clock.now() / 1000;
  t.match(limitHeaders(first as ClientReply), {
    "x-ratelimit-limit": "5",
    "x-ratelimit-remaining": "4",
    "x-ratelimit-reset": (now + 5).toFixed(3),
    "x-ratelimit-reset-after": "5.000",
    "x-ratelimit-bucket": /^[0-9a-f]{32}$/,
  });
  emulator.discord.clock.advance(1250);
  t.equal(limitHeaders(fifth as ClientReply)["x-ratelimit-remaining"], "0");
  const refused = await post();
  t.match(refused, {
    status: 429,
    json: { message: "You are being rate limited.", retry_after: 3.75, global: false },
  });
  t.match(limitHeaders(refused), {
    "x-ratelimit-remaining": "0",
    "x-ratelimit-reset-after": "3.750",
    "retry-after": "4",
    "x-ratelimit-scope": "user",
  });
  t.notOk(limitHeaders(refused)["x-ratelimit-global"]);
  t.equal(emulator.discord.rates.earlyRetries, 0);
  await post();
  t.equal(emulator.discord.rates.earlyRetries, 1, "not waiting is counted");

  const elsewhere = addChannel(emulator.discord, guild);
  const there = await client.post(`/channels/${elsewhere.id}/messages`, { content: "a" });
  t.equal(there.status, 200, "another channel has a bucket of its own");
  t.equal(
    limitHeaders(there)["x-ratelimit-bucket"],
    limitHeaders(refused)["x-ratelimit-bucket"],
    "with the same hash",
  );
  emulator.discord.clock.advance(3750);
  t.equal((await post()).status, 200, "the window is over");
});

t.test("the webhooks of a channel share a limit that no header shows", async (t) => {
  const { emulator, nobody, channel, bot } = await room(t);
  const webhooks = [1, 2].map(() => addWebhook(emulator.discord, channel, bot));
  const [one, two] = webhooks.map(({ id, token }) => `/webhooks/${id}/${token}`);
  for (let i = 0; i < 15; i++) {
    t.equal((await nobody.post(`${one}`, { content: "a" })).status, 204);
    t.equal((await nobody.post(`${two}`, { content: "a" })).status, 204);
    emulator.discord.clock.advance(1000);
  }
  const refused = await nobody.post(`${one}`, { content: "a" });
  t.match(refused, { status: 429, json: { code: 20028, retry_after: 45, global: false } });
  t.match(limitHeaders(refused), { "retry-after": "45", "x-ratelimit-scope": "shared" });
  t.ok(Number(limitHeaders(refused)["x-ratelimit-remaining"]) > 0, "the bucket has room left");
  t.equal(emulator.discord.invalidRequests.count("127.0.0.1"), 0, "a shared limit is no offence");
});

t.test("deletions have buckets by the age of the message", async (t) => {
  const { emulator, client, channel, post } = await room(t);
  const { clock } = emulator.discord;
  const limitAfter = async (ms: number): Promise<string | undefined> => {
    clock.advance(HOUR_MS);
    const { id } = (await post()).json;
    clock.advance(ms);
    const reply = await client.delete(`/channels/${channel.id}/messages/${id}`);
    return limitHeaders(reply)["x-ratelimit-limit"];
  };
  t.equal(await limitAfter(0), "5");
  t.equal(await limitAfter(11_000), "3");
  t.equal(await limitAfter(15 * 24 * HOUR_MS), "30");
});

t.test("edits of messages older than an hour have a limit that no header shows", async (t) => {
  const { emulator, client, channel, post, nobody, bot } = await room(t);
  const { id } = (await post()).json;
  const edit = (): Promise<ClientReply> =>
    client.patch(`/channels/${channel.id}/messages/${id}`, { content: "b" });
  t.strictSame(
    (await repeat(4, edit)).map(({ status }) => status),
    [200, 200, 200, 200],
  );
  const webhook = addWebhook(emulator.discord, channel, bot);
  const hook = `/webhooks/${webhook.id}/${webhook.token}`;
  const hooked = (await nobody.post(`${hook}?wait=true`, { content: "a" })).json;
  emulator.discord.clock.advance(HOUR_MS + 1);
  const replies = await repeat(4, edit);
  t.match(replies[3], { status: 429, json: { code: 30046 } });
  const byToken = await nobody.patch(`${hook}/messages/${hooked.id}`, { content: "b" });
  t.match(byToken, { status: 429, json: { code: 30046 } }, "webhooks included");
});

t.test("a channel is renamed twice in ten minutes", async (t) => {
  const { client, channel } = await room(t);
  const change = (json: unknown): Promise<ClientReply> =>
    client.patch(`/channels/${channel.id}`, json);
  t.equal((await change({ name: "a" })).status, 200);
  t.equal((await change({ topic: "b" })).status, 200);
  t.match(await change({ name: "c" }), { status: 429, json: { code: 20028, retry_after: 600 } });
  t.equal((await change({})).status, 200, "other changes have another limit");
});

t.test("all requests of a bot together have a limit", async (t) => {
  const { client, nobody, emulator, guild } = await room(t, {
    rates: { ...DEFAULT_RATES, other: { limit: 1000, windowMs: 1000 } },
  });
  await repeat(50, () => client.get("/users/@me"));
  const refused = await client.get("/gateway/bot");
  t.match(refused, { status: 429, json: { global: true, retry_after: 1 } });
  t.match(limitHeaders(refused), { "x-ratelimit-global": "true", "x-ratelimit-scope": "global" });
  t.equal((await nobody.get("/gateway")).status, 200, "who has no token is told by address");
  const other = addBot(emulator.discord, guild);
  t.equal((await new DiscordClient(emulator.apiUrl, other.token).get("/users/@me")).status, 200);
});

t.test("headers can be missing or wrong, and bodies still tell the truth", async (t) => {
  const { post, emulator } = await room(t);
  const { settings } = emulator.discord;
  settings.rateLimitHeaders = "absent";
  t.strictSame(limitHeaders(await post()), {});
  await repeat(4, post);
  t.strictSame(limitHeaders(await post()), { "retry-after": "5" });
  settings.rateLimitHeaders = "misleading";
  const refused = await post();
  t.match(limitHeaders(refused), { "retry-after": "3", "x-ratelimit-remaining": "5" });
  t.equal(refused.json.retry_after, 5);
  settings.limitsRates = false;
  t.equal((await post()).status, 200, "limits can be off");
});

t.test("too many invalid requests ban an address, with nothing to go by", async (t) => {
  const { client, nobody, emulator } = await room(t, { invalidRequestLimit: 3, banMs: MINUTE_MS });
  const { clock, settings, invalidRequests, log } = emulator.discord;
  await repeat(3, () => nobody.get("/users/@me"));
  t.equal(invalidRequests.count("127.0.0.1"), 3);
  t.equal((await client.get("/users/@me")).status, 200);
  await nobody.get("/users/@me");
  const banned = await client.get("/users/@me");
  t.match(banned, { status: 429, text: "error code: 1015", json: undefined });
  t.strictSame(limitHeaders(banned), {});
  t.equal(banned.headers.get("via"), null, "the edge answers, not the API");
  settings.banAnswer = "json";
  t.match((await client.get("/users/@me")).json, { code: 0, message: /^You are being blocked/ });
  t.equal(log.counters.requestsWhileBanned, 2);
  clock.advance(MINUTE_MS);
  t.equal((await client.get("/users/@me")).status, 200, "until it is over");
  clock.advance(10 * MINUTE_MS);
  t.equal(invalidRequests.count("127.0.0.1"), 0, "the window is ten minutes");
});
