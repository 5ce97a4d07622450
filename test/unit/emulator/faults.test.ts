/**
 * Every fault, and which requests it strikes.
 *
 * @module
 */
import t, { type Test } from "tap";
import { addWebhook } from "../../emulator/founding.ts";
import { DiscordClient } from "../../support/discord-client.ts";
import { type TestEmulator, testEmulator } from "../../support/test-emulator.ts";

const BYTES = Buffer.alloc(100_000, "0123456789");
const POST = "POST /channels/{channel_id}/messages";

interface Room extends TestEmulator {
  readonly client: DiscordClient;
  readonly faults: TestEmulator["emulator"]["faults"];
  readonly path: string;
  /** Posts a file, and gives the URL of its attachment. */
  readonly upload: (bytes?: Uint8Array) => Promise<string>;
}

async function room(t: Test): Promise<Room> {
  const world = await testEmulator(t, { settings: { limitsRates: false } });
  const client = new DiscordClient(world.emulator.apiUrl, world.bot.token);
  const path = `/channels/${world.channel.id}/messages`;
  const upload = async (bytes: Uint8Array = BYTES): Promise<string> => {
    const { json } = await client.post(path, {}, { name: "a.bin", bytes });
    return json.attachments[0].url;
  };
  return { ...world, client, path, upload, faults: world.emulator.faults };
}

async function read(url: string, headers: Record<string, string> = {}): Promise<Buffer> {
  const response = await fetch(url, { headers });
  return Buffer.from(await response.arrayBuffer());
}

t.test("a rule strikes the requests it was made for", async (t) => {
  const { client, faults, path } = await room(t);
  const status = async (action = client.get("/users/@me")): Promise<number> =>
    (await action).status;
  const fault = { kind: "answer", status: 500 } as const;
  faults.once(fault);
  t.strictSame([await status(), await status()], [500, 200], "the next one");
  faults.add({ fault, skip: 1, times: 2 });
  const four = [await status(), await status(), await status(), await status()];
  t.strictSame(four, [200, 500, 500, 200], "the second and third");
  const id = faults.add({ fault, route: POST });
  t.equal(await status(), 200, "another route");
  t.equal(await status(client.post(path, { content: "a" })), 500, "its route");
  t.match(faults.rules(), [{ id, rule: { route: POST } }]);
  t.ok(faults.remove(id));
  t.notOk(faults.remove(id));
  faults.add({ fault, site: "cdn" });
  t.equal(await status(), 200, "another site");
  faults.clear();
  t.strictSame(faults.rules(), []);
});

t.test("the same seed strikes the same requests", async (t) => {
  const run = async (seed: string): Promise<string> => {
    const { emulator, bot } = await testEmulator(t, { seed, settings: { limitsRates: false } });
    const client = new DiscordClient(emulator.apiUrl, bot.token);
    emulator.faults.add({ fault: { kind: "answer", status: 503 }, probability: 0.5 });
    let pattern = "";
    for (let i = 0; i < 40; i++)
      pattern += (await client.get("/users/@me")).status === 503 ? "x" : ".";
    return pattern;
  };
  const pattern = await run("one");
  t.equal(await run("one"), pattern);
  t.not(await run("two"), pattern);
  const struck = pattern.replaceAll(".", "").length;
  t.ok(struck > 8 && struck < 32, `about half of them: ${pattern}`);
});

t.test("answer: errors as JSON or HTML, before or after the request is carried out", async (t) => {
  const { client, faults, path, emulator } = await room(t);
  for (const status of [500, 502, 503, 504, 520, 521, 522, 523, 524]) {
    faults.once({ kind: "answer", status });
    t.match(await client.get("/users/@me"), { status, json: { code: 0, message: /^5\d\d: \w/ } });
    faults.once({ kind: "answer", status, format: "html" });
    t.match(await client.get("/users/@me"), { status, text: /^<html>/, json: undefined });
  }
  faults.once({ kind: "answer", status: 403, code: 10008, message: "Unknown Message" });
  t.match(await client.get(`${path}/1`), { status: 403, json: { code: 10008 } }, "anti-abuse");
  const details = { attachments: [{ id: "1" }] };
  faults.once({ kind: "answer", status: 400, code: 20009, message: "Explicit content", details });
  t.match(await client.post(path, { content: "a" }), { json: { code: 20009, ...details } });
  faults.once({ kind: "answer", status: 504 });
  await client.post(path, { content: "lost" });
  t.equal(emulator.discord.log.counters.messagesPosted, 0);
  faults.once({ kind: "answer", status: 504, phase: "after" });
  t.equal((await client.post(path, { content: "kept" })).status, 504);
  const [{ id }] = (await client.get(path)).json;
  faults.once({ kind: "answer", status: 404, code: 10008, phase: "after" });
  t.match(await client.delete(`${path}/${id}`), { status: 404, json: { code: 10008 } });
  t.strictSame((await client.get(path)).json, [], "a deletion can succeed and say 404");
});

