/**
 * The CDN: signed and expiring URLs, ranges, and what is left of what was deleted.
 *
 * @module
 */
import t, { type Test } from "tap";
import { DiscordClient } from "../../support/discord-client.ts";
import { type TestEmulator, testEmulator } from "../../support/test-emulator.ts";

const BYTES = Buffer.from("0123456789");
const REFUSED = "This content is no longer available.";
const HOUR_MS = 3_600_000;

interface Room extends TestEmulator {
  readonly client: DiscordClient;
  /** Posts {@link BYTES}. */
  readonly upload: (type?: string) => Promise<Uploaded>;
}

interface Uploaded {
  readonly messagePath: string;
  readonly url: string;
  readonly proxyUrl: string;
}

async function room(t: Test): Promise<Room> {
  const world = await testEmulator(t);
  const client = new DiscordClient(world.emulator.apiUrl, world.bot.token);
  const upload = async (type = "application/octet-stream"): Promise<Uploaded> => {
    const path = `/channels/${world.channel.id}/messages`;
    const { json } = await client.post(path, {}, { name: "a.bin", bytes: BYTES, type });
    const [{ url, proxy_url: proxyUrl }] = json.attachments;
    return { messagePath: `${path}/${json.id}`, url, proxyUrl };
  };
  return { ...world, client, upload };
}

async function read(url: string, init: RequestInit = {}): Promise<object> {
  const response = await fetch(url, init);
  return { status: response.status, text: await response.text() };
}

t.test("a URL is signed for a path and a time", async (t) => {
  const { upload, emulator, client } = await room(t);
  const { url, messagePath } = await upload();
  const parameters =
    /\/attachments\/\d+\/\d+\/a\.bin\?ex=([0-9a-f]+)&is=([0-9a-f]+)&hm=[0-9a-f]{64}&$/;
  const [, expires = "", issued = ""] = parameters.exec(url) ?? [];
  t.equal(Number.parseInt(expires, 16) - Number.parseInt(issued, 16), 24 * 3600);
  t.strictSame(await read(url), { status: 200, text: "0123456789" });
  const refused = { status: 404, text: REFUSED };
  t.strictSame(await read(url.replace(/\?.*/, "")), refused, "unsigned");
  t.strictSame(await read(url.replace(/hm=../, "hm=zz")), refused, "forged");
  t.strictSame(await read(url.replace(/hm=/, "hm=0")), refused, "of another length");
  t.strictSame(await read(url.replace(`ex=${expires}`, "ex=ffffffff")), refused, "prolonged");
  t.strictSame(await read(url.replace("a.bin", "b.bin")), refused, "of another file");
  emulator.discord.clock.advance(24 * HOUR_MS - 1);
  t.match(await read(url), { status: 200 });
  emulator.discord.clock.advance(1);
  t.strictSame(await read(url), refused, "expired");
  const fresh = (await client.get(messagePath)).json.attachments[0].url;
  t.match(await read(fresh), { status: 200 }, "reading the message signs anew");
  emulator.discord.settings.urlLifetimeMs = 1000;
  const short = (await client.get(messagePath)).json.attachments[0].url;
  emulator.discord.clock.advance(1000);
  t.strictSame(await read(short), refused, "the lifetime can be as short as a second");
});

t.test("ranges are served as RFC 9110 has it", async (t) => {
  const { url } = await (await room(t)).upload();
  const cases: [range: string, status: number, text: string, contentRange: string | null][] = [
    ["bytes=2-4", 206, "234", "bytes 2-4/10"],
    ["bytes=8-99", 206, "89", "bytes 8-9/10"],
    ["bytes=7-", 206, "789", "bytes 7-9/10"],
    ["bytes=-3", 206, "789", "bytes 7-9/10"],
    ["bytes=-99", 206, "0123456789", "bytes 0-9/10"],
    ["bytes=10-", 416, "", "bytes */10"],
    ["bytes=-0", 416, "", "bytes */10"],
    ["bytes=4-2", 200, "0123456789", null],
    ["bytes=0-1,4-5", 200, "0123456789", null],
    ["bytes=-", 200, "0123456789", null],
    ["pages=1-2", 200, "0123456789", null],
  ];
  for (const [range, status, text, contentRange] of cases) {
    const response = await fetch(url, { headers: { range } });
    const got = [response.status, await response.text(), response.headers.get("content-range")];
    t.strictSame(got, [status, text, contentRange], range);
  }
});

