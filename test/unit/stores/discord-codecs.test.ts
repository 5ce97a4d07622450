/**
 * What the Discord store writes down: ids, records, configs, secrets.
 *
 * @module
 */
import { inspect, isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import t from "tap";
import {
  dataLabel,
  decodeRecord,
  encodeRecord,
} from "../../../src/stores/objects/discord/content-codec.ts";
import { backoffMs, randomBelow, randomName } from "../../../src/stores/objects/discord/dice.ts";
import {
  type DiscordConfig,
  decodeDiscordUrl,
  encodeDiscordUrl,
} from "../../../src/stores/objects/discord/discord-config.ts";
import { DISCORD, serviceOf } from "../../../src/stores/objects/discord/discord-service.ts";
import { decodeObjectId, encodeObjectId } from "../../../src/stores/objects/discord/object-id.ts";
import { BotToken } from "../../../src/stores/objects/discord/rest/bot-token.ts";
import {
  compareSnowflakes,
  isSnowflake,
  padSnowflake,
  snowflakeBefore,
  snowflakeTime,
  unpadSnowflake,
} from "../../../src/stores/objects/discord/snowflake.ts";
import { WebhookAddress } from "../../../src/stores/objects/discord/webhook.ts";
import type { ObjectId } from "../../../src/stores/objects/object-store.ts";
import { FixedRandom } from "../../support/fixed-random.ts";

const ID = "1456255638031040513";
const snowflake = fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }).map(String);
/** Records without a prototype are equal to nothing. */
const PLAIN = { noNullPrototype: true };

t.test("snowflakes tell their time and sort by it", async (t) => {
  t.equal(snowflakeTime("175928847299117063"), 1_462_015_105_796, "Discord's own example");
  for (const wrong of ["", "0", "01", "-1", "1.5", "99999999999999999999", "abc", 12]) {
    t.notOk(isSnowflake(wrong), String(wrong));
  }
  t.ok(isSnowflake(ID));
  const time = snowflakeTime(ID);
  t.ok(compareSnowflakes(snowflakeBefore(time), ID) < 0);
  t.ok(compareSnowflakes(snowflakeBefore(time + 1), ID) >= 0);
  const inOrder = fc.property(snowflake, snowflake, (a, b) => {
    const [x, y] = [padSnowflake(a), padSnowflake(b)];
    const sorted = Number(x > y) - Number(x < y);
    return sorted === compareSnowflakes(a, b) && unpadSnowflake(x) === a && x.length === 20;
  });
  t.doesNotThrow(() => fc.assert(inOrder));
});

t.test("an object's id holds its place", async (t) => {
  const place = fc.record(
    {
      channelId: snowflake,
      messageId: snowflake,
      attachmentId: snowflake,
      webhookId: fc.option(snowflake, { nil: undefined }),
    },
    PLAIN,
  );
  const roundTrip = fc.property(place, (one) => {
    const id = encodeObjectId(one);
    return /^[\x21-\x7e]{33,44}$/.test(id) && isDeepStrictEqual(decodeObjectId(id), one);
  });
  t.doesNotThrow(() => fc.assert(roundTrip));
  for (const wrong of ["", "b", "bAAAA", "xAAAA", "7", "w".repeat(33), "../../x"]) {
    t.throws(() => decodeObjectId(wrong as ObjectId), { code: "STORE_FAILED" }, wrong);
  }
});

t.test("a record's text comes back, and no other text is one", async (t) => {
  const record = fc.record(
    {
      kind: fc.constantFrom("commit" as const, "lease" as const),
      nonce: fc.uint8Array({ minLength: 16, maxLength: 16 }),
      body: fc.uint8Array({ maxLength: 1400 }),
    },
    PLAIN,
  );
  const roundTrip = fc.property(record, (one) => {
    const text = encodeRecord(one);
    const isTame = text.length <= 2000 && /^[\w:-]+$/.test(text);
    return isTame && isDeepStrictEqual(decodeRecord(text), one);
  });
  t.doesNotThrow(() => fc.assert(roundTrip));
  const nonce = new Uint8Array(16);
  const text = encodeRecord({ kind: "commit", nonce, body: new Uint8Array(1400) });
  t.ok(text.length <= 2000, `the longest has ${text.length} characters`);
  const changed = fc.property(fc.nat(text.length - 1), fc.constantFrom("A", "b", "_"), (at, c) => {
    const other = text.slice(0, at) + c + text.slice(at + 1);
    return other === text || decodeRecord(other) === undefined;
  });
  t.doesNotThrow(() => fc.assert(changed, { numRuns: 300 }));
  t.equal(decodeRecord(text.replace("dv1c", "dv1l")), undefined, "not even of another kind");
  for (const wrong of ["", "hello", "dv1c:", "dv1x:AAAA", `${text}=`, text.slice(0, -1)]) {
    t.equal(decodeRecord(wrong), undefined, wrong.slice(0, 20));
  }
  t.throws(() => decodeRecord("dv2c:AAAA"), { code: "VERSION_UNKNOWN" });
  t.throws(() => decodeRecord("dv10z:AAAA"), { code: "VERSION_UNKNOWN", message: /version 10/ });
  t.throws(() => encodeRecord({ kind: "lease", nonce, body: new Uint8Array(1401) }));
  t.throws(() => encodeRecord({ kind: "lease", nonce: nonce.subarray(1), body: nonce }));
  t.match(dataLabel(ID), /^dv1o:[\w-]{11}$/);
});

