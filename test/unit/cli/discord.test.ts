/**
 * The commands that set a vault at Discord up, look it over and find it again, against the emulator.
 *
 * @module
 */
import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { encodeDiscordUrl } from "../../../src/stores/objects/discord/discord-config.ts";
import { addBot, denyInChannel } from "../../emulator/founding.ts";
import { CommandLine } from "../../support/command-line.ts";
import { discordDesk } from "../../support/discord-desk.ts";

t.test("doctor finds nothing wrong with what is right, and leaves nothing behind", async (t) => {
  const { run, remember, emulator, open, config } = await discordDesk(t, {
    webhooks: 1,
    bot: { readsContent: true },
  });
  remember();
  const store = open();
  await store.append({
    kind: "lease",
    body: new Uint8Array(10),
    attachments: [],
    nonce: new Uint8Array(16),
  });
  const { out, code } = await run("doctor");
  t.equal(code, 0);
  t.match(out, /ok {4}token: it is that of the bot dvault/);
  t.notMatch(out, /note|BAD/);
  t.match(out, /header log: its newest record is of 20/);
  t.match(out, /8 MiB are taken/);
  t.match(out, /URLs are good for 24.0 hours, and it sends parts/);
  const { messages } = emulator.discord.world;
  t.equal(messages.values().length, 1, "only the record is there");
  t.equal(messages.ofChannel(config.headerChannel).length, 1);
});

t.test("doctor names what is wrong, and what to do", async (t) => {
  const { emulator, complaints, bot, channels, guild, config, laneWebhooks } = await discordDesk(
    t,
    {
      webhooks: 1,
    },
  );
  const { discord, faults } = emulator;
  t.match(await complaints(), [
    { subject: "header log", verdict: "odd", advice: /init --store discord/ },
    { subject: /webhook/, verdict: "odd", advice: /Message Content intent/ },
  ]);
  const [header, data] = channels;
  if (header === undefined || data === undefined) throw new Error("two channels at least");
  denyInChannel(discord, header, bot, ["attachFiles"]);
  denyInChannel(discord, data, bot, ["manageMessages"]);
  discord.settings.attachmentBytes = [3_000_000, 3_000_000, 3_000_000, 3_000_000];
  discord.settings.ranges = "ignored";
  discord.clock.advance(7_200_000);
  t.match(await complaints(), [
    { subject: "clock", verdict: "odd", text: /2.0 hours behind/ },
    { subject: "header log" },
    { subject: `channel ${header.id}`, verdict: "bad", text: /Attach Files/ },
    { subject: /webhook/ },
    { subject: /deleting/, verdict: "odd", advice: /Manage Messages/ },
    { subject: "size of parts", verdict: "odd", text: /no more than 2 MiB/ },
    { subject: "CDN", verdict: "odd", text: /whole files only/ },
  ]);
  denyInChannel(discord, header, bot, ["readMessageHistory"]);
  denyInChannel(discord, data, bot, ["viewChannel"]);
  const [webhook] = laneWebhooks;
  if (webhook) discord.world.webhooks.put({ ...webhook, channelId: header.id });
  const denied = await complaints();
  t.match(
    denied.filter(({ verdict }) => verdict === "bad"),
    [
      { subject: `channel ${header.id}`, text: /Read Message History/ },
      { subject: `channel ${data.id}`, text: /View Channel/ },
      { subject: /webhook/, text: /posts in channel/, advice: /recover-config/ },
    ],
  );
  faults.add({ fault: { kind: "remove-bot" } });
  t.match(await complaints(), [
    { subject: "clock" },
    { subject: `server ${guild.id}`, verdict: "bad", text: /invite the bot/ },
  ]);
  t.equal(config.guild, guild.id);
});

t.test("doctor stops where going on makes no sense", async (t) => {
  const { emulator, run, config, bot } = await discordDesk(t);
  const url = encodeDiscordUrl(config);
  emulator.faults.once({ kind: "revoke-token" });
  const { out, code } = await run("doctor", url);
  t.equal(code, 13);
  t.match(out, /^BAD {3}token: discord does not accept the token/);
  t.equal(out.trim().split("\n").length, 1);
  t.notMatch(out, bot.token);
  t.match(await run("doctor", "/tmp/a.dvault"), { code: 2, err: /no vault at Discord/ });
});

