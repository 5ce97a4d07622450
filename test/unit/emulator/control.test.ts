/**
 * What surrounds the emulated Discord: directory, log, network speed, admin port and command line.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import t, { type Test } from "tap";
import { ALL_ROUTES } from "../../emulator/api/routes/all-routes.ts";
import { DiscordEmulator } from "../../emulator/emulator.ts";
import { addWebhook, furnish } from "../../emulator/founding.ts";
import { PublishedApi } from "../../emulator/openapi/published-api.ts";
import { DiscordClient } from "../../support/discord-client.ts";
import { testEmulator } from "../../support/test-emulator.ts";
import { TYPESCRIPT, untraced } from "../../support/untraced.ts";

const MAIN = fileURLToPath(new URL("../../emulator/main.ts", import.meta.url));
const FILE = { name: "a.bin", bytes: Buffer.from("0123456789") };

t.test("a directory keeps everything from one run to the next", async (t) => {
  const directory = t.testdir();
  const first = await DiscordEmulator.start({ directory });
  const { bot, channels, guild } = furnish(first.discord, { channels: 2 });
  const [channel] = channels;
  const path = `/channels/${channel?.id}/messages`;
  const client = new DiscordClient(first.apiUrl, bot.token);
  const posted = (await client.post(path, { content: "kept" }, FILE)).json;
  const removed = (await client.post(path, {}, FILE)).json;
  await client.delete(`${path}/${removed.id}`);
  if (channel) addWebhook(first.discord, channel, bot);
  await first.close();

  const second = await DiscordEmulator.start({ directory });
  t.teardown(() => second.close());
  const again = furnish(second.discord, { channels: 2 });
  t.strictSame([again.guild.id, again.bot.token], [guild.id, bot.token]);
  t.equal(again.channels.length, 2);
  const reader = new DiscordClient(second.apiUrl, bot.token);
  const [read, ...others] = (await reader.get(path)).json;
  t.match([read, others], [{ id: posted.id, content: "kept" }, []]);
  const range = await fetch(read.attachments[0].url, { headers: { range: "bytes=3-5" } });
  t.equal(await range.text(), "345");
  t.equal((await reader.get(`/channels/${channel?.id}/webhooks`)).json.length, 1);
  const next = (await reader.post(path, { content: "next" })).json;
  t.ok(BigInt(next.id) > BigInt(posted.id));
  const gone = /attachments\/\d+\/(\d+)/.exec(removed.attachments[0].url)?.[1] ?? "";
  t.equal(await second.discord.blobs.read(gone, 0, 1), undefined);
});

t.test("every request is logged and counted", async (t) => {
  const { emulator, bot, channel } = await testEmulator(t);
  const { log } = emulator.discord;
  const client = new DiscordClient(emulator.apiUrl, bot.token);
  const path = `/channels/${channel.id}/messages`;
  const { json } = await client.post(path, { content: "a" }, FILE);
  await client.post(path, { content: "a" }, FILE);
  await (await fetch(json.attachments[0].url, { headers: { range: "bytes=0-3" } })).text();
  t.match(log.counters, {
    apiRequests: 2,
    cdnRequests: 1,
    uploads: 2,
    filesUploaded: 2,
    bytesUploaded: 20,
    bytesDownloaded: 4,
    messagesPosted: 2,
    duplicates: 1,
    inFlight: 0,
    inFlightPeak: 1,
  });
  const [post, , get] = log.entries();
  t.match(post, { site: "api", route: "POST /channels/{channel_id}/messages", status: 200 });
  t.ok((post?.bytesReceived ?? 0) > 10);
  t.match(get, { site: "cdn", range: "bytes=0-3", status: 206, bytesSent: 4 });
  for (let i = 0; i < 20_001; i++) if (post) log.begin(post);
  t.ok(log.entries().length < 20_000, "old entries are dropped");
  log.reset();
  t.equal(log.entries().length, 0);
});

t.test("latency and bandwidth are those of a slower network", async (t) => {
  const { emulator, bot, channel } = await testEmulator(t, {
    settings: { latencyMs: 20, bytesPerSecond: 2_000_000 },
  });
  const client = new DiscordClient(emulator.apiUrl, bot.token);
  const bytes = Buffer.alloc(200_000, 1);
  const startedAt = performance.now();
  const { json } = await client.post(`/channels/${channel.id}/messages`, {}, { name: "a", bytes });
  t.ok(performance.now() - startedAt >= 100, "20 ms, and 100 ms up");
  const downloadAt = performance.now();
  const response = await fetch(json.attachments[0].url);
  t.equal((await response.arrayBuffer()).byteLength, 200_000);
  t.ok(performance.now() - downloadAt >= 100, "20 ms, and 100 ms down");
});

t.test("closing ends what hangs", async (t) => {
  const emulator = await DiscordEmulator.start();
  emulator.faults.add({ fault: { kind: "delay", ms: 3_600_000 } });
  const asking = fetch(`${emulator.apiUrl}/v10/gateway`);
  while (emulator.discord.log.counters.inFlight === 0) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all([t.rejects(asking, { message: "fetch failed" }), emulator.close()]);
  t.strictSame(emulator.discord.log.failures(), [], "which is no failure");
});

t.test("a port that is taken is an error, and leaves no server behind", async (t) => {
  const squatter = createServer().listen(0, "127.0.0.1");
  t.teardown(() => squatter.close());
  await new Promise((resolve) => squatter.once("listening", resolve));
  const { port } = squatter.address() as AddressInfo;
  await t.rejects(DiscordEmulator.start({ ports: { cdn: port } }), { code: "EADDRINUSE" });
});

t.test("a bug of the emulator is a 500 and is remembered", async (t) => {
  const emulator = await DiscordEmulator.start({
    observe: () => {
      throw new Error("bug");
    },
  });
  t.teardown(() => emulator.close());
  const reply = await new DiscordClient(emulator.apiUrl).get("/gateway");
  t.match(reply, { status: 500, json: { code: 0 } });
  t.match(emulator.discord.log.failures(), [{ message: "bug" }]);
});

t.test("the published API has every route but one", (t) => {
  const api = new PublishedApi();
  const missing = ALL_ROUTES.filter(({ method, path }) => {
    return !api.find(["paths", path, method.toLowerCase()]);
  });
  t.strictSame(
    missing.map(({ path }) => path),
    ["/attachments/refresh-urls"],
  );
  t.throws(() => api.errors(["paths", "/nowhere"], {}), {
    message: "no schema at paths/~1nowhere",
  });
  t.end();
});

t.test("the contract sees what breaks the published API", async (t) => {
  const { emulator, bot, channel, contract } = await testEmulator(t);
  const client = new DiscordClient(emulator.apiUrl, bot.token);
  const path = `/channels/${channel.id}/messages`;
  const violations = async (request: Promise<unknown>): Promise<string[]> => {
    await request;
    return contract.take();
  };
  t.strictSame(await violations(client.get(`${path}?limit=5`)), []);
  t.match(await violations(client.get(`${path}?limits=5`)), [/query limits is not described/]);
  const badFlag = client.get(`/guilds/${channel.guildId}?with_counts=maybe`);
  t.match(await violations(badFlag), [/query with_counts must be boolean/]);
  const number = client.post(path, { attachments: [{ id: 0 }] }, FILE);
  t.match(await violations(number), [/request\/attachments\/0\/id must be string/]);
  const superfluous = client.send("DELETE", `${path}/1`, { json: {} });
  t.strictSame(await violations(superfluous), [], "refused requests are not looked at");
});

t.test("the admin port reads and changes everything", async (t) => {
  const { emulator, bot, channel } = await testEmulator(t, { settings: { limitsRates: false } });
  const admin = async (operation: string, body?: unknown): Promise<unknown> => {
    const [method = "", topic] = operation.split(" ");
    const url = `${emulator.adminUrl}/${topic}`;
    const response = await fetch(url, {
      method,
      body: body === undefined ? null : JSON.stringify(body),
    });
    return { status: response.status, json: await response.json() };
  };
  const client = new DiscordClient(emulator.apiUrl, bot.token);
  await client.post(`/channels/${channel.id}/messages`, { content: "a" });
  t.match(await admin("GET counters"), { json: { apiRequests: 1, failures: 0, earlyRetries: 0 } });
  t.match(await admin("GET log"), { json: [{ status: 200 }] });
  t.match(await admin("GET world"), { json: { messages: [{ content: "a" }] } });
  await admin("DELETE counters");
  t.match(await admin("GET counters"), { json: { apiRequests: 0 } });
  t.match(await admin("PATCH settings", { latencyMs: 1 }), { json: { latencyMs: 1 } });
  t.equal(emulator.discord.settings.latencyMs, 1);
  await admin("PATCH settings", { rates: { read: { limit: 1, windowMs: 1 } } });
  t.match(await admin("GET settings"), {
    json: { latencyMs: 1, rates: { read: { limit: 1 }, global: { limit: 50 } } },
  });
  t.match(await admin("PATCH settings", { latency: 1 }), {
    status: 400,
    json: { message: /latency/ },
  });
  const fault = { kind: "answer", status: 500 };
  t.match(await admin("POST faults", { fault }), { json: { id: 1 } });
  t.equal((await client.get("/users/@me")).status, 500);
  t.match(await admin("GET faults"), { json: [{ id: 1, rule: { fault } }] });
  t.match(await admin("DELETE faults/1"), { status: 200 });
  t.match(await admin("DELETE faults/1"), { status: 404 });
  t.match(await admin("DELETE faults"), { status: 200 });
  t.match(await admin("POST faults", { fault: { kind: "flood" } }), { status: 400 });
  const before = emulator.discord.clock.now();
  t.match(await admin("POST clock", { advanceMs: 1000 }), { json: { now: before + 1000 } });
  t.match(await admin("GET clock"), { json: { now: before + 1000 } });
  t.match(await admin("POST clock", {}), { status: 400 });
  emulator.discord.invalidRequests.ban("127.0.0.1");
  await admin("DELETE limits");
  t.equal((await client.get("/users/@me")).status, 200);
  t.match(await admin("GET nothing"), { status: 404 });
  const url = `${emulator.adminUrl}/faults`;
  for (const body of ["{", "[]"]) t.equal((await fetch(url, { method: "POST", body })).status, 400);
});

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(t: Test, ...args: readonly string[]): Promise<Run> {
  const child = spawn(...untraced(process.execPath, [...TYPESCRIPT, MAIN, ...args]));
  t.teardown(() => child.kill("SIGKILL"));
  child.stdout.once("data", () => child.kill("SIGTERM"));
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once("close", resolve)),
  ]);
  return { code, stdout, stderr };
}

t.test("npm run discord says how to use it, and stops when told to", async (t) => {
  const { code, stdout } = await run(t, "--port", "0", "--channels", "1", "--dir", t.testdir());
  t.equal(code, 0);
  t.match(stdout, /export DVAULT_DISCORD_API=http:\/\/127\.0\.0\.1:\d+\/api\n/);
  t.match(stdout, /export DVAULT_DISCORD_TOKEN=\S{50}/);
  t.match(stdout, /channel {3}\d{17,19} {2}vault-1\n/);
  const wrong = await run(t, "--latency", "slow");
  t.match(wrong, { code: 1, stderr: "discord: --latency takes a number, not slow\n" });
});
