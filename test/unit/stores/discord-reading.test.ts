/**
 * The Discord store and what it reads: URLs that expire, a CDN that fails, messages that are hidden, foreign or gone.
 *
 * @module
 */
import t, { type Test } from "tap";
import type { DiscordObjectStore } from "../../../src/stores/objects/discord/discord-object-store.ts";
import type { ObjectId } from "../../../src/stores/objects/object-store.ts";
import type { Fault } from "../../emulator/faults/fault.ts";
import { addBot, denyInChannel } from "../../emulator/founding.ts";
import { DiscordClient } from "../../support/discord-client.ts";
import {
  type DiscordPlace,
  discordPlace,
  type PlaceOptions,
} from "../../support/discord-vault-place.ts";

const LIST = "GET /channels/{channel_id}/messages";
const BYTES = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31) >> 3);
const HOUR_MS = 3_600_000;
const IMPATIENT = { silenceMs: 20_000, answerMs: 20_000 };

interface Library extends DiscordPlace {
  readonly store: DiscordObjectStore;
  /** Requests of the API and of the CDN since the last time it was asked. */
  readonly asked: () => readonly [api: number, cdn: number];
}

async function library(t: Test, options: PlaceOptions = {}): Promise<Library> {
  const place = await discordPlace(t, { settings: { limitsRates: false }, ...options });
  const { log } = place.emulator.discord;
  const asked = (): [number, number] => {
    const { apiRequests, cdnRequests } = log.counters;
    log.reset();
    return [apiRequests, cdnRequests];
  };
  return { ...place, store: place.open(IMPATIENT), asked };
}

async function isIntact(store: DiscordObjectStore, id: ObjectId): Promise<boolean> {
  const bytes = await store.get(id, { offset: 0, length: BYTES.length });
  return Buffer.compare(bytes, BYTES) === 0;
}

async function putMany(store: DiscordObjectStore, count: number): Promise<ObjectId[]> {
  const ids: ObjectId[] = [];
  for (let i = 0; i < count; i++) ids.push((await store.put(new Uint8Array(100).fill(i))).id);
  return ids;
}

function record(body: string): Parameters<DiscordObjectStore["append"]>[0] {
  const nonce = new Uint8Array(16);
  crypto.getRandomValues(nonce);
  return { kind: "commit", body: new TextEncoder().encode(body), attachments: [], nonce };
}

t.test("whatever the CDN does, what comes is right", async (t) => {
  const { emulator, store } = await library(t);
  const { id } = await store.put(BYTES);
  const faults: Fault[] = [
    { kind: "answer", status: 500 },
    { kind: "answer", status: 503, format: "html" },
    { kind: "delay", ms: 20 },
    { kind: "drip", bytes: 100_000, everyMs: 5 },
    { kind: "stall" },
    { kind: "truncate", length: "stated" },
    { kind: "truncate", length: "absent" },
    { kind: "reset", phase: "arrival" },
    { kind: "reset", phase: "answer" },
    { kind: "lose-answer" },
    { kind: "expire-url" },
    { kind: "ignore-range" },
    { kind: "rate-limit", scope: "user", retryAfter: 5 },
    { kind: "rate-limit", scope: "user" },
  ];
  for (const fault of faults) {
    emulator.faults.once(fault, { site: "cdn" });
    t.ok(await isIntact(store, id), JSON.stringify(fault));
    emulator.faults.once(fault, { site: "cdn" });
    const part = await store.get(id, { offset: 200_000, length: 50_000 });
    t.same(part, BYTES.slice(200_000, 250_000), `a part, ${JSON.stringify(fault)}`);
  }
  t.strictSame(emulator.faults.rules(), []);
});

t.test(
  "a part that does not come is asked for again long before an answer of the API is",
  async (t) => {
    const { emulator, store, open, timing } = await library(t);
    const { id } = await store.put(BYTES);
    const answerMs = 3_600_000;
    const reader = open({ silenceMs: answerMs, answerMs, partAnswerMs: 15_000 });
    emulator.faults.once({ kind: "stall" }, { site: "cdn" });
    const begin = timing.trueTime();
    t.ok(await isIntact(reader, id));
    t.ok(timing.trueTime() - begin < answerMs);
  },
);

