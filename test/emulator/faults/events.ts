/**
 * Things that happen to the world between a client's decision to send a request and its arrival.
 *
 * @module
 */

import type { Discord } from "../discord.ts";
import type { HttpRequest } from "../http/http-request.ts";
import { emptyReply, type Reply } from "../http/reply.ts";
import type { Account } from "../model/account.ts";

const CHANNEL_IN_PATH = /\/channels\/(\d+)/;
const WEBHOOK_IN_PATH = /\/webhooks\/(\d+)/;

/** Deletes the channel in the path, or that of the webhook in the path. */
export async function deleteChannelOf(
  { url }: HttpRequest,
  { world, settings }: Discord,
): Promise<void> {
  const webhook = world.webhooks.get(WEBHOOK_IN_PATH.exec(url.pathname)?.[1] ?? "");
  const id = webhook?.channelId ?? CHANNEL_IN_PATH.exec(url.pathname)?.[1] ?? "";
  const channel = world.channels.get(id);
  if (channel) await world.deleteChannel(channel, settings.cdnCacheMs);
}

/** Deletes the webhook in the path. */
export function deleteWebhookOf({ url }: HttpRequest, { world }: Discord): void {
  world.webhooks.delete(WEBHOOK_IN_PATH.exec(url.pathname)?.[1] ?? "");
}

/** Revokes the token that came with the request. */
export function revokeTokenOf(request: HttpRequest, { world }: Discord): void {
  const account = accountOf(request, world);
  if (account) world.accounts.put({ ...account, token: undefined });
}

/** Takes the calling bot out of all its guilds. */
export function removeBotOf(request: HttpRequest, { world }: Discord): void {
  const account = accountOf(request, world);
  if (account) world.accounts.put({ ...account, memberships: [] });
}

/** Takes a webhook's message and keeps nothing, unless the client waits for what became of it. */
export function forgetMessage({ method, url }: HttpRequest): Reply | undefined {
  const isUnwatched = method === "POST" && url.searchParams.get("wait") !== "true";
  return isUnwatched && WEBHOOK_IN_PATH.test(url.pathname) ? emptyReply() : undefined;
}

function accountOf({ headers }: HttpRequest, world: Discord["world"]): Account | undefined {
  return world.accountOf(headers.authorization?.replace(/^Bot /, "") ?? "");
}
