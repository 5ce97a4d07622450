/**
 * The Discord store and Discord's limits: kept to, learned, and what happens when Discord has had enough.
 *
 * @module
 */
import t, { type Test } from "tap";
import type { DiscordObjectStore } from "../../../src/stores/objects/discord/discord-object-store.ts";
import {
  type DiscordPlace,
  discordPlace,
  type PlaceOptions,
} from "../../support/discord-vault-place.ts";
import { StandingTiming } from "../../support/standing-timing.ts";

const POST = "POST /channels/{channel_id}/messages";

/** Settings with which every object goes in a message of its own. */
const ALONE = { objectBytes: 300_000, messageBytes: 300_000 };
const BYTES = new Uint8Array(200_000).fill(7);

interface Shipping extends DiscordPlace {
  readonly store: DiscordObjectStore;
  readonly counters: DiscordPlace["emulator"]["discord"]["log"]["counters"];
}

/** Puts many objects, as many at once as the store says. */
async function ship(
  t: Test,
  objects: number,
  options: PlaceOptions,
  sizes = ALONE,
): Promise<Shipping> {
  const place = await discordPlace(t, { timing: new StandingTiming(), ...options });
  const store = place.open(sizes);
  let left = objects;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await store.put(BYTES);
  };
  await Promise.all(Array.from({ length: store.limits.parallelPuts }, worker));
  return { ...place, store, counters: place.emulator.discord.log.counters };
}

t.test("a clean run meets no 429, whatever the lanes", async (t) => {
  for (const [dataChannels, webhooks] of [
    [1, 0],
    [0, 1],
    [2, 2],
  ] as const) {
    const { counters, store } = await ship(t, 80, { dataChannels, webhooks });
    t.equal(counters.rateLimited, 0, `${dataChannels} channels, ${webhooks} webhooks`);
    t.equal(counters.messagesPosted, 80);
    t.ok(store.traffic().limitedMs > 5000, "time was spent waiting");
    t.match(store.traffic().lanes, Array(dataChannels + webhooks).fill({ state: /ready|waiting/ }));
  }
});

t.test(
  "messages go full once limits hold everything back, and the last does not wait for ever",
  async (t) => {
    const sizes = { objectBytes: 200_000, messageBytes: 620_000 };
    const { counters } = await ship(t, 61, {}, sizes);
    t.equal(counters.filesUploaded, 61);
    t.equal(counters.rateLimited, 0);
    // Five go with what there is before the limit shows, and 56 more objects in messages of three.
    t.ok(counters.messagesPosted <= 5 + 19 + 3, `${counters.messagesPosted} messages`);
  },
);

t.test("data is spread over the lanes", async (t) => {
  const { emulator, config, laneWebhooks } = await ship(t, 60, { dataChannels: 2, webhooks: 1 });
  const channels = [...config.dataChannels, ...laneWebhooks.map(({ channelId }) => channelId)];
  for (const id of channels) {
    t.ok(emulator.discord.world.messages.ofChannel(id).length >= 10, `channel ${id}`);
  }
});

t.test("limits that no header shows are learned, and each refusal is waited for", async (t) => {
  const settings = { rateLimitHeaders: "absent" } as const;
  const { counters, emulator } = await ship(t, 40, { settings });
  t.equal(counters.messagesPosted, 40);
  t.ok(counters.rateLimited <= 3, `${counters.rateLimited} refusals`);
  t.equal(emulator.discord.rates.earlyRetries, 0);
});

t.test("headers that lie do not lead into a refusal", async (t) => {
  const { counters } = await ship(t, 40, { settings: { rateLimitHeaders: "misleading" } });
  t.equal(counters.rateLimited, 0);
});

t.test("a limit shared with others is waited for, and the pace lowered", async (t) => {
  const place = await discordPlace(t, {
    dataChannels: 0,
    webhooks: 1,
    timing: new StandingTiming(),
  });
  const { discord } = place.emulator;
  discord.settings.rates = {
    ...discord.settings.rates,
    webhooksOfChannel: { limit: 10, windowMs: 60_000 },
  };
  const store = place.open(ALONE);
  for (let i = 0; i < 45; i++) await store.put(BYTES);
  t.ok(discord.log.counters.rateLimited <= 5, `${discord.log.counters.rateLimited} refusals`);
  t.equal(discord.rates.earlyRetries, 0);
  t.equal(discord.invalidRequests.count("127.0.0.1"), 0, "none of them is held against anybody");
});