t.test("a URL that is refused is replaced, also when the next is refused as well", async (t) => {
  const { emulator, store } = await library(t);
  const { id } = await store.put(BYTES);
  emulator.faults.add({ fault: { kind: "expire-url" }, site: "cdn", times: 3 });
  t.ok(await isIntact(store, id));
  t.strictSame(emulator.faults.rules(), []);
});

t.test("what broke off is taken up where it broke off", async (t) => {
  const { emulator, store } = await library(t);
  const { id } = await store.put(BYTES);
  emulator.faults.add({
    fault: { kind: "truncate", length: "stated" },
    site: "cdn",
    times: 6,
  });
  t.ok(await isIntact(store, id), "more breaks than tries, but each brings something");
  const ranges = emulator.discord.log.entries().flatMap(({ range }) => range ?? []);
  t.ok(new Set(ranges).size > 3, `${new Set(ranges).size} places`);
});

t.test("a whole file in place of a part is put up with, also at its end", async (t) => {
  const { emulator, store } = await library(t);
  emulator.discord.settings.ranges = "ignored";
  const { id } = await store.put(BYTES);
  for (const [offset, length] of [
    [0, 1],
    [299_999, 1],
    [100, 299_900],
  ] as const) {
    t.same(await store.get(id, { offset, length }), BYTES.slice(offset, offset + length));
  }
  const beyond = { offset: 299_999, length: 2 };
  await t.rejects(store.get(id, beyond), { code: "OBJECT_CUT" });
});

t.test("no more is fetched than a range needs, one request each", async (t) => {
  const { emulator, store, asked } = await library(t);
  const { id } = await store.put(BYTES);
  asked();
  for (let i = 0; i < 10; i++) await store.get(id, { offset: i * 1000, length: 100 });
  const { bytesDownloaded } = emulator.discord.log.counters;
  t.same(asked(), [0, 10]);
  t.equal(bytesDownloaded, 1000);
});

t.test("a URL that expired unnoticed is replaced, once", async (t) => {
  const { emulator, store, asked } = await library(t);
  const { id } = await store.put(BYTES);
  emulator.discord.clock.advance(25 * HOUR_MS);
  asked();
  t.ok(await isIntact(store, id));
  t.same(asked(), [1, 2]);
  t.ok(await isIntact(store, id));
  t.same(asked(), [0, 1], "the new one is remembered");
});

t.test("a URL is replaced before it expires, and never used after", async (t) => {
  const { store, asked, timing } = await library(t);
  const { id } = await store.put(BYTES);
  asked();
  timing.advance(23.5 * HOUR_MS);
  t.ok(await isIntact(store, id), "ageing: used, and replaced meanwhile");
  await store.records(1);
  asked();
  timing.advance(HOUR_MS);
  t.ok(await isIntact(store, id));
  t.same(asked(), [0, 1], "the old one would have expired");
  timing.advance(48 * HOUR_MS);
  t.ok(await isIntact(store, id));
  t.same(asked(), [1, 1], "expired, and known to be");
});

t.test("a machine whose clock is a day off notices nothing", async (t) => {
  for (const skewMs of [-24 * HOUR_MS, 24 * HOUR_MS]) {
    const { store, asked, timing, emulator } = await library(t, { dataChannels: 1, webhooks: 1 });
    timing.skewMs = skewMs;
    const { id } = await store.put(BYTES);
    asked();
    t.ok(await isIntact(store, id));
    t.same(asked(), [0, 1], "the URL is taken to be good");
    timing.advance(23.99 * HOUR_MS);
    t.ok(await isIntact(store, id));
    t.equal(emulator.discord.log.counters.cdnRequests, 1, "and to be expired, in time");
    await store.append(record("a"));
    t.equal((await store.records(1)).length, 1);
    await store.delete([id]);
    await t.rejects(store.get(id, { offset: 0, length: 1 }), { code: "OBJECT_GONE" });
  }
});

t.test("neighbours' URLs come with one call", async (t) => {
  const { store, asked, open } = await library(t);
  const ids = await putMany(store, 60);
  asked();
  const other = open();
  for (const [i, id] of ids.entries()) {
    t.same(await other.get(id, { offset: 0, length: 1 }), new Uint8Array([i]));
  }
  const [api, cdn] = asked();
  t.equal(cdn, 60);
  t.ok(api <= 2, `${api} calls`);
  const third = open();
  await Promise.all(ids.map((id) => third.get(id, { offset: 0, length: 1 })));
  t.ok(asked()[0] <= 3, "all at once, too");
});

