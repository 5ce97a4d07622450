/**
 * The Discord store in bad weather: every fault of the emulator, on the way out and on the way in.
 *
 * @module
 */
import t, { type Test } from "tap";
import { StoreError } from "../../../src/core/base/errors.ts";
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import type { DiscordObjectStore } from "../../../src/stores/objects/discord/discord-object-store.ts";
import type { ObjectSource } from "../../../src/stores/objects/object-bytes.ts";
import type { NewRecord, ObjectId } from "../../../src/stores/objects/object-store.ts";
import type { Fault } from "../../emulator/faults/fault.ts";
import {
  type DiscordPlace,
  discordPlace,
  type PlaceOptions,
} from "../../support/discord-vault-place.ts";

const POST = "POST /channels/{channel_id}/messages";
const EXECUTE = "POST /webhooks/{webhook_id}/{webhook_token}";
const BYTES = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31) >> 3);

/** Seconds of patience, so that a peer that keeps silent is hung up on soon. */
const IMPATIENT = { silenceMs: 20_000, answerMs: 20_000 };

interface Storm extends DiscordPlace {
  readonly store: DiscordObjectStore;
}

async function storm(t: Test, options: PlaceOptions = {}): Promise<Storm> {
  const place = await discordPlace(t, { settings: { limitsRates: false }, ...options });
  return { ...place, store: place.open(IMPATIENT) };
}

/** How many messages there are in the channels for data. */
function posted({ emulator, config }: DiscordPlace): number {
  const channels = [...config.dataChannels, ...config.webhooks.map(({ channel }) => channel)];
  const { messages } = emulator.discord.world;
  return channels.reduce((sum, id) => sum + messages.ofChannel(id).length, 0);
}

async function isIntact(store: DiscordObjectStore, id: ObjectId): Promise<boolean> {
  const bytes = await store.get(id, { offset: 0, length: BYTES.length });
  return Buffer.compare(bytes, BYTES) === 0;
}

function newRecord(attachments: readonly Uint8Array[] = []): NewRecord {
  const nonce = new Uint8Array(16);
  nodePlatform.random.fill(nonce);
  return { kind: "commit", body: BYTES.subarray(0, 1400), attachments, nonce };
}

const ANSWERS: readonly Fault[] = [
  ...[500, 502, 503, 504, 520, 522, 524].map((status) => ({ kind: "answer", status }) as const),
  { kind: "answer", status: 502, format: "html" },
  { kind: "answer", status: 503, code: 130_000 },
  { kind: "answer", status: 500, phase: "after" },
  { kind: "answer", status: 504, phase: "after", format: "html" },
];

const BROKEN: readonly Fault[] = [
  { kind: "delay", ms: 20 },
  { kind: "stall" },
  { kind: "truncate", length: "stated" },
  { kind: "truncate", length: "absent" },
  { kind: "reset", phase: "arrival" },
  { kind: "reset", phase: "upload" },
  { kind: "reset", phase: "answer" },
  { kind: "lose-answer" },
  { kind: "mislabel" },
  { kind: "wrong-size" },
];

for (const { lanes, route, options } of [
  { lanes: "a channel", route: POST, options: {} },
  { lanes: "a webhook", route: EXECUTE, options: { dataChannels: 0, webhooks: 1 } },
]) {
  t.test(`over ${lanes}, whatever breaks, an object is posted once and whole`, async (t) => {
    const place = await storm(t, options);
    const { emulator, store } = place;
    let count = 0;
    for (const fault of [...ANSWERS, ...BROKEN]) {
      emulator.faults.once(fault, { route });
      const { id } = await store.put(BYTES);
      const name = JSON.stringify(fault);
      t.equal(posted(place), ++count, `${name} makes one message`);
      t.ok(await isIntact(store, id), `${name} leaves it intact`);
    }
    t.strictSame(emulator.faults.rules(), [], "each fault struck");
  });

  t.test(`over ${lanes}, what is kept wrong is removed and posted again`, async (t) => {
    const place = await storm(t, options);
    const { emulator, store } = place;
    emulator.faults.add({ fault: { kind: "wrong-size" }, site: "api", times: 2 });
    const { id } = await store.put(BYTES);
    t.equal(posted(place), 1);
    t.ok(await isIntact(store, id));
    emulator.faults.add({ fault: { kind: "wrong-size" }, site: "api" });
    await t.rejects(store.put(BYTES), { code: "STORE_FAILED", message: /does not keep/ });
    t.equal(posted(place), 1, "what came out wrong does not stay");
  });

  t.test(
    `over ${lanes}, a doubtful answer is checked when Discord shows the message`,
    async (t) => {
      const place = await storm(t, options);
      const { emulator, store } = place;
      emulator.discord.settings.readLagMs = 2000;
      emulator.faults.once({ kind: "wrong-size" }, { route });
      const { id } = await store.put(BYTES);
      t.equal(posted(place), 1);
      t.ok(await isIntact(store, id));
    },
  );
}

