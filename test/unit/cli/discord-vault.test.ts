/**
 * Commands on a vault at Discord, against the emulator: made, used, lost and found again, and what becomes of bad input.
 *
 * @module
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import t, { type Test } from "tap";
import { addBot, denyInChannel } from "../../emulator/founding.ts";
import { testContext } from "../../support/cli-context.ts";
import type { Outcome } from "../../support/command-line.ts";
import { DiscordClient } from "../../support/discord-client.ts";
import { type DiscordDesk, discordDesk } from "../../support/discord-desk.ts";
import type { PlaceOptions } from "../../support/discord-vault-place.ts";

const DAY_MS = 86_400_000;

interface MadeVault extends DiscordDesk {
  /** Runs a command that opens the vault, which is named far. */
  readonly here: (...args: readonly string[]) => Promise<Outcome>;
  /** The same on a machine without any state. */
  readonly elsewhere: (...args: readonly string[]) => Promise<Outcome>;
  /** Arguments with the key behind the command's name. */
  readonly withKey: (args: readonly string[]) => readonly string[];
  /** A file to put in. */
  readonly file: string;
}

async function makeVault(t: Test, options: PlaceOptions = {}): Promise<MadeVault> {
  const desk = await discordDesk(t, options);
  const { line, url, env, home } = desk;
  const recipient = ["--recipient", line.recipient, "--accept-policy"];
  const made = await desk.run("init", "far", "--store", url, ...recipient);
  t.match(made, {
    code: 0,
    out: `${url}\n`,
    err: /Never keep the only copy.*the token is kept in/s,
  });
  const file = join(home, "a");
  writeFileSync(file, "first");
  const withKey: MadeVault["withKey"] = ([command = "", ...rest]) => [
    command,
    ...line.key,
    ...rest,
  ];
  return {
    ...desk,
    file,
    withKey,
    here: (...args) => desk.run(...withKey(args)),
    elsewhere: (...args) => {
      const other = join(home, `elsewhere-${Math.random()}`);
      mkdirSync(other);
      return line.run(withKey(args), { ...env, HOME: other });
    },
  };
}

t.test("a vault at Discord is there for whoever has token and key", async (t) => {
  const { here, elsewhere, file, url, line, home, env, config, run } = await makeVault(t, {
    webhooks: 1,
  });
  t.match(await here("put", file, "far:/"), { code: 0, err: "" });
  t.match(await elsewhere("cat", `${url}:/a`), { code: 0, out: "first", err: "" });
  const { DVAULT_DISCORD_API } = env;
  const kept = await line.run(["ls", ...line.key, "far"], { DVAULT_DISCORD_API } as typeof env);
  t.match(kept, { code: 0, out: "a\n" }, "the token is kept");
  const again = ["init", "two", "--accept-policy", "--recipient", line.recipient];
  const refused = await run(...again, "--store", "discord", "--channel", config.headerChannel);
  t.match(refused, {
    code: 1,
    err: /a vault in channel \d+ already.*recover-config two --channel/s,
  });
  rmSync(join(home, ".config"), { recursive: true });
  rmSync(join(home, ".local"), { recursive: true });
  t.match(await run("recover-config", "far", "--channel", config.headerChannel), { code: 0 });
  t.match(await here("cat", "far:/a"), { code: 0, out: "first" });
});

t.test("init makes what it needs, when it is told yes and knows the password", async (t) => {
  const { run, line, emulator, guild, home } = await discordDesk(t);
  const { world } = emulator.discord;
  const before = world.channels.values().length;
  const wizard = ["init", "far", "--store", "discord"];
  t.match(await run(...wizard), { code: 2, err: /terms|unofficial.*--accept-policy/s });
  t.match(await run(...wizard, "--accept-policy"), { code: 2, err: /password/ });
  t.match(await run(...wizard, "--accept-policy", "--lanes", "99"), { code: 2 });
  t.equal(world.channels.values().length, before, "nothing is made in vain");
  const lanes = ["--lanes", "2", "--webhook-lanes", "1", "--guild", guild.id];
  const made = await run(...wizard, "--accept-policy", ...lanes, "--recipient", line.recipient);
  t.match(made, { code: 0, out: /^discord:\/\/\d+\/\d+\?data=\d+,\d+&webhooks=\d+@\d+\n$/ });
  t.same(
    world.channels
      .values()
      .slice(before)
      .map(({ name }) => name),
    ["far-log", "far-data", "far-data-2", "far-lane"],
  );
  t.match(readFileSync(join(home, ".config/dvault/config.json"), "utf8"), made.out.trim());
  t.match(await line.run(["ls", ...line.key, "far"], { DVAULT_DISCORD_API: emulator.apiUrl }), {
    code: 0,
    err: "",
  });
});