t.test("URLs may be refreshed the undocumented way where allowed", async (t) => {
  const { store, open, asked, timing, emulator } = await library(t);
  const ids = await putMany(store, 60);
  const other = open({}, { usesRefreshUrls: true });
  await other.get(ids[0] as ObjectId, { offset: 0, length: 1 });
  timing.advance(48 * HOUR_MS);
  asked();
  const getAll = (): Promise<unknown> =>
    Promise.all(ids.slice(0, 50).map((id) => other.get(id, { offset: 0, length: 1 })));
  await getAll();
  t.same(asked(), [1, 50]);
  emulator.discord.settings.hasRefreshUrls = false;
  timing.advance(48 * HOUR_MS);
  await getAll();
  t.ok(asked()[0] <= 3, "and by reading messages when that way is closed");
});

t.test("gone is only what an authorised answer says is gone", async (t) => {
  const { emulator, store, config, open, asked } = await library(t);
  const { id } = await store.put(BYTES);
  const other = open();
  const get = (): Promise<unknown> => other.get(id, { offset: 0, length: 1 });
  for (const [status, code] of [
    [403, 10_008],
    [403, 50_001],
    [404, 10_003],
    [404, undefined],
  ] as const) {
    emulator.faults.add({ fault: { kind: "answer", status, ...(code ? { code } : {}) } });
    await t.rejects(get(), { code: /STORE_(DENIED|MISSING)/ }, `${status} ${code}`);
    emulator.faults.clear();
  }
  emulator.discord.settings.cdnAccess = "blocked";
  asked();
  await t.rejects(get(), { code: "STORE_DENIED", message: /refuses this network/ });
  t.same(asked(), [2, 2], "one new URL, one more try");
  emulator.discord.settings.cdnAccess = "open";
  await get();
  await store.delete([id]);
  emulator.discord.clock.advance(60_000);
  await t.rejects(get(), { code: "OBJECT_GONE" });
  t.equal(emulator.discord.world.messages.ofChannel(config.dataChannels[0] ?? "").length, 0);
});

t.test("what was just written is waited for, not given up", async (t) => {
  const { emulator, store, open } = await library(t);
  emulator.discord.settings.readLagMs = 5000;
  const { id } = await store.put(BYTES);
  t.ok(await isIntact(open(), id));
});

t.test("what was just appended is in the log, also when Discord lists it late", async (t) => {
  const { emulator, store } = await library(t);
  emulator.discord.settings.readLagMs = 2000;
  const { position } = await store.append(record("kept"));
  t.match(await store.records(100), [{ position }]);
  const doomed = await store.append(record("deleted"));
  await store.deleteRecords([doomed.position]);
  t.match(await store.records(100), [{ position }]);
});

t.test("an object's neighbours in a message outlive it", async (t) => {
  for (const options of [{}, { dataChannels: 0, webhooks: 1 }]) {
    const { store, open } = await library(t, options);
    const [a, b, c] = await Promise.all([1, 2, 3].map((n) => store.put(new Uint8Array([n]))));
    await store.delete([b?.id as ObjectId]);
    const other = open();
    t.same(await other.get(a?.id as ObjectId, { offset: 0, length: 1 }), new Uint8Array([1]));
    t.same(await other.get(c?.id as ObjectId, { offset: 0, length: 1 }), new Uint8Array([3]));
    await t.rejects(other.get(b?.id as ObjectId, { offset: 0, length: 1 }), {
      code: "OBJECT_GONE",
    });
    await store.delete([a?.id as ObjectId, c?.id as ObjectId]);
    const left: string[] = [];
    for await (const { id } of store.list()) left.push(id);
    t.same(left, []);
  }
});

t.test("many objects are deleted a hundred at a time, or one by one", async (t) => {
  const { store, asked, emulator, bot, channels } = await library(t);
  const ids = await putMany(store, 120);
  asked();
  await store.delete(ids);
  t.ok(asked()[0] <= 6);
  const old = await putMany(store, 3);
  const [first, ...others] = await putMany(store, 3);
  for (const channel of channels) {
    denyInChannel(emulator.discord, channel, bot, ["manageMessages"]);
  }
  await store.delete(others);
  emulator.discord.clock.advance(15 * 24 * HOUR_MS);
  await store.delete([first as ObjectId, ...old]);
  for await (const { id } of store.list()) t.fail(`${id} is left`);
});