t.test("a storm of 429 is sat out", async (t) => {
  const place = await discordPlace(t, { timing: new StandingTiming() });
  const { faults, discord } = place.emulator;
  for (const scope of ["user", "shared", "global"] as const) {
    faults.add({ fault: { kind: "rate-limit", scope, retryAfter: 3 }, probability: 0.2 });
  }
  const store = place.open(ALONE);
  for (let i = 0; i < 20; i++) await store.put(BYTES);
  t.equal(discord.log.counters.messagesPosted, 20);
  t.equal(store.traffic().stopped, undefined);
});

t.test("a limit that lasts too long is an error, and not waited for again and again", async (t) => {
  const place = await discordPlace(t, { timing: new StandingTiming() });
  const store = place.open();
  const fault = { kind: "rate-limit", scope: "user", retryAfter: 7200 } as const;
  place.emulator.faults.once(fault, { route: POST });
  await t.rejects(store.put(BYTES), { code: "STORE_DOWN", message: /wants 7200 s to pass/ });
  t.equal(place.emulator.discord.log.counters.apiRequests, 1);
});

t.test("a ban ends everything at once", async (t) => {
  for (const banAnswer of ["text", "json"] as const) {
    const place = await discordPlace(t, { settings: { banAnswer }, dataChannels: 2 });
    const { faults, discord } = place.emulator;
    const store = place.open();
    await store.put(BYTES);
    faults.once({ kind: "ban" });
    await t.rejects(store.put(BYTES), { code: "STORE_DENIED", message: /banned/ });
    const { requestsWhileBanned } = discord.log.counters;
    await t.rejects(store.put(BYTES), { code: "STORE_DENIED", message: /banned/ });
    await t.rejects(store.records(1), { code: "STORE_DENIED", message: /banned/ });
    t.equal(discord.log.counters.requestsWhileBanned, requestsWhileBanned, "nothing more is sent");
    t.ok(requestsWhileBanned <= 1);
    t.match(store.traffic().stopped, /banned this network address/);
  }
});

t.test("a 429 that gives no time ends everything too", async (t) => {
  const place = await discordPlace(t);
  const store = place.open();
  place.emulator.faults.add({ fault: { kind: "rate-limit", scope: "user" } });
  await t.rejects(store.put(BYTES), { code: "STORE_DENIED" });
  await t.rejects(store.put(BYTES), { code: "STORE_DENIED" });
  t.equal(place.emulator.discord.log.counters.apiRequests, 1);
});

t.test("too many refusals stop everything, until they are ten minutes old", async (t) => {
  const place = await discordPlace(t, { timing: new StandingTiming() });
  const { emulator, timing } = place;
  const store = place.open({ refusalsMax: 6 });
  const id = emulator.faults.add({ fault: { kind: "answer", status: 403, code: 50013 } });
  for (let i = 0; i < 6; i++) await t.rejects(store.records(1), { code: "STORE_DENIED" });
  await t.rejects(store.records(1), { message: /refused 6 requests within ten minutes/ });
  await t.rejects(store.put(BYTES), { message: /refused 6 requests/ });
  t.equal(emulator.discord.log.counters.apiRequests, 6);
  t.match(store.traffic().stopped, /nothing is sent/);
  emulator.faults.remove(id);
  await new Promise<void>((resolve) => timing.after(600_000, resolve));
  t.equal(store.traffic().stopped, undefined);
  await store.records(1);
});

t.test("a token that was revoked ends everything, and says so", async (t) => {
  const place = await discordPlace(t);
  const store = place.open();
  await store.put(BYTES);
  place.emulator.faults.once({ kind: "revoke-token" });
  await t.rejects(store.put(BYTES), { code: "STORE_DENIED", message: /does not accept the token/ });
  const { apiRequests } = place.emulator.discord.log.counters;
  await t.rejects(store.records(1), { code: "STORE_DENIED" });
  t.equal(place.emulator.discord.log.counters.apiRequests, apiRequests);
  t.match(store.traffic().stopped, /bot tokens and webhooks/);
});
