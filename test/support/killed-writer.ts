/**
 * A process that writes rounds to a vault until it is killed, and says what has become safe.
 *
 * Started with a {@link WriterPlace} as JSON. Says `committed N` when `publish` has returned for round N, `flushed N`
 * when it is remote.
 *
 * @module
 */
import { writeSync } from "node:fs";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { DirectoryObjectStore } from "../../src/stores/objects/directory-object-store.ts";
import type { DiscordConfig } from "../../src/stores/objects/discord/discord-config.ts";
import { DiscordObjectStore } from "../../src/stores/objects/discord/discord-object-store.ts";
import { serviceOf } from "../../src/stores/objects/discord/discord-service.ts";
import { BotToken } from "../../src/stores/objects/discord/rest/bot-token.ts";
import { DEFAULT_SETTINGS } from "../../src/stores/objects/discord/settings.ts";
import { systemTiming } from "../../src/stores/objects/discord/steady-timing.ts";
import type { ObjectStore } from "../../src/stores/objects/object-store.ts";
import { openSegmentStore } from "../../src/stores/segments/open-segment-store.ts";
import type { SegmentStore } from "../../src/stores/segments/segment-store.ts";
import { readRound, writeRound } from "./segment-vault.ts";
import { createTestVault, openTestVault } from "./test-vault.ts";

/** Where a writer's objects and its local database are. */
export interface WriterPlace {
  readonly objects:
    | { readonly kind: "directory"; readonly path: string }
    | {
        readonly kind: "discord";
        readonly api: string;
        readonly token: string;
        readonly config: DiscordConfig;
      };
  readonly database: string;
}

async function openObjects({ objects }: WriterPlace): Promise<ObjectStore> {
  const basics = { random: nodePlatform.random, timing: systemTiming };
  if (objects.kind === "directory") return DirectoryObjectStore.create(objects.path, basics);
  return new DiscordObjectStore({
    ...basics,
    service: serviceOf({ DVAULT_DISCORD_API: objects.api }),
    token: BotToken.parse(objects.token),
    settings: DEFAULT_SETTINGS,
    config: objects.config,
    webhookAddresses: [],
  });
}

/** Opens the store of a place; publication goes on nearly all the time. */
export async function openPlace(
  place: WriterPlace,
  options: { readonly intent?: "open" | "create"; readonly readOnly?: boolean } = {},
): Promise<SegmentStore> {
  return openSegmentStore(
    {
      objects: await openObjects(place),
      database: place.database,
      timing: systemTiming,
      random: nodePlatform.random,
      host: { name: "desk", pid: process.pid },
      publishBytes: 64 * 1024,
      readOnly: options.readOnly ?? false,
    },
    options.intent,
  );
}

async function writeUntilKilled(place: WriterPlace): Promise<never> {
  const store = await openPlace(place);
  const vault = await openTestVault(store);
  for (let round = (await readRound(vault)) + 1; ; round++) {
    await writeRound(vault, round);
    writeSync(1, `committed ${round}\n`);
    if (round % 3 === 0) {
      await store.flush();
      writeSync(1, `flushed ${round}\n`);
    }
    if (round % 7 === 0) await store.gc({ targetLiveShare: 0.9 });
  }
}

/** Makes the vault of a place, in round 0. */
export async function makeRounds(place: WriterPlace): Promise<void> {
  const vault = await createTestVault(await openPlace(place, { intent: "create" }));
  await writeRound(vault, 0);
  await vault.close();
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  await writeUntilKilled(JSON.parse(argv[2] ?? "") as WriterPlace);
}
