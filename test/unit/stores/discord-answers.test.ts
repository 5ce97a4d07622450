/**
 * How the Discord store reads answers and makes requests, without asking anybody.
 *
 * @module
 */
import { RESTJSONErrorCodes } from "discord-api-types/v10";
import t from "tap";
import { decodeMessage } from "../../../src/stores/objects/discord/api/message.ts";
import {
  formBody,
  jsonBody,
  type RequestBody,
} from "../../../src/stores/objects/discord/http/request-body.ts";
import type { Headers } from "../../../src/stores/objects/discord/http/wire.ts";
import { readBucket, readScope } from "../../../src/stores/objects/discord/limits/rate-headers.ts";
import { SizeLimits } from "../../../src/stores/objects/discord/post/size-limits.ts";
import { decodeContentRange } from "../../../src/stores/objects/discord/read/content-range.ts";
import { readUrlLife } from "../../../src/stores/objects/discord/read/signed-url.ts";
import { sortAnswer } from "../../../src/stores/objects/discord/rest/api-answer.ts";
import { ApiCode, RefusedError } from "../../../src/stores/objects/discord/rest/refused-error.ts";

function headers(fields: Readonly<Record<string, string>>): Headers {
  return { get: (name) => fields[name] };
}

t.test("answers are sorted by what to do about them", async (t) => {
  const sort = (status: number, body: string, fields: Record<string, string> = {}): unknown =>
    sortAnswer({ status, headers: headers(fields), body: Buffer.from(body) });
  t.match(sort(204, ""), { kind: "done", json: undefined });
  t.match(sort(200, '{"a":1}', { "content-type": "text/html" }), { kind: "done", json: { a: 1 } });
  t.match(sort(200, "<html>"), { kind: "failed" });
  t.match(sort(200, '{"a":'), { kind: "failed" }, "cut off");
  for (const status of [301, 408, 425, 500, 502, 503, 504, 520, 524]) {
    t.match(sort(status, "<html>"), { kind: "failed" }, `${status}`);
  }
  t.match(sort(400, '{"code":130000}'), { kind: "failed" }, "overloaded");
  t.match(sort(403, '{"code":50013,"message":"m"}'), {
    kind: "refused",
    code: 50_013,
    message: "m",
  });
  t.match(sort(404, "<html>"), { kind: "refused", status: 404, code: undefined });
  t.match(sort(401, '{"code":0}'), { kind: "refused", code: undefined });
  const limit = { "retry-after": "2", "x-ratelimit-scope": "shared" };
  t.match(sort(429, '{"retry_after":1.5}', limit), {
    kind: "limited",
    waitMs: 2000,
    scope: "shared",
  });
  t.match(sort(429, '{"retry_after":3.5}', limit), { waitMs: 3500 }, "the longer counts");
  t.match(sort(429, '{"retry_after":3.5}'), { kind: "limited", waitMs: 3500 });
  t.match(sort(429, "{}", { "retry-after": "0" }), { kind: "limited", waitMs: 250 });
  t.match(sort(429, "{}", { ...limit, "x-ratelimit-global": "true" }), { scope: "global" });
  t.match(sort(429, "error code: 1015"), { kind: "banned" });
  t.match(sort(429, '{"code":0,"message":"You are being blocked"}'), { kind: "banned" });
});

t.test("rate limit headers may be missing or odd", async (t) => {
  const whole = {
    "x-ratelimit-bucket": "abc",
    "x-ratelimit-limit": "5",
    "x-ratelimit-remaining": "0",
    "x-ratelimit-reset-after": "1.25",
  };
  const reset = { "x-ratelimit-reset": "1700000001.375" };
  t.strictSame(readBucket(headers(whole)), {
    hash: "abc",
    limit: 5,
    remaining: 0,
    resetAfterMs: 1250,
    resetsAtMs: undefined,
  });
  t.equal(readBucket(headers({ ...whole, ...reset }))?.resetsAtMs, 1_700_000_001_375);
  for (const name of Object.keys(whole)) {
    const without = Object.fromEntries(Object.entries(whole).filter(([key]) => key !== name));
    t.equal(readBucket(headers(without)), undefined, name);
    const odd = name === "x-ratelimit-bucket" ? {} : { ...whole, [name]: "soon" };
    t.equal(readBucket(headers(odd)), undefined, name);
  }
  t.equal(readBucket(headers({ ...whole, "x-ratelimit-limit": "0" })), undefined);
  t.equal(readScope(headers({ "x-ratelimit-scope": "odd" })), undefined);
});

