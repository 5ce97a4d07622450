/**
 * Messages as the API takes and gives them.
 *
 * @module
 */
import t, { type Test } from "tap";
import { snowflakeAt } from "../../emulator/base/snowflake.ts";
import { addBot, addWebhook, denyInChannel } from "../../emulator/founding.ts";
import { type ClientFile, DiscordClient } from "../../support/discord-client.ts";
import {
  type TestEmulator,
  type TestEmulatorOptions,
  testEmulator,
} from "../../support/test-emulator.ts";

const MIB = 1024 * 1024;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

interface Room extends TestEmulator {
  readonly client: DiscordClient;
  /** `/channels/<id>/messages` */
  readonly path: string;
}

/** An emulator without rate limits and the path of a channel's messages. */
async function room(t: Test, options: TestEmulatorOptions = {}): Promise<Room> {
  const settings = { limitsRates: false, ...options.settings };
  const world = await testEmulator(t, { ...options, settings });
  const client = new DiscordClient(world.emulator.apiUrl, world.bot.token);
  return { ...world, client, path: `/channels/${world.channel.id}/messages` };
}

function file(name: string, bytes: Uint8Array = Buffer.from(name)): ClientFile {
  return { name, bytes };
}

t.test("ids are snowflakes of the emulator's clock and rise strictly", async (t) => {
  const { client, path, emulator } = await room(t);
  const { json } = await client.post(path, { content: "a" }, file("a.bin"));
  t.match(json.id, /^\d{17,19}$/);
  t.not(json.attachments[0].id, json.id);
  t.equal(BigInt(json.id) >> 22n, BigInt(snowflakeAt(emulator.discord.clock.now())) >> 22n);
  emulator.discord.clock.advance(-HOUR_MS);
  const later = (await client.post(path, { content: "b" })).json;
  t.ok(BigInt(later.id) > BigInt(json.id), "also when the clock goes back");
});

t.test("a message is refused for what Discord refuses", async (t) => {
  const { client, path } = await room(t);
  const tooMany = Array.from({ length: 11 }, (_, index) => file(`${index}.bin`));
  const cases: [string, unknown, readonly ClientFile[], object][] = [
    ["nothing in it", {}, [], { code: 50006 }],
    ["nothing but blanks", { content: " \n " }, [], { code: 50006 }],
    ["2001 characters", { content: "x".repeat(2001) }, [], { code: 50035 }],
    ["content that is no text", { content: 7 }, [], { code: 50035 }],
    ["11 files", {}, tooMany, { code: 30015 }],
    [
      "11 listed attachments",
      { attachments: tooMany.map((_, id) => ({ id })) },
      tooMany,
      {
        code: 50035,
        errors: { attachments: { _errors: [{ code: "BASE_TYPE_MAX_LENGTH" }] } },
      },
    ],
    [
      "an attachment without a file",
      { content: "a", attachments: [{ id: "4" }] },
      [],
      { code: 50035 },
    ],
    [
      "an attachment without an id",
      { attachments: [{}] },
      [file("a")],
      {
        errors: { attachments: { 0: { id: { _errors: [{ code: "BASE_TYPE_REQUIRED" }] } } } },
      },
    ],
    ["an attachment that is no object", { attachments: ["a"] }, [file("a")], { code: 50035 }],
    ["attachments that are no list", { attachments: "a" }, [file("a")], { code: 50035 }],
    ["a nonce of 26 characters", { content: "a", nonce: "x".repeat(26) }, [], { code: 50035 }],
    ["a flag that is no number", { content: "a", flags: "x" }, [], { code: 50035 }],
    [
      "a switch that is no boolean",
      { content: "a", nonce: 1, enforce_nonce: 1 },
      [],
      { code: 50035 },
    ],
    ["a list", [], [], { code: 50035 }],
  ];
  for (const [what, json, files, expected] of cases) {
    const reply = await client.post(path, json, ...files);
    t.match(reply, { status: 400, json: expected }, what);
  }
});