t.test("a webhook's messages are read by its token where they are hidden", async (t) => {
  const { store, open, emulator, bot } = await library(t, { dataChannels: 0, webhooks: 1 });
  const { id } = await store.put(BYTES);
  t.ok(await isIntact(open(), id));
  const without = open({}, { webhookAddresses: [] });
  await t.rejects(without.get(id, { offset: 0, length: 1 }), {
    code: "STORE_DENIED",
    message: /Message Content intent/,
  });
  for await (const object of without.list()) t.fail(`${object.id} should not be seen`);
  emulator.discord.world.accounts.put({ ...bot, readsContent: true });
  t.ok(await isIntact(open({}, { webhookAddresses: [] }), id), "with the intent the bot is enough");
});

t.test("records are the bot's own, whatever else stands in the channel", async (t) => {
  const { emulator, store, guild, config, bot, open } = await library(t);
  const rest = new DiscordClient(emulator.apiUrl, bot.token);
  const stranger = addBot(emulator.discord, guild, { username: "stranger", readsContent: true });
  const strange = new DiscordClient(emulator.apiUrl, stranger.token);
  const path = `/channels/${config.headerChannel}/messages`;
  await store.append(record("first"));
  const { json: messages } = await rest.get(path);
  const { content } = messages[0];
  await strange.post(path, { content });
  await rest.post(path, { content: "hello" });
  await rest.post(path, { content: `${content.slice(0, -1)}${content.endsWith("A") ? "B" : "A"}` });
  await rest.post(path, { content: "dv1c:AAAA" });
  await rest.send("PUT", `${path}/pins/${messages[0].id}`);
  for (let i = 0; i < 120; i++) await rest.post(path, { content: `noise ${i}` });
  const second = await store.append(record("second"));
  const bodies = (await store.records(10)).map(({ body }) => new TextDecoder().decode(body));
  t.same(bodies, ["second", "first"]);
  t.equal((await store.records(10, second.position)).length, 1);
  const heir = open({}, { config: { ...config, writers: [stranger.id] } });
  t.equal((await heir.records(10)).length, 2, "the stranger's copy is hidden: no intent");
  await rest.post(path, { content: "dv2c:AAAA" });
  await t.rejects(store.records(1), { code: "VERSION_UNKNOWN", message: /update/ });
});

t.test("another vault's objects in the same channel are not listed", async (t) => {
  const { store, open, config, channels } = await library(t, { dataChannels: 2 });
  await putMany(store, 3);
  const [first, second] = config.dataChannels as [string, string];
  const neighbour = open(
    {},
    { config: { ...config, headerChannel: second, dataChannels: [first] } },
  );
  const { id } = await neighbour.put(BYTES);
  const listed: string[] = [];
  for await (const object of neighbour.list()) listed.push(object.id);
  t.same(listed, [id]);
  t.equal(channels.length, 3);
});

t.test("a channel that may not be read is not taken for an empty one", async (t) => {
  const { emulator, store, bot, channel, open } = await library(t);
  t.same(await store.records(1), [], "empty, and may be read");
  await store.append(record("a"));
  denyInChannel(emulator.discord, channel, bot, ["readMessageHistory"]);
  await t.rejects(open().records(1), { code: "STORE_DENIED", message: /Read Message History/ });
});

t.test("a CDN that is not Discord's is never contacted", async (t) => {
  const { store, open } = await library(t);
  const { id } = await store.put(BYTES);
  const service = { api: "http://127.0.0.1:1", isCdn: () => false };
  const api = await library(t);
  const suspicious = api.open({}, { service: { ...service, api: `${api.emulator.apiUrl}/v10` } });
  const { id: other } = await suspicious.put(BYTES);
  await t.rejects(suspicious.get(other, { offset: 0, length: 1 }), {
    code: "STORE_DENIED",
    message: /not trusted/,
  });
  await t.rejects(open().get("nonsense" as ObjectId, { offset: 0, length: 1 }), {
    code: "STORE_FAILED",
  });
  t.ok(await isIntact(store, id));
});

t.test("reading lists a channel once, however many wait", async (t) => {
  const { store, open, emulator } = await library(t);
  const { id } = await store.put(BYTES);
  const other = open();
  emulator.discord.log.reset();
  await Promise.all(Array.from({ length: 30 }, (_, i) => other.get(id, { offset: i, length: 1 })));
  const lists = emulator.discord.log.entries().filter(({ route }) => route === LIST);
  t.equal(lists.length, 1);
});