t.test("bytes that cannot be read are no fault of Discord's, and nothing is posted", async (t) => {
  const place = await storm(t);
  const failure = new StoreError("STORE_FAILED", "the disk is gone");
  const broken: ObjectSource = {
    length: BYTES.length,
    async *pieces() {
      yield BYTES.subarray(0, 200_000);
      throw failure;
    },
  };
  await t.rejects(place.store.put(broken), failure);
  t.equal(posted(place), 0);
  t.equal(place.emulator.discord.log.counters.uploads, 0);
});

t.test("a record is appended once, whatever breaks", async (t) => {
  const { emulator, store } = await storm(t);
  let count = 0;
  for (const fault of [...ANSWERS, ...BROKEN]) {
    emulator.faults.once(fault, { route: POST });
    const { position } = await store.append(newRecord([BYTES]));
    const records = await store.records(100);
    t.equal(records.length, ++count, JSON.stringify(fault));
    t.equal(records[0]?.position, position);
  }
});

t.test("a record that may have been appended is found again long after its nonce", async (t) => {
  const { emulator, store, timing } = await storm(t);
  const record = newRecord();
  const fault = { kind: "lose-answer" } as const;
  emulator.faults.add({ fault, route: POST, times: 5 });
  const { position } = await store.append(record);
  timing.advance(3_600_000);
  t.equal((await store.records(100)).length, 1);
  t.equal((await store.records(1))[0]?.position, position);
});

t.test("a network that is down is an error that says so, soon", async (t) => {
  const place = await storm(t);
  const { id } = await place.store.put(BYTES);
  await place.emulator.close();
  await t.rejects(place.store.put(BYTES), { code: "STORE_DOWN", message: /post in channel/ });
  await t.rejects(place.store.records(1), { code: "STORE_DOWN" });
  await t.rejects(place.store.get(id, { offset: 0, length: 1 }), { code: "STORE_DOWN" });
});

t.test("a refusal that is about the object is no failure of the lane", async (t) => {
  const { emulator, store } = await storm(t);
  for (const [status, code] of [
    [400, 20_009],
    [400, 400_001],
    [400, 50_035],
  ]) {
    emulator.faults.once({ kind: "answer", status: status as number, code: code as number });
    await t.rejects(store.put(BYTES), {
      code: "STORE_FAILED",
      message: new RegExp(`code ${code}`),
    });
  }
  t.match(store.traffic().lanes, [{ state: "ready" }]);
  await store.put(BYTES);
});

t.test("a limit that is lowered in the middle is learned, by objects and records", async (t) => {
  const { emulator, store } = await storm(t);
  const MIB = 1024 * 1024;
  t.equal(store.limits.objectBytes, 8 * MIB);
  emulator.faults.once({ kind: "limit-size", bytes: 3 * MIB });
  await t.rejects(store.put(new Uint8Array(7 * MIB)), { code: "STORE_FULL" });
  t.equal(store.limits.objectBytes, 3.5 * MIB);
  await t.rejects(store.append(newRecord([new Uint8Array(3.4 * MIB)])), { code: "STORE_FULL" });
  t.equal(store.limits.objectBytes, Math.floor(1.7 * MIB), "halved again");
  await store.put(new Uint8Array(1.5 * MIB));
  await t.rejects(store.put(new Uint8Array(2 * MIB)), { message: /at most/ });
});

t.test("objects that are too large together go one by one", async (t) => {
  const place = await storm(t);
  const { emulator, store } = place;
  emulator.discord.settings.requestBytes = 500_000;
  const objects = await Promise.all([1, 2, 3].map(() => store.put(BYTES)));
  for (const { id } of objects) t.ok(await isIntact(store, id));
  t.equal(posted(place), 3);
  t.ok(store.limits.recordBytes < 25 * 1024 * 1024);
  t.equal(store.limits.objectBytes, 8 * 1024 * 1024);
});

t.test("what waits together goes in one message", async (t) => {
  const place = await storm(t);
  const { store } = place;
  const all = Array.from({ length: 25 }, (_, i) => new Uint8Array(1000 + i).fill(i));
  const objects = await Promise.all(all.map((bytes) => store.put(bytes)));
  t.ok(posted(place) <= 5, `${posted(place)} messages`);
  for (const [i, { id, length }] of objects.entries()) {
    t.same(await store.get(id, { offset: 0, length }), all[i]);
  }
});