t.test("rate-limit: a 429 out of nowhere, with or without Retry-After", async (t) => {
  const { client, faults, emulator } = await room(t);
  faults.once({ kind: "rate-limit", scope: "user", retryAfter: 0.5 });
  const user = await client.get("/users/@me");
  t.match(user, { status: 429, json: { retry_after: 0.5, global: false } });
  t.equal(user.headers.get("retry-after"), "1");
  faults.once({ kind: "rate-limit", scope: "global" });
  const global = await client.get("/users/@me");
  t.match(global, { status: 429, json: { global: true } });
  t.equal(global.headers.get("retry-after"), null);
  t.equal(global.headers.get("x-ratelimit-global"), "true");
  faults.once({ kind: "rate-limit", scope: "shared", retryAfter: 1 });
  await client.get("/users/@me");
  t.equal(emulator.discord.invalidRequests.count("127.0.0.1"), 2, "shared ones do not count");
  t.equal(emulator.discord.log.counters.rateLimited, 3);
});

t.test("ban: the address is banned from now on", async (t) => {
  const { client, faults } = await room(t);
  faults.once({ kind: "ban" });
  t.match(await client.get("/users/@me"), { status: 429, text: "error code: 1015" });
  t.equal((await client.get("/users/@me")).status, 429);
});

t.test("delay and drip: the answer comes late, or a few bytes at a time", async (t) => {
  const { client, faults, upload, emulator } = await room(t);
  faults.once({ kind: "delay", ms: 60 });
  await client.get("/users/@me");
  const delayed = emulator.discord.log.entries().at(-1);
  t.ok((delayed?.tookMs ?? 0) >= 59, "it took at least that long");
  t.strictSame(delayed?.faults, ["delay"]);
  const url = await upload(BYTES.subarray(0, 10));
  faults.once({ kind: "drip", bytes: 3, everyMs: 5 });
  t.strictSame(await read(url), BYTES.subarray(0, 10));
  t.ok((emulator.discord.log.entries().at(-1)?.tookMs ?? 0) >= 15, "four drops");
});

t.test("stall: half of the body, then nothing more", async (t) => {
  const { faults, upload } = await room(t);
  const url = await upload();
  faults.once({ kind: "stall" });
  const controller = new AbortController();
  const response = await fetch(url, { signal: controller.signal });
  let size = 0;
  const reading = (async () => {
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size >= BYTES.length / 2) controller.abort();
    }
  })();
  await t.rejects(reading, { name: "AbortError" });
  t.equal(size, BYTES.length / 2);
});

