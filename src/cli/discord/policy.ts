/**
 * What Discord's terms mean for keeping a vault there, said once and plainly; docs/DISCORD.md has the sources.
 *
 * @module
 */
import { UsageError } from "../../core/base/errors.ts";
import type { Questions } from "./questions.ts";

const POLICY = `Before you keep a vault at Discord:

  * dvault is unofficial: nobody at Discord made it, knows it or stands by it. Discord offers no storage. Its staff has
    said that its CDN is not meant for that and that they act against such use. It can end any day.
  * Discord may delete messages and suspend the bot, your account or the server at its discretion and without notice.
    Everything that was there is lost then. Never keep the only copy of anything there.
  * Discord's developer policy forbids apps to send it health, financial or other sensitive data, encrypted or not.
  * dvault keeps to Discord's limits and gets around none of them. Use a private server of your own, made for this.
  * What is deleted may live on in Discord's caches. Only the key protects it.
  * A token that is not used for 30 days may be ended: run \`dvault doctor\` now and then.
`;

/**
 * Shows the notice and waits for a yes.
 * @param isAccepted - whether the command line says yes already
 * @throws UsageError USAGE when nobody can say yes, CANCELLED without one
 */
export async function acceptPolicy(questions: Questions, isAccepted: boolean): Promise<void> {
  questions.say(POLICY);
  if (isAccepted) return;
  if (!questions.canAsk) {
    throw new UsageError("USAGE", "say --accept-policy if that is fine with you");
  }
  if (await questions.confirm("Is that fine with you?")) return;
  throw new UsageError("CANCELLED", "nothing was made");
}