t.test("recover-config finds the vault again, by the token alone", async (t) => {
  const { run, open, config, home, emulator, laneWebhooks, bot } = await discordDesk(t, {
    dataChannels: 2,
    webhooks: 1,
  });
  t.match(await run("recover-config"), { code: 13, err: /no vault was found/ });
  const store = open();
  const nonce = new Uint8Array(16);
  for (let i = 0; i < 30; i++) await store.put(new Uint8Array([i]));
  await store.append({ kind: "commit", body: nonce, attachments: [], nonce });
  const { out, code, err } = await run("recover-config");
  t.equal(code, 0, err);
  t.equal(out, `${encodeDiscordUrl(config)}\n`);
  const written = JSON.parse(readFileSync(join(home, ".config/dvault/config.json"), "utf8"));
  t.match(written, { default: "default", vaults: { default: { store: out.trim() } } });
  const secret = join(home, `.config/dvault/discord-${config.headerChannel}.secret`);
  t.equal(statSync(secret).mode & 0o777, 0o600);
  t.match(readFileSync(secret, "utf8"), new RegExp(`${bot.token}\n.*/${laneWebhooks[0]?.token}\n`));
  t.match(await run("recover-config"), { code: 1, err: /is named default already/ });
  const line = await CommandLine.start(home);
  const env = { DVAULT_DISCORD_API: emulator.apiUrl };
  const doctor = await line.run(["doctor"], env);
  t.match(doctor.out, /ok {4}token/, "the token is kept");
});

t.test("recover-config asks for a data channel where nothing shows one yet", async (t) => {
  const { run, open, config } = await discordDesk(t);
  const nonce = new Uint8Array(16);
  await open().append({ kind: "commit", body: nonce, attachments: [], nonce });
  const refused = await run("recover-config");
  t.match(refused, { code: 2, err: /nothing in a data channel yet: give .* --data-channel/ });
  const [channel] = config.dataChannels;
  const { code, out } = await run("recover-config", "--data-channel", channel as string);
  t.match({ code, out }, { code: 0, out: `${encodeDiscordUrl(config)}\n` });
});

t.test("recover-config asks which of several, and trusts another bot only if told", async (t) => {
  const { run, open, config, emulator, guild, channels } = await discordDesk(t, {
    dataChannels: 3,
  });
  const [first, second, third, fourth] = channels.map(({ id }) => id);
  const configs = [
    { ...config, dataChannels: [second as string] },
    { ...config, headerChannel: third as string, dataChannels: [fourth as string] },
  ];
  for (const [n, one] of configs.entries()) {
    const store = open({}, { config: one });
    await store.put(new Uint8Array(10));
    const nonce = new Uint8Array(16).fill(n);
    await store.append({ kind: "commit", body: nonce, attachments: [], nonce });
  }
  const several = await run("recover-config");
  t.match(several, { code: 2, err: new RegExp(`--channel: ${first} .*; ${third} `) });
  const chosen = await run("recover-config", "two", "--channel", third as string);
  t.match(chosen, { code: 0, out: `${encodeDiscordUrl(configs[1] ?? config)}\n` });
  const heir = addBot(emulator.discord, guild, { username: "heir", readsContent: true });
  const { home } = await discordDesk(t);
  const file = join(home, "token");
  writeFileSync(file, heir.token);
  chmodSync(file, 0o644);
  const taken = await run("recover-config", "three", "--token-file", file, "--channel", `${third}`);
  t.match(taken, { code: 0, err: /can be read by others.*written by another bot/s });
  t.match(taken.out, /writers=/);
});

t.test("what is no token is refused before anything is asked", async (t) => {
  const { run, home, emulator } = await discordDesk(t);
  const file = join(home, "token");
  for (const [text, err] of [
    ["mfa.abcdefgh", /forbids programs that act as a user/],
    ["", /empty/],
    ["0123456789abcdef", /client secret/],
  ] as const) {
    writeFileSync(file, text, { mode: 0o600 });
    t.match(await run("recover-config", "--token-file", file), { code: 2, err });
  }
  t.equal(emulator.discord.log.counters.apiRequests, 0);
});