t.test("a config is a URL, and the other way round", async (t) => {
  const webhook = fc.record({ id: snowflake, channel: snowflake }, PLAIN);
  const config: fc.Arbitrary<DiscordConfig> = fc.record(
    {
      guild: snowflake,
      headerChannel: fc.constant(ID),
      dataChannels: fc.uniqueArray(
        snowflake.filter((id) => id !== ID),
        { minLength: 1 },
      ),
      webhooks: fc.array(webhook),
      writers: fc.array(snowflake),
    },
    PLAIN,
  );
  const roundTrip = fc.property(config, (one) => {
    return isDeepStrictEqual(decodeDiscordUrl(encodeDiscordUrl(one)), one);
  });
  t.doesNotThrow(() => fc.assert(roundTrip));
  for (const [url, message] of [
    ["https://discord.com/1", /write discord/],
    [`discord://1/${ID}`, /needs a channel or a webhook/],
    [`discord://x/${ID}?data=2`, /no id/],
    ["discord://1/?data=2", /no id/],
    [`discord://1/${ID}?data=${ID}`, /header channel/],
    [`discord://1/${ID}?webhooks=5@${ID}`, /header channel/],
    [`discord://1/${ID}?data=2,2`, /twice/],
    [`discord://1/${ID}?dato=2`, /dato/],
    [`discord://1/${ID}?webhooks=5`, /no id/],
  ] as const) {
    t.throws(() => decodeDiscordUrl(url), { code: "USAGE", message }, url);
  }
});

t.test("the environment may name another Discord, never an open wire", async (t) => {
  t.equal(serviceOf({}), DISCORD);
  t.ok(DISCORD.isCdn(new URL("https://cdn.discordapp.com/attachments/1/2/a.bin?ex=1")));
  for (const url of [
    "http://cdn.discordapp.com/",
    "https://cdn.discordapp.com:444/",
    "https://cdn.discordapp.com.example/",
    "https://media.discordapp.net/",
  ]) {
    t.notOk(DISCORD.isCdn(new URL(url)), url);
  }
  for (const api of [
    "http://127.0.0.1:8/api",
    "http://127.0.0.1:8/api/",
    "http://127.0.0.1:8/api/v10",
  ]) {
    const service = serviceOf({ DVAULT_DISCORD_API: api });
    t.equal(service.api, "http://127.0.0.1:8/api/v10");
    t.ok(service.isCdn(new URL("http://127.0.0.1:9/x")));
    t.notOk(service.isCdn(new URL("http://127.0.0.2:9/x")));
  }
  const both = {
    DVAULT_DISCORD_API: "https://a.example/api",
    DVAULT_DISCORD_CDN: "https://b.example",
  };
  t.ok(serviceOf(both).isCdn(new URL("https://b.example/x")));
  t.notOk(serviceOf(both).isCdn(new URL("https://a.example/x")));
  for (const api of ["http://a.example/api", "ftp://127.0.0.1", "nonsense"]) {
    t.throws(() => serviceOf({ DVAULT_DISCORD_API: api }), { code: "USAGE" }, api);
  }
});

t.test("tokens are told from what is pasted in their place, and never shown", async (t) => {
  const secret = "x".repeat(38);
  const text = `${Buffer.from(ID).toString("base64url")}.GabCde.${secret}`;
  for (const pasted of [text, ` Bot ${text}\n`]) {
    const token = BotToken.parse(pasted);
    t.equal(token.userId, ID);
    t.equal(token.authorization, `Bot ${text}`);
    for (const shown of [String(token), JSON.stringify({ token }), inspect({ token })]) {
      t.notMatch(shown, /xxxx/);
    }
  }
  for (const [wrong, message] of [
    ["", /empty/],
    [`mfa.${secret}`, /user/],
    ["https://discord.com/api/webhooks/1/x", /URL/],
    [secret, /client secret/],
    [`${Buffer.from("not a number").toString("base64url")}.abcdef.${secret}`, /no bot's id/],
  ] as const) {
    t.throws(() => BotToken.parse(wrong), { code: "USAGE", message });
    t.throws(() => BotToken.parse(wrong), { message: /^(?!.*xxxx)/ }, "not repeated");
  }
});

t.test("a webhook's URL is read and its token not shown", async (t) => {
  for (const url of [
    `https://discord.com/api/webhooks/${ID}/AbC-dEf_0123456789`,
    `https://canary.discord.com/api/v10/webhooks/${ID}/AbC-dEf_0123456789/`,
  ]) {
    const address = WebhookAddress.parse(url);
    t.equal(address.id, ID);
    t.equal(address.path, `/webhooks/${ID}/AbC-dEf_0123456789`);
    t.equal(WebhookAddress.parse(address.url).path, address.path);
    for (const shown of [String(address), JSON.stringify({ address }), inspect({ address })]) {
      t.notMatch(shown, /AbC/);
    }
  }
  for (const wrong of [
    "",
    "x",
    "https://discord.com/api/webhooks/abc/def",
    `https://d/webhooks/${ID}`,
  ]) {
    t.throws(() => WebhookAddress.parse(wrong), { code: "USAGE" }, wrong);
  }
});

t.test("chance is drawn from what was handed in", async (t) => {
  const random = new FixedRandom();
  t.match(randomName(random), /^[a-z0-5]{16}$/);
  for (let i = 0; i < 50; i++) t.ok(randomBelow(random, 3) < 3);
  const bounds = { firstMs: 100, maxMs: 1000 };
  for (const [failures, full] of [
    [1, 100],
    [2, 200],
    [4, 800],
    [9, 1000],
  ] as const) {
    const ms = backoffMs(random, failures, bounds);
    t.ok(ms >= full / 2 && ms <= full, `${failures}: ${ms}`);
  }
});