t.test("Ctrl-C ends the waiting for Discord, and loses nothing", async (t) => {
  const { here, elsewhere, withKey, file, url, emulator, line, env, home } = await makeVault(t);
  const controller = new AbortController();
  const context = testContext({ HOME: home, ...env }, controller.signal);
  const { faults } = emulator;
  const route = "POST /channels/{channel_id}/messages";
  const rule = faults.add({ fault: { kind: "reset", phase: "arrival" }, route, skip: 1 });
  const running = line.runIn(context, withKey(["put", file, "far:/"]));
  while (!context.err().includes("cannot publish yet")) await delay(20);
  controller.abort(new Error("stopped"));
  const { code, err } = await running;
  t.equal(code, 1);
  t.match(err, /on this machine only: the next command/);
  t.match(await elsewhere("ls", `${url}:/`), { code: 0, out: "" });
  faults.remove(rule);
  t.match(await here("mkdir", "far:/d"), { code: 0 });
  t.match(await elsewhere("ls", `${url}:/`), { code: 0, out: "a\nd\n" });
});

t.test("what is wrong at Discord is one clear line", async (t) => {
  const { here, elsewhere, file, url, emulator, bot, channels, config, guild } = await makeVault(t);
  const { discord, faults } = emulator;
  t.equal((await here("put", file, "far:/")).code, 0);
  const [header, data] = channels;
  if (header === undefined || data === undefined) throw new Error("two channels at least");
  const line = /^dvault: [^\n]*\n$/;

  const mallory = addBot(discord, guild, { username: "mallory" });
  const client = new DiscordClient(emulator.apiUrl, mallory.token);
  const newest = discord.world.messages.ofChannel(header.id).at(-1)?.content ?? "";
  for (const content of [newest, "good morning", "dv9c:AAAA"]) {
    await client.post(`/channels/${header.id}/messages`, { content });
  }
  t.match(await elsewhere("cat", `${url}:/a`), { code: 0, out: "first", err: "" }, "forged");

  discord.clock.advance(DAY_MS);
  t.match(await elsewhere("cat", `${url}:/a`), { code: 0, out: "first", err: "" }, "clock");
  t.match(await here("mkdir", "far:/d"), { code: 0, err: "" }, "clock");

  denyInChannel(discord, header, bot, ["sendMessages"]);
  const denied = await here("mkdir", "far:/e");
  t.match(denied, { code: 13, err: line });
  t.match(denied.err, /permission|doctor/i);
  denyInChannel(discord, header, bot, ["viewChannel"]);
  t.match(await here("ls", "far"), { code: 13, err: line });
  denyInChannel(discord, header, bot, []);
  t.match(await here("ls", "far"), { code: 0, out: "a\nd\n" });

  const other = url.replace(config.headerChannel, "999999999999999999");
  t.match(await here("ls", other), { code: 13, err: line }, "no such channel");
  faults.once({ kind: "delete-channel" }, { route: "GET /channels/{channel_id}/messages" });
  t.match(await here("ls", "far"), { code: 13, err: line }, "deleted channel");
  faults.once({ kind: "revoke-token" });
  const revoked = await here("ls", "far");
  t.match(revoked, { code: 13, err: line });
  t.match(revoked.err, /token/);
});

t.test(
  "a channel that holds another vault now is not taken for the one that was there",
  async (t) => {
    const { here, file, url, run, line, home, env, config, emulator } = await makeVault(t);
    t.equal((await here("put", "--no-wait", file, "far:/")).code, 0);
    const { messages } = emulator.discord.world;
    for (const message of messages.ofChannel(config.headerChannel)) messages.delete(message);
    const other = join(home, "other");
    mkdirSync(other);
    const init = ["init", "far", "--store", url, "--accept-policy", "--recipient", line.recipient];
    t.match(await line.run(init, { ...env, HOME: other }), { code: 0 });
    const seen = await here("ls", "far");
    t.match(seen, { err: /another vault/ });
    t.not(seen.code, 0);
    t.not((await here("put", file, "far:/b")).code, 0);
    t.match(await line.run(["ls", ...line.key, "far"], { ...env, HOME: other }), {
      code: 0,
      out: "",
    });
    t.match(await run("init", "three", "--store", url), { code: 2 });
  },
);
