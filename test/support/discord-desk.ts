/**
 * A person's desk: a home directory, and command lines that speak to an emulated Discord with a place for one vault.
 *
 * @module
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Test } from "tap";
import { encodeDiscordUrl } from "../../src/stores/objects/discord/discord-config.ts";
import { CommandLine, type Outcome } from "./command-line.ts";
import { type DiscordPlace, discordPlace, type PlaceOptions } from "./discord-vault-place.ts";

/** See the head of this file. */
export interface DiscordDesk extends DiscordPlace {
  readonly home: string;
  readonly line: CommandLine;
  readonly url: string;
  /** Variables that lead to the emulator, with the bot's token. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs a command with them. */
  readonly run: (...args: readonly string[]) => Promise<Outcome>;
  /** Findings of `dvault doctor` that are not good. */
  readonly complaints: () => Promise<readonly Record<string, string>[]>;
  /** Writes the vault into the config. */
  readonly remember: (name?: string) => void;
}

/** Sets up a desk, and the emulator on the machine's own clock. */
export async function discordDesk(t: Test, options: PlaceOptions = {}): Promise<DiscordDesk> {
  const place = await discordPlace(t, { speed: 1, settings: { limitsRates: false }, ...options });
  // The commands go by the machine's clock, and so must the emulator.
  place.emulator.discord.clock.advance(Date.now() - place.timing.trueTime());
  const home = t.testdir();
  const line = await CommandLine.start(home);
  const webhooks = place.laneWebhooks.map(({ id, token }) => `https://d/webhooks/${id}/${token}`);
  const env = {
    DVAULT_DISCORD_API: place.emulator.apiUrl,
    DVAULT_DISCORD_TOKEN: place.bot.token,
    DVAULT_DISCORD_WEBHOOKS: webhooks.join(" "),
  };
  const run: DiscordDesk["run"] = (...args) => line.run(args, env);
  const url = encodeDiscordUrl(place.config);
  const complaints = async (): Promise<readonly Record<string, string>[]> => {
    const { out } = await run("doctor", "--json", url);
    const findings = JSON.parse(out) as Record<string, string>[];
    return findings.filter(({ verdict }) => verdict !== "good");
  };
  const remember = (name = "default"): void => {
    const config = join(home, ".config", "dvault");
    t.testdir({ ".config": { dvault: {} } });
    writeFileSync(
      join(config, "config.json"),
      JSON.stringify({ vaults: { [name]: { store: url } } }),
    );
  };
  return { ...place, home, line, url, env, run, complaints, remember };
}