t.test("truncate: the body ends early, with or without a Content-Length to tell", async (t) => {
  const { client, faults, upload } = await room(t);
  const url = await upload();
  faults.once({ kind: "truncate", length: "stated" });
  await t.rejects(read(url), { message: "terminated" });
  faults.once({ kind: "truncate", length: "absent" });
  t.strictSame(await read(url), BYTES.subarray(0, BYTES.length / 2));
  faults.once({ kind: "truncate", length: "absent" });
  const cut = await client.get("/users/@me");
  t.match(cut, { status: 200, json: undefined, text: /^\{/ });
});

t.test(
  "reset: before the request is read, in the middle of it, or in place of the answer",
  async (t) => {
    const { client, faults, path, emulator, channel } = await room(t);
    const file = { name: "a.bin", bytes: Buffer.alloc(1_000_000) };
    for (const phase of ["arrival", "upload"] as const) {
      faults.once({ kind: "reset", phase });
      await t.rejects(client.post(path, {}, file), { message: "fetch failed" }, phase);
      t.equal(emulator.discord.log.counters.messagesPosted, 0);
    }
    faults.once({ kind: "reset", phase: "answer" });
    await t.rejects(client.post(path, {}, file), { message: "fetch failed" });
    t.equal(emulator.discord.log.counters.messagesPosted, 1, "the message is kept");
    faults.once({ kind: "truncate", length: "stated" });
    const { id } = (await client.get(path).catch(() => client.get(path))).json[0];
    faults.once({ kind: "truncate", length: "stated" });
    await t.rejects(
      client.delete(`${path}/${id}`),
      { message: "fetch failed" },
      "204 has no middle",
    );
    t.strictSame(emulator.discord.world.messages.ofChannel(channel.id), []);
  },
);

t.test("lose-answer: the request is carried out and never answered", async (t) => {
  const { faults, path, emulator, bot } = await room(t);
  faults.once({ kind: "lose-answer" });
  const controller = new AbortController();
  const posting = fetch(`${emulator.apiUrl}/v10${path}`, {
    method: "POST",
    body: JSON.stringify({ content: "a" }),
    signal: controller.signal,
    headers: {
      "content-type": "application/json",
      "user-agent": "DiscordBot (test, 1)",
      authorization: `Bot ${bot.token}`,
    },
  });
  const { counters } = emulator.discord.log;
  while (counters.messagesPosted === 0) await new Promise((resolve) => setImmediate(resolve));
  controller.abort();
  await t.rejects(posting, { name: "AbortError" });
  t.equal(counters.messagesPosted, 1);
});

t.test("mislabel and wrong-size: answers that are not what they say", async (t) => {
  const { client, faults, path, upload } = await room(t);
  faults.once({ kind: "mislabel" });
  t.equal((await client.get("/users/@me")).headers.get("content-type"), "text/html");
  const url = await upload();
  faults.once({ kind: "mislabel" });
  t.equal((await fetch(url)).headers.get("content-type"), "application/json");
  faults.once({ kind: "wrong-size" });
  t.equal((await client.get(path)).json[0].attachments[0].size, BYTES.length + 1);
  faults.once({ kind: "wrong-size" });
  t.strictSame(await read(url), BYTES, "files have no size in them");
});

t.test("flip, swap, expire-url and ignore-range: the CDN's own faults", async (t) => {
  const { faults, upload } = await room(t);
  const url = await upload();
  faults.once({ kind: "flip" });
  const flipped = await read(url);
  t.equal(flipped.length, BYTES.length);
  t.equal(flipped.filter((byte, index) => byte !== BYTES[index]).length, 1);
  faults.once({ kind: "swap" });
  t.strictSame(await read(url), BYTES, "there is nothing to swap with yet");
  await upload(Buffer.from("another attachment"));
  faults.once({ kind: "swap" });
  const swapped = await read(url, { range: "bytes=8-27" });
  t.equal(swapped.toString(), "attachment".padEnd(20, "\0"));
  faults.once({ kind: "swap" });
  faults.once({ kind: "expire-url" });
  t.equal((await fetch(url)).status, 404);
  t.equal((await fetch(url)).status, 200);
  faults.once({ kind: "ignore-range" });
  const whole = await fetch(url, { headers: { range: "bytes=0-9" } });
  t.equal(whole.status, 200);
  t.equal((await whole.arrayBuffer()).byteLength, BYTES.length);
});

t.test("forget-message: a webhook is told 204 and nothing is kept", async (t) => {
  const { faults, emulator, channel, bot } = await room(t);
  const { id, token } = addWebhook(emulator.discord, channel, bot);
  const nobody = new DiscordClient(emulator.apiUrl);
  faults.add({ fault: { kind: "forget-message" } });
  t.equal((await nobody.post(`/webhooks/${id}/${token}`, { content: "a" })).status, 204);
  t.equal(emulator.discord.log.counters.messagesPosted, 0);
  const waited = await nobody.post(`/webhooks/${id}/${token}?wait=true`, { content: "a" });
  t.equal(waited.status, 200, "who waits is told the truth");
});

t.test("delete-webhook and delete-channel: what was posted to is gone", async (t) => {
  const { client, faults, path, emulator, channel, bot } = await room(t);
  const webhooks = [1, 2].map(() => addWebhook(emulator.discord, channel, bot));
  const [one, two] = webhooks.map(({ id, token }) => `/webhooks/${id}/${token}`);
  const nobody = new DiscordClient(emulator.apiUrl);
  faults.once({ kind: "delete-webhook" });
  t.match(await nobody.post(`${one}`, { content: "a" }), { status: 404, json: { code: 10015 } });
  faults.once({ kind: "delete-channel" });
  t.match(await nobody.post(`${two}`, { content: "a" }), { status: 404, json: { code: 10015 } });
  t.match(await client.post(path, { content: "a" }), { status: 404, json: { code: 10003 } });
  faults.once({ kind: "delete-channel" });
  t.match(await client.post(path, { content: "a" }), { json: { code: 10003 } }, "gone is gone");
});

t.test("remove-bot and revoke-token: the bot may do nothing any more", async (t) => {
  const { client, faults, path } = await room(t);
  faults.once({ kind: "remove-bot" });
  t.match(await client.post(path, { content: "a" }), { status: 403, json: { code: 50001 } });
  faults.once({ kind: "revoke-token" });
  t.match(await client.post(path, { content: "a" }), { status: 401 });
  faults.once({ kind: "revoke-token" });
  t.equal((await client.get("/users/@me")).status, 401);
});

t.test("limit-size: attachments may be smaller from now on", async (t) => {
  const { client, faults, path } = await room(t);
  const file = { name: "a.bin", bytes: BYTES };
  t.equal((await client.post(path, {}, file)).status, 200);
  faults.once({ kind: "limit-size", bytes: 50_000 });
  t.match(await client.post(path, {}, file), { status: 413, json: { code: 40005 } });
  t.equal((await client.post(path, {}, file)).status, 413);
});