t.test("answers have the headers of a file", async (t) => {
  const { url } = await (await room(t)).upload("image/png");
  const head = await fetch(url, { method: "HEAD" });
  t.equal(await head.text(), "");
  t.match(Object.fromEntries(head.headers), {
    "content-length": "10",
    "content-type": "image/png",
    "accept-ranges": "bytes",
    "cache-control": /public/,
    etag: /^"[0-9a-f]{32}"$/,
  });
  t.match(await read(url, { method: "POST" }), { status: 405 });
});

t.test("the CDN can ignore ranges, block a network and know no such file", async (t) => {
  const { upload, emulator } = await room(t);
  const { url } = await upload();
  const { settings } = emulator.discord;
  settings.ranges = "ignored";
  const headers = { range: "bytes=1-2" };
  t.strictSame(await read(url, { headers }), { status: 200, text: "0123456789" });
  settings.cdnAccess = "blocked";
  t.strictSame(await read(url), { status: 403, text: REFUSED });
  settings.cdnAccess = "open";
  t.match(await read(`${emulator.cdnUrl}/elsewhere`), { status: 404 });
  t.match(await read(`${emulator.cdnUrl}//`), { status: 404 });
});

t.test("the media proxy serves media and nothing else", async (t) => {
  const { upload } = await room(t);
  t.match(await read((await upload()).proxyUrl), { status: 415 });
  t.strictSame(await read((await upload("image/png")).proxyUrl), {
    status: 200,
    text: "0123456789",
  });
});

t.test("what is deleted stays in caches for a while", async (t) => {
  const { upload, emulator, client } = await room(t);
  emulator.discord.settings.cdnCacheMs = HOUR_MS;
  const { url, messagePath } = await upload();
  t.equal((await client.delete(messagePath)).status, 204);
  t.match(await read(url), { status: 200 });
  emulator.discord.clock.advance(HOUR_MS);
  t.match(await read(url), { status: 404, text: REFUSED });
  const other = await upload();
  await client.delete(other.messagePath);
  const [, id = ""] = /attachments\/\d+\/(\d+)/.exec(url) ?? [];
  t.equal(await emulator.discord.blobs.read(id, 0, 10), undefined, "and is forgotten in the end");
});

t.test("refresh-urls signs URLs anew, and can be absent", async (t) => {
  const { upload, emulator, client } = await room(t);
  const { url } = await upload();
  const refresh = async (...urls: readonly string[]): Promise<string[]> => {
    const { json } = await client.post("/attachments/refresh-urls", { attachment_urls: urls });
    return json.refreshed_urls.map(({ refreshed }: { refreshed: string }) => refreshed);
  };
  emulator.discord.clock.advance(48 * HOUR_MS);
  const bare = url.replace(/\?.*/, "");
  const [fresh = "", signed = "", extended = "", foreign, noUrl] = await refresh(
    url,
    bare,
    `${url}width=5`,
    "https://example.invalid/a",
    "a",
  );
  t.match(await read(fresh), { status: 200 });
  t.match(await read(signed), { status: 200 });
  t.match(extended, /&width=5$/, "other parameters stay");
  t.match(await read(extended), { status: 200 });
  t.strictSame([foreign, noUrl], ["https://example.invalid/a", "a"]);
  for (const urls of [[], Array.from({ length: 51 }, () => url), undefined]) {
    const refused = await client.post("/attachments/refresh-urls", { attachment_urls: urls });
    t.match(refused, { status: 400, json: { code: 50035 } });
  }
  emulator.discord.settings.hasRefreshUrls = false;
  t.equal((await client.post("/attachments/refresh-urls", {})).status, 404);
});