t.test("a body is refused for its form", async (t) => {
  const { bot, emulator, client, path } = await room(t);
  const send = async (type: string, body: string): Promise<unknown> => {
    const response = await fetch(`${emulator.apiUrl}/v10${path}`, {
      method: "POST",
      body,
      headers: {
        authorization: `Bot ${bot.token}`,
        "user-agent": "DiscordBot (test, 1)",
        "content-type": type,
      },
    });
    return await response.json();
  };
  t.match(await send("application/json", "{"), { code: 50109 });
  t.match(await send("text/plain", "{}"), {
    errors: { _errors: [{ code: "CONTENT_TYPE_INVALID" }] },
  });
  t.match(await send("multipart/form-data", "x"), { code: 50035 });
  t.match(await send("multipart/form-data; boundary=b", "--b\r\nx"), { code: 50035 });
  t.match(
    await client.send("POST", `/channels/${path.split("/")[2]}/webhooks`, {
      headers: { "content-type": "text/plain" },
    }),
    { json: { code: 50035 } },
  );
});

t.test("content and file names are cleaned", async (t) => {
  const { client, path } = await room(t);
  const { json } = await client.post(
    path,
    {
      content: ` a\u0000b\ud800c \n`,
      attachments: [{ id: "0" }, { id: "1", filename: "x y.bin", is_spoiler: true }],
    },
    file("_Über größe.bin"),
    file("ignored.bin"),
  );
  t.equal(json.content, "abc");
  t.match(json.attachments, [
    { filename: "Uber_groe.bin", title: "_Über größe.bin" },
    { filename: "x_y.bin", flags: 8 },
  ]);
});

t.test("enforce_nonce makes one message of many requests", async (t) => {
  const { client, path, emulator } = await room(t);
  const body = { content: "a", nonce: "n", enforce_nonce: true };
  const replies = await Promise.all([1, 2, 3].map(() => client.post(path, body, file("a.bin"))));
  const ids = new Set(replies.map(({ json }) => json.id));
  t.equal(ids.size, 1);
  t.match(emulator.discord.log.counters, { messagesPosted: 1, nonceHits: 2, filesUploaded: 1 });
  emulator.discord.clock.advance(5 * 60_000);
  t.notOk(ids.has((await client.post(path, body)).json.id), "only for some minutes");
  t.not(
    (await client.post(path, { content: "a", nonce: "n" })).json.id,
    (await client.post(path, { content: "a", nonce: "n" })).json.id,
    "only when it is asked for",
  );
  const failed = await client.post(path, { nonce: "f", enforce_nonce: true });
  t.equal(failed.status, 400);
  const later = { content: "b", nonce: "f", enforce_nonce: true };
  t.equal((await client.post(path, later)).status, 200, "a refused message leaves no trace");
});

t.test("a channel is listed newest first, in pages", async (t) => {
  const { client, path } = await room(t);
  const ids: string[] = [];
  for (let i = 0; i < 7; i++) ids.push((await client.post(path, { content: `${i}` })).json.id);
  const list = async (query: string): Promise<string> => {
    const { json } = await client.get(`${path}?${query}`);
    return json.map(({ content }: { content: string }) => content).join("");
  };
  t.equal(await list(""), "6543210");
  t.equal(await list("limit=2"), "65");
  t.equal(await list(`limit=3&before=${ids[4]}`), "321");
  t.equal(await list(`limit=3&after=${ids[4]}`), "65");
  t.equal(await list("limit=3&after=0"), "210", "after gives what follows it first");
  t.equal(await list(`limit=3&around=${ids[3]}`), "432");
  t.equal(await list(`around=${ids[0]}&limit=3`), "210");
  for (const query of ["limit=0", "limit=101", "limit=x", "before=x", "after=01"]) {
    t.match(await client.get(`${path}?${query}`), { status: 400, json: { code: 50035 } }, query);
  }
});

