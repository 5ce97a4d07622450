/**
 * Makes `discord.json` out of Discord's published OpenAPI description: the operations the emulator has, and the schemas
 * they use.
 *
 *     node test/emulator/openapi/reduce.mjs <specs/openapi.json of github.com/discord/discord-api-spec>
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const OPERATIONS = [
  "get_gateway",
  "get_bot_gateway",
  "get_my_user",
  "list_my_guilds",
  "get_my_application",
  "get_guild",
  "list_guild_channels",
  "create_guild_channel",
  "get_guild_webhooks",
  "get_channel",
  "update_channel",
  "delete_channel",
  "create_thread",
  "list_messages",
  "create_message",
  "get_message",
  "update_message",
  "delete_message",
  "bulk_delete_messages",
  "list_pins",
  "create_pin",
  "delete_pin",
  "list_channel_webhooks",
  "create_webhook",
  "get_webhook",
  "update_webhook",
  "delete_webhook",
  "get_webhook_by_token",
  "update_webhook_by_token",
  "delete_webhook_by_token",
  "execute_webhook",
  "get_webhook_message",
  "update_webhook_message",
  "delete_webhook_message",
];

const [source] = process.argv.slice(2);
if (source === undefined) {
  process.stderr.write("usage: reduce.mjs <openapi.json>\n");
  process.exit(2);
}
const whole = JSON.parse(readFileSync(source, "utf8"));
const target = fileURLToPath(new URL("discord.json", import.meta.url));
writeFileSync(target, JSON.stringify(reduce(whole)));
execFileSync("npx", ["biome", "format", "--write", target], { stdio: "ignore" });

function reduce({ openapi, info, paths, components }) {
  const kept = { openapi, info, paths: keepPaths(paths), components: {} };
  const pending = referencesIn(kept.paths);
  for (let pointer = pending.pop(); pointer !== undefined; pointer = pending.pop()) {
    const [, , group, name] = pointer.split("/");
    kept.components[group] ??= {};
    if (kept.components[group][name]) continue;
    const component = withoutProse(components[group][name]);
    kept.components[group][name] = component;
    pending.push(...referencesIn(component));
  }
  return kept;
}

function keepPaths(paths) {
  const kept = {};
  for (const [path, { parameters, ...methods }] of Object.entries(paths)) {
    const wanted = Object.entries(methods).filter(([, operation]) =>
      OPERATIONS.includes(operation.operationId),
    );
    if (wanted.length > 0) kept[path] = withoutProse({ parameters, ...Object.fromEntries(wanted) });
  }
  return kept;
}

/** Without what no schema needs: descriptions (a property of that name is no string, and stays) and authorisation. */
function withoutProse(value) {
  return JSON.parse(JSON.stringify(value), (key, inner) => {
    const isProse = key === "description" && typeof inner === "string";
    return isProse || key === "security" ? undefined : inner;
  });
}

function referencesIn(value) {
  return [...JSON.stringify(value).matchAll(/"\$ref":"([^"]+)"/g)].map(([, pointer]) => pointer);
}
