/**
 * `dvault doctor`: looks over everything a vault at Discord depends on.
 *
 * @module
 */
import { runCheckUp } from "../../stores/objects/discord/setup/check-up.ts";
import type { Finding } from "../../stores/objects/discord/setup/finding.ts";
import { type Command, defineCommand } from "../command.ts";
import { obtainSecrets, tokenOptions } from "../discord/discord-secrets.ts";
import { findDiscordVault, withDiscord } from "../discord/discord-vault.ts";
import { ExitCode } from "../exit-code.ts";
import { printable } from "../output/human.ts";
import { jsonListing, lineListing } from "../output/listing.ts";

/** Checks a place. */
export const doctorCommand: Command = defineCommand({
  names: ["doctor"],
  summary: "Check everything a vault at Discord depends on, and say what to change",
  usage: "[vault]",
  operands: [0, 1],
  options: {
    json: { type: "boolean", default: false, describe: "Print an array of objects" },
    ...tokenOptions,
  },
  examples: [
    ["dvault doctor", "the default vault's place"],
    [
      "dvault doctor --json | jq '.[] | select(.verdict != \"good\")'",
      "what is not as it should be",
    ],
  ],
  notes:
    "Files are posted in each channel and by each webhook, read back from the API and the CDN, compared and deleted; nothing else is touched. The password is not needed. Exit code 13 when something is wrong. JSON: subject, verdict (good, odd, bad), text, advice.",
  async run(context, { operands, options }) {
    const config = findDiscordVault(context, operands[0] ?? "");
    const secrets = await obtainSecrets(context, options, config.headerChannel);
    const { stdout, signal } = context;
    const listing = options.json ? jsonListing<Finding>(stdout) : lineListing(stdout, findingLine);
    let exitCode: ExitCode = ExitCode.done;
    await withDiscord(context, secrets, async (client) => {
      const checkUp = { client, config, webhookAddresses: secrets.webhooks, signal };
      for await (const finding of runCheckUp(checkUp)) {
        if (finding.verdict === "bad") exitCode = ExitCode.storeUnreachable;
        await listing.add(finding);
      }
    });
    await listing.end();
    return exitCode;
  },
});

const MARKS = { good: "ok  ", odd: "note", bad: "BAD " } as const;

function findingLine({ subject, verdict, text, advice }: Finding): readonly string[] {
  const line = printable(`${MARKS[verdict]}  ${subject}: ${text}`);
  return advice === undefined ? [line] : [line, "\n      ", printable(advice)];
}