t.test("an edit keeps, appends and removes attachments", async (t) => {
  const { client, path, emulator } = await room(t);
  const { json } = await client.post(path, { content: "a" }, file("1.bin"), file("2.bin"));
  const own = `${path}/${json.id}`;
  const names = (reply: { json: { attachments: { filename: string }[] } }): string =>
    reply.json.attachments.map(({ filename }) => filename).join();
  t.equal(names(await client.patch(own, {}, file("3.bin"))), "1.bin,2.bin,3.bin");
  const [first, second] = json.attachments;
  const kept = { attachments: [{ id: second.id }, { id: "0" }] };
  t.equal(names(await client.patch(own, kept, file("4.bin"))), "2.bin,4.bin");
  t.equal((await fetch(first.url)).status, 404, "what is not listed is gone");
  t.match(await client.patch(own, { attachments: [{ id: first.id }] }), { json: { code: 50035 } });
  t.match(await client.patch(own, { content: "", attachments: [] }), { json: { code: 50006 } });
  const nine = Array.from({ length: 9 }, (_, index) => file(`${index}`));
  t.match(await client.patch(own, {}, ...nine), { json: { code: 30015 } });
  const edited = await client.patch(own, { content: "b", attachments: [] });
  t.match(edited.json, { content: "b", attachments: [], edited_timestamp: /^2026/ });
  t.equal(emulator.discord.log.counters.filesUploaded, 4);
});

t.test("files and requests have their largest size, which can change any time", async (t) => {
  const { client, path, emulator } = await room(t);
  const { settings } = emulator.discord;
  settings.attachmentBytes = [1000, 1000, 2000, 3000];
  const tooLarge = { status: 413, json: { code: 40005 } };
  t.equal((await client.post(path, {}, file("a", Buffer.alloc(1000)))).status, 200);
  t.match(await client.post(path, {}, file("a", Buffer.alloc(1001))), tooLarge);
  const [guild] = emulator.discord.world.guilds.values();
  if (guild) emulator.discord.world.guilds.put({ ...guild, premiumTier: 2 });
  t.equal((await client.post(path, {}, file("a", Buffer.alloc(2000)))).status, 200);
  settings.attachmentBytes = [MIB, MIB, MIB, MIB];
  settings.requestBytes = 2 * MIB;
  const parts = [file("a", Buffer.alloc(MIB)), file("b", Buffer.alloc(MIB))];
  t.match(await client.post(path, {}, ...parts), tooLarge);
  settings.edgeBytes = MIB;
  const atTheEdge = await client.post(path, {}, ...parts);
  t.equal(atTheEdge.status, 413);
  t.match(atTheEdge.text, /^<html>/);
});

t.test("without the intent a bot reads only its own messages", async (t) => {
  const { client, path, emulator, guild, channel, bot } = await room(t);
  const reader = addBot(emulator.discord, guild, { username: "reader" });
  const seer = addBot(emulator.discord, guild, { username: "seer", readsContent: true });
  const webhook = addWebhook(emulator.discord, channel, bot);
  const nobody = new DiscordClient(emulator.apiUrl);
  const execute = `/webhooks/${webhook.id}/${webhook.token}`;
  const hooked = await nobody.post(`${execute}?wait=true`, { content: "hooked" }, file("a.bin"));
  const own = await client.post(path, { content: "own" }, file("b.bin"));
  const contentFor = async (token: string, id: string): Promise<unknown> => {
    const { json } = await new DiscordClient(emulator.apiUrl, token).get(`${path}/${id}`);
    return [json.content, json.attachments.length];
  };
  t.strictSame(await contentFor(bot.token, own.json.id), ["own", 1]);
  t.strictSame(await contentFor(reader.token, own.json.id), ["", 0]);
  t.strictSame(await contentFor(seer.token, own.json.id), ["own", 1]);
  t.strictSame(await contentFor(bot.token, hooked.json.id), ["", 0], "even of its own webhook");
  const byToken = await nobody.get(`${execute}/messages/${hooked.json.id}`);
  t.match(byToken.json, { content: "hooked", attachments: [{}] }, "the token reads everything");
  t.match((await client.get("/applications/@me")).json, { flags: 0 });
});

