/**
 * `npm run discord`: the emulator by hand.
 *
 * @module
 */
import { once } from "node:events";
import { parseArgs } from "node:util";
import { DiscordEmulator } from "./emulator.ts";
import { furnish } from "./founding.ts";

const USAGE = `Emulates Discord on this machine.

  npm run discord -- [options]

  --dir <directory>   keep everything there; in memory otherwise
  --channels <n>      channels of a new guild (2)
  --port <n>          of the API (8750); CDN and admin port are the next two. 0 is any
  --latency <ms>      before a request is handled (0)
  --bandwidth <n>     Mbit/s of each connection (as fast as it goes)
  --seed <text>       makes tokens and faults repeatable (dvault)
  --no-rate-limits    as many requests as come
  --help
`;

const OPTIONS = {
  dir: { type: "string" },
  channels: { type: "string", default: "2" },
  port: { type: "string", default: "8750" },
  latency: { type: "string", default: "0" },
  bandwidth: { type: "string", default: "0" },
  seed: { type: "string", default: "dvault" },
  "no-rate-limits": { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

type Values = ReturnType<typeof parse>;

try {
  const values = parse();
  if (values.help) process.stdout.write(USAGE);
  else await run(values);
} catch (error) {
  process.stderr.write(`discord: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = isUsageError(error) ? 2 : 1;
}

function isUsageError(error: unknown): boolean {
  return String((error as NodeJS.ErrnoException).code).startsWith("ERR_PARSE_ARGS");
}

function parse() {
  return parseArgs({ options: OPTIONS }).values;
}

async function run(values: Values): Promise<void> {
  // Whoever starts it may stop it at its first line.
  const stopped = Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  const port = number(values, "port");
  const emulator = await DiscordEmulator.start({
    seed: values.seed,
    ports: port === 0 ? {} : { api: port, cdn: port + 1, admin: port + 2 },
    ...(values.dir === undefined ? {} : { directory: values.dir }),
    settings: {
      latencyMs: number(values, "latency"),
      bytesPerSecond: (number(values, "bandwidth") * 1_000_000) / 8,
      limitsRates: !values["no-rate-limits"],
    },
  });
  process.stdout.write(introduction(emulator, number(values, "channels")));
  await stopped;
  await emulator.close();
}

function number(values: Values, name: "port" | "channels" | "latency" | "bandwidth"): number {
  const value = Number(values[name]);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new Error(`--${name} takes a number, not ${values[name]}`);
}

function introduction(
  { discord, apiUrl, cdnUrl, adminUrl }: DiscordEmulator,
  count: number,
): string {
  const { guild, bot, channels } = furnish(discord, { channels: count });
  return `Discord is at ${apiUrl}, its CDN at ${cdnUrl}; counters, faults and clock at ${adminUrl}.

guild     ${guild.id}  ${guild.name}
${channels.map(({ id, name }) => `channel   ${id}  ${name}\n`).join("")}bot       ${bot.id}  ${bot.username}

To use it:

  export DVAULT_DISCORD_API=${apiUrl}
  export DVAULT_DISCORD_TOKEN=${bot.token}

Ctrl-C stops it.
`;
}