t.test("refusals say what to do, and which of them prove a message gone", async (t) => {
  const refused = (status: number, code?: number, message?: string): RefusedError =>
    new RefusedError("read message 5", { kind: "refused", status, code, message });
  t.match(refused(403, 50_013), {
    code: "STORE_DENIED",
    message: /needs View Channel.*\(403, code 50013\)/,
  });
  t.match(refused(404, 10_003), { code: "STORE_MISSING", message: /channel does not exist/ });
  t.match(refused(413), { code: "STORE_FULL", message: /too large/ });
  t.match(refused(400, 1, "odd"), { code: "STORE_FAILED", message: /odd/ });
  t.match(refused(403, 10_008), { code: "STORE_DENIED", message: /anti-abuse/ });
  t.match(refused(400), { message: /no reason/ });
  t.ok(refused(404, 10_008).isMessageGone);
  for (const other of [
    refused(403, 10_008),
    refused(404),
    refused(404, 10_003),
    refused(410, 10_008),
  ]) {
    t.notOk(other.isMessageGone, other.message);
  }
});

t.test("codes are those Discord documents", async (t) => {
  const documented = new Set(Object.values(RESTJSONErrorCodes));
  // Undocumented, and met all the same: a client Discord blocks, and uploads it limits.
  const undocumented = [40_333, 400_001];
  for (const [name, code] of Object.entries(ApiCode)) {
    t.ok(documented.has(code) || undocumented.includes(code), `${name} ${code}`);
  }
});

async function piecesOf(body: RequestBody): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body.pieces()) pieces.push(piece);
  return pieces;
}

t.test("bodies have the length they say, and are not copied", async (t) => {
  const bytes = new Uint8Array(300_000).fill(1);
  const body = formBody(
    { content: "x" },
    [
      { name: "a.bin", bytes },
      { name: "b.bin", bytes },
    ],
    "BOUNDARY",
  );
  for (let time = 0; time < 2; time++) {
    const pieces = await piecesOf(body);
    t.equal(
      pieces.reduce((sum, { length }) => sum + length, 0),
      body.length,
    );
    t.ok(
      pieces.some(({ buffer }) => buffer === bytes.buffer),
      "views of what was given",
    );
  }
  const form = await new Response(Buffer.concat(await piecesOf(body)), {
    headers: { "content-type": body.contentType },
  }).formData();
  t.strictSame([...form.keys()], ["payload_json", "files[0]", "files[1]"]);
  const file = form.get("files[1]") as File;
  t.match(file, { name: "b.bin", type: "application/octet-stream", size: 300_000 });
  const json = jsonBody({ a: "ä" });
  t.equal(json.length, 10);
  t.equal(json.contentType, "application/json");
});

t.test("sizes that are refused are learned, down to a floor", async (t) => {
  const sizes = new SizeLimits(8_000_000, 25_000_000);
  sizes.refuseMessage(24_000_000);
  t.same([sizes.objectBytes, sizes.messageBytes], [8_000_000, 12_000_000]);
  sizes.refuseMessage(10_000_000);
  t.equal(sizes.messageBytes, 8_000_000, "no less than one object");
  sizes.refuseObject(8_000_000);
  t.same([sizes.objectBytes, sizes.messageBytes], [4_000_000, 25_000_000], "so it was not the sum");
  for (let i = 0; i < 10; i++) sizes.refuseObject(sizes.objectBytes);
  t.equal(sizes.objectBytes, 256 * 1024);
});

t.test("URLs tell how long they are good", async (t) => {
  const url = "https://cdn.discordapp.com/attachments/1/2/a.bin?ex=65d903de&is=65c68ede&hm=00&";
  t.strictSame(readUrlLife(url), { lengthMs: 14 * 86_400_000, endsAt: 0x65d903de * 1000 });
  for (const odd of ["", "https://a/?ex=1", "https://a/?ex=zz&is=1", "https://a/?ex=1&is=2"]) {
    t.equal(readUrlLife(odd), undefined, odd);
  }
  t.strictSame(decodeContentRange("bytes 5-9/100"), { start: 5, total: 100 });
  t.strictSame(decodeContentRange("bytes 5-9/*"), { start: 5, total: undefined });
  t.strictSame(decodeContentRange("bytes */100"), { start: 0, total: 100 });
  for (const odd of [undefined, "", "bytes 5-9", "items 1-2/3"]) {
    t.equal(decodeContentRange(odd), undefined, String(odd));
  }
});

t.test("messages that are not as documented are not taken for messages", async (t) => {
  const attachment = { id: "2", filename: "a.bin", size: 1, url: "https://a" };
  const author = { id: "3" };
  const message = {
    id: "1",
    channel_id: "4",
    type: 0,
    author,
    content: "",
    attachments: [attachment],
  };
  t.match(decodeMessage(message), { id: "1", channelId: "4", authorId: "3", webhookId: undefined });
  t.match(decodeMessage({ ...message, webhook_id: "5" }), { webhookId: "5" });
  for (const odd of [
    undefined,
    [],
    { ...message, id: 1 },
    { ...message, author: undefined },
    { ...message, attachments: {} },
    { ...message, attachments: [{ ...attachment, size: -1 }] },
    { ...message, content: null },
    { ...message, webhook_id: "x" },
  ]) {
    t.throws(() => decodeMessage(odd), /the answer/, JSON.stringify(odd));
  }
});