t.test("a channel that is deleted or forbidden closes its lane, and others go on", async (t) => {
  const place = await storm(t, { dataChannels: 2 });
  const { emulator, store } = place;
  emulator.faults.once({ kind: "delete-channel" }, { route: POST });
  const { id } = await store.put(BYTES);
  t.ok(await isIntact(store, id), "posted over the other one");
  const [failed] = store.traffic().lanes.filter(({ state }) => state === "failed");
  t.match(failed, { reason: /channel does not exist/ });
  emulator.faults.add({ fault: { kind: "answer", status: 403, code: 50_013 }, route: POST });
  await t.rejects(store.put(BYTES), { code: "STORE_DENIED", message: /nothing can be posted/ });
  t.match(store.traffic().lanes, [{ state: "failed" }, { state: "failed" }]);
});

t.test("a lane of the bot is tried again later, a webhook that is gone is not", async (t) => {
  const place = await storm(t, { webhooks: 1 });
  const { emulator, store, timing } = place;
  emulator.faults.once({ kind: "delete-webhook" }, { route: EXECUTE });
  const forbidden = { kind: "answer", status: 403, code: 50_001 } as const;
  const id = emulator.faults.add({ fault: forbidden, route: POST });
  await t.rejects(store.put(BYTES), { code: "STORE_DENIED", message: /webhook does not exist/ });
  emulator.faults.remove(id);
  timing.advance(600_000);
  await store.put(BYTES);
  t.match(store.traffic().lanes, [{ state: "ready" }, { state: "failed" }]);
  const asked = emulator.discord.log.entries().filter(({ route }) => route === EXECUTE);
  t.equal(asked.length, 1, "the webhook was asked once");
});

t.test("a webhook whose URL was changed, and one whose URL was not given", async (t) => {
  const place = await discordPlace(t, { dataChannels: 0, webhooks: 1 });
  const [webhook] = place.laneWebhooks;
  const { webhooks } = place.emulator.discord.world;
  if (webhook) webhooks.put({ ...webhook, token: "another-token-than-before" });
  const store = place.open();
  await t.rejects(store.put(BYTES), { code: "STORE_DENIED", message: /URL is not valid/ });
  t.equal(store.traffic().stopped, undefined, "the bot's token is another matter");
  const without = place.open({}, { webhookAddresses: [] });
  await t.rejects(without.put(BYTES), { code: "STORE_DENIED", message: /no webhook was given/ });
  t.match(without.traffic().lanes, [{ state: "failed", reason: /URL was not given/ }]);
});

t.test("a bot that was thrown out is told to be invited", async (t) => {
  const { emulator, store } = await storm(t);
  emulator.faults.once({ kind: "remove-bot" });
  await t.rejects(store.records(1), { code: "STORE_DENIED", message: /cannot see the channel/ });
});

t.test("a reader writes nothing", async (t) => {
  const place = await discordPlace(t);
  const store = place.open({}, { readOnly: true });
  await t.rejects(store.put(BYTES), { code: "STORE_DENIED" });
  await t.rejects(store.append(newRecord()), { code: "STORE_DENIED" });
  await t.rejects(store.delete([]), { code: "STORE_DENIED" });
  await t.rejects(store.deleteRecords([]), { code: "STORE_DENIED" });
  t.equal(place.emulator.discord.log.counters.apiRequests, 0);
});

t.test("closing ends what is under way", async (t) => {
  const { emulator, store } = await storm(t, { speed: 1 });
  emulator.faults.add({ fault: { kind: "lose-answer" } });
  const ends = [store.put(BYTES), store.records(1), store.append(newRecord())];
  const all = Promise.allSettled(ends);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await store.close();
  for (const { status } of await all) t.equal(status, "rejected");
  await t.rejects(store.put(BYTES), { message: /is closed/ });
});

t.test("an aborted call ends at once, and the others of its message go on", async (t) => {
  const place = await storm(t);
  const { emulator, store } = place;
  emulator.faults.once({ kind: "delay", ms: 100 });
  const controller = new AbortController();
  const dropped = store.put(BYTES, { signal: controller.signal });
  const kept = store.put(BYTES);
  const rejected = t.rejects(dropped, { name: "AbortError" });
  await new Promise((resolve) => setTimeout(resolve, 20));
  controller.abort();
  await rejected;
  t.ok(await isIntact(store, (await kept).id));
});