t.test("a bot may do what it has permissions for", async (t) => {
  const { client, path, emulator, channel, bot, guild } = await room(t);
  const { id } = (await client.post(path, { content: "a" }, file("a.bin"))).json;
  const other = addBot(emulator.discord, guild, { permissions: ["administrator"] });
  const foreign = new DiscordClient(emulator.apiUrl, other.token);
  t.match(await foreign.patch(`${path}/${id}`, { content: "b" }), { json: { code: 50005 } });
  const deny = (...names: Parameters<typeof denyInChannel>[3]): unknown =>
    denyInChannel(emulator.discord, channel, bot, names);
  deny("attachFiles");
  t.match(await client.post(path, {}, file("a.bin")), { status: 403, json: { code: 50013 } });
  deny("sendMessages");
  t.match(await client.post(path, { content: "a" }), { status: 403, json: { code: 50013 } });
  deny("readMessageHistory");
  t.strictSame((await client.get(path)).json, [], "an empty list, not an error");
  t.match(await client.get(`${path}/${id}`), { json: { code: 50013 } });
  deny("viewChannel");
  t.match(await client.get(path), { status: 403, json: { code: 50001 } });
  deny("manageMessages");
  const theirs = (await foreign.post(path, { content: "theirs" })).json.id;
  t.match(await client.delete(`${path}/${theirs}`), { json: { code: 50013 } });
  t.equal((await client.delete(`${path}/${id}`)).status, 204, "its own it may delete");
  t.equal((await foreign.delete(`${path}/${theirs}`)).status, 204);
  t.match(await client.delete(`${path}/${id}`), { status: 404, json: { code: 10008 } });
});

t.test("bulk deletion takes all or nothing", async (t) => {
  const { client, path, emulator } = await room(t);
  const post = async (): Promise<string> => (await client.post(path, { content: "a" })).json.id;
  const old = await post();
  emulator.discord.clock.advance(14 * DAY_MS + 1000);
  const [a, b] = [await post(), await post()];
  const remove = (messages: unknown): ReturnType<DiscordClient["post"]> =>
    client.post(`${path}/bulk-delete`, { messages });
  t.match(await remove([a]), { status: 400, json: { code: 50016 } });
  t.match(await remove(Array.from({ length: 101 }, () => a)), { json: { code: 50016 } });
  t.match(await remove([a, a]), { json: { code: 50035 } });
  t.match(await remove([a, "x"]), { json: { code: 50035 } });
  t.match(await remove([a, old]), { status: 400, json: { code: 50034 } });
  t.equal((await client.get(path)).json.length, 3);
  t.equal((await remove([a, b, snowflakeAt(emulator.discord.clock.now() + 1000)])).status, 204);
  t.equal((await client.get(path)).json.length, 1);
  t.equal(emulator.discord.log.counters.messagesDeleted, 2);
});

t.test("pins are listed by time, and each leaves a notice", async (t) => {
  const { client, path, emulator } = await room(t);
  const post = async (): Promise<string> => (await client.post(path, { content: "a" })).json.id;
  const [a, b] = [await post(), await post()];
  for (const id of [a, b, b]) {
    t.equal((await client.send("PUT", `${path}/pins/${id}`)).status, 204);
    emulator.discord.clock.advance(1000);
  }
  const pins = (await client.get(`${path}/pins?limit=1`)).json;
  t.match(pins, { items: [{ message: { id: b, pinned: true } }], has_more: true });
  const before = encodeURIComponent(pins.items[0].pinned_at);
  t.match((await client.get(`${path}/pins?before=${before}`)).json, {
    items: [{ message: { id: a } }],
    has_more: false,
  });
  t.match(await client.get(`${path}/pins?before=x`), { json: { code: 50035 } });
  const [notice] = (await client.get(path)).json;
  t.match(notice, { type: 6, content: "", message_reference: { message_id: b } });
  t.match(await client.send("PUT", `${path}/pins/${notice.id}`), { json: { code: 50021 } });
  t.equal((await client.delete(`${path}/pins/${a}`)).status, 204);
  t.equal((await client.get(`${path}/pins`)).json.items.length, 1);
  const { world } = emulator.discord;
  for (let i = 0; i < 249; i++) {
    const message = world.messages.get(path.split("/")[2] ?? "", await post());
    if (message) world.messages.put({ ...message, pinnedAt: i });
  }
  t.match(await client.send("PUT", `${path}/pins/${a}`), { json: { code: 30003 } });
});

t.test("a new message can take a while to be readable", async (t) => {
  const { client, path, emulator } = await room(t, { settings: { readLagMs: 500 } });
  const { id } = (await client.post(path, { content: "a" })).json;
  t.match(await client.get(`${path}/${id}`), { status: 404, json: { code: 10008 } });
  t.strictSame((await client.get(path)).json, []);
  emulator.discord.clock.advance(500);
  t.equal((await client.get(`${path}/${id}`)).status, 200);
  t.equal((await client.get(path)).json.length, 1);
});
