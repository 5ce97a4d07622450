/**
 * `dvault recover-config`: finds vaults at Discord by the bot's token alone, and writes one into the config again.
 *
 * @module
 */
import { StoreError, UsageError } from "../../core/base/errors.ts";
import { checkConfig, encodeDiscordUrl } from "../../stores/objects/discord/discord-config.ts";
import { type FoundVault, findVaults } from "../../stores/objects/discord/setup/find-vaults.ts";
import { type Command, defineCommand } from "../command.ts";
import { isVaultName, loadConfig, saveConfig, withVault } from "../config/config.ts";
import { directories } from "../config/directories.ts";
import { type CliContext, warn, writeTo } from "../context.ts";
import { type Chooser, chooseGuild, placeOptions } from "../discord/choose-place.ts";
import { keepSecrets, obtainSecrets, tokenOptions } from "../discord/discord-secrets.ts";
import { withDiscord } from "../discord/discord-vault.ts";
import { Questions } from "../discord/questions.ts";

const { guild, channel, "data-channel": dataChannel } = placeOptions;

/** Brings a config back. */
export const recoverConfigCommand: Command = defineCommand({
  names: ["recover-config"],
  summary: "Find a vault at Discord by its bot's token, and write it into the config again",
  usage: "[name]",
  operands: [0, 1],
  options: {
    guild,
    channel: { ...channel, describe: "Id of the header channel, when there are several vaults" },
    "data-channel": { ...dataChannel, describe: "Id of a further channel for data" },
    ...tokenOptions,
  },
  examples: [
    ["dvault recover-config", "the default vault, after its config was lost"],
    ["dvault recover-config work --channel 123456789012345678", "one of several"],
  ],
  notes:
    "The newest messages of each channel are looked at; nothing is changed at Discord. Then mount with the password as before. A name that is in the config already is not overwritten.",
  async run(context, { operands, options }) {
    const places = directories(context.env);
    const name = operands[0] ?? loadConfig(places).default;
    checkName(context, name);
    const secrets = await obtainSecrets(context, options, options.channel);
    const questions = new Questions(context);
    const found = await withDiscord(context, secrets, async (client) => {
      const chooser = { client, questions, signal: context.signal };
      const guildId = await chooseGuild(chooser, options.guild);
      const search = { guildId, webhookAddresses: secrets.webhooks, signal: context.signal };
      return chooseVault(chooser, await findVaults(client, search), options.channel);
    });
    await questions.close();
    const more = options["data-channel"] ?? [];
    const dataChannels = [...new Set([...found.config.dataChannels, ...more])];
    checkLanes(found, dataChannels);
    const store = encodeDiscordUrl(checkConfig({ ...found.config, dataChannels }));
    if (found.config.writers.length > 0) {
      const [writer] = found.config.writers;
      warn(
        context,
        `the vault was written by another bot (${writer}), which is trusted from now on`,
      );
    }
    keepSecrets(context, found.config, secrets);
    saveConfig(places, withVault(loadConfig(places), name, { store }));
    await writeTo(context.stdout, `${store}\n`);
    return undefined;
  },
});

/** @throws StoreError STORE_EXISTS for a name that means something already */
function checkName(context: CliContext, name: string): void {
  if (!isVaultName(name)) throw new UsageError("USAGE", `${JSON.stringify(name)} is no vault name`);
  const { vaults } = loadConfig(directories(context.env));
  if (!Object.hasOwn(vaults, name)) return;
  throw new StoreError("STORE_EXISTS", `a vault is named ${name} already; choose another name`);
}

/** A vault whose commits were small so far has left nothing that tells its data channels. */
function checkLanes({ config, channelName }: FoundVault, dataChannels: readonly string[]): void {
  if (dataChannels.length + config.webhooks.length > 0) return;
  throw new UsageError(
    "USAGE",
    `the vault in #${channelName} (${config.headerChannel}) has nothing in a data channel yet: give the one it shall use by --data-channel`,
  );
}

async function chooseVault(
  { questions }: Chooser,
  vaults: readonly FoundVault[],
  headerChannel: string | undefined,
): Promise<FoundVault> {
  const fitting =
    headerChannel === undefined
      ? vaults
      : vaults.filter(({ config }) => config.headerChannel === headerChannel);
  const [only, ...others] = fitting;
  if (only === undefined) {
    throw new StoreError(
      "STORE_MISSING",
      "no vault was found in the channels the bot can read; is it in the right server, with Read Message History?",
    );
  }
  if (others.length === 0) return only;
  if (questions.canAsk) {
    return questions.choose(
      "Which vault?",
      fitting.map((vault) => ({ label: labelOf(vault), value: vault })),
    );
  }
  const list = fitting.map(labelOf).join("; ");
  throw new UsageError("USAGE", `there are several vaults, give --channel: ${list}`);
}

function labelOf({ config, channelName, timeMs }: FoundVault): string {
  const time = new Date(timeMs).toISOString();
  return `${config.headerChannel} (#${channelName}, last written ${time})`;
}
