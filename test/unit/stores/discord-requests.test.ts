/**
 * How many requests it takes: a vault at the emulated Discord, counted there.
 *
 * @module
 */
import { join } from "node:path";
import t, { type Test } from "tap";
import { utf8 } from "../../../src/core/base/bytes.ts";
import { entryOf } from "../../../src/core/fs/entry-of.ts";
import { ROOT_INO, S_IFDIR, S_IFREG } from "../../../src/core/fs/file-system.ts";
import { VaultFileSystem } from "../../../src/core/fs/vault-file-system.ts";
import type { Vault } from "../../../src/core/vault/vault.ts";
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import {
  type OpeningIntent,
  openSegmentStore,
} from "../../../src/stores/segments/open-segment-store.ts";
import type { SegmentStore } from "../../../src/stores/segments/segment-store.ts";
import { type DiscordPlace, discordPlace } from "../../support/discord-vault-place.ts";
import { creation, newFileSystem } from "../../support/test-file-system.ts";
import { createTestVault, openTestVault } from "../../support/test-vault.ts";

const KIB = 1024;
const BIG_BYTES = 20 * KIB * KIB;
const directory = t.testdir();
let made = 0;

interface Machine {
  readonly store: SegmentStore;
  readonly vault: Vault;
  readonly fs: VaultFileSystem;
}

/** A machine that knows nothing of the vault but where it is. */
async function openStore(place: DiscordPlace, intent: OpeningIntent): Promise<SegmentStore> {
  return openSegmentStore(
    {
      objects: place.open(),
      database: join(directory, `${++made}.db`),
      timing: place.timing,
      random: nodePlatform.random,
      host: { name: `machine ${made}`, pid: 1 },
      // Published when it is flushed and not before, so that counts do not depend on time.
      publishBytes: 2 ** 40,
      publishMs: 2 ** 30,
      takeOver: true,
    },
    intent,
  );
}

async function createThere(place: DiscordPlace): Promise<Machine> {
  const store = await openStore(place, "create");
  const vault = await createTestVault(store);
  const fs = await newFileSystem(vault);
  await flush({ store, vault, fs });
  return { store, vault, fs };
}

async function openThere(place: DiscordPlace): Promise<Machine> {
  const store = await openStore(place, "open");
  const vault = await openTestVault(store);
  return { store, vault, fs: new VaultFileSystem(vault, nodePlatform) };
}

async function flush({ vault, store }: Machine): Promise<void> {
  await vault.commit();
  await store.flush();
}

async function makeFile({ fs }: Machine, parent: number, name: string, content: Uint8Array) {
  const { ino } = await fs.mknod(parent, utf8(name), creation(S_IFREG | 0o644), 0);
  await fs.write(ino, 0, content);
}

async function rootNames({ fs }: Machine): Promise<string[]> {
  const root = await fs.opendir(ROOT_INO);
  const entries = await root.read(0, 100, "all");
  return entries.map(({ name }) => Buffer.from(name).toString());
}

/** Requests since the last time. */
function countsOf({ emulator }: DiscordPlace) {
  const { log } = emulator.discord;
  const { apiRequests, cdnRequests, uploads } = log.counters;
  log.reset();
  return { api: apiRequests, cdn: cdnRequests, uploads };
}

const unlimited = (t: Test): Promise<DiscordPlace> =>
  discordPlace(t, { settings: { limitsRates: false } });

t.test("a vault is opened and its root listed with three requests, whatever its age", async (t) => {
  const place = await unlimited(t);
  const writer = await createThere(place);
  const { ino } = await writer.fs.mkdir(ROOT_INO, utf8("work"), creation(S_IFDIR | 0o755));
  await flush(writer);
  // Newer commits leave the root directory and the key directory where they are.
  for (let n = 0; n < 3; n++) {
    await makeFile(writer, ino, `file ${n}`, new Uint8Array(400 * KIB).fill(n + 1));
    await flush(writer);
  }
  await writer.vault.close();
  countsOf(place);
  const reader = await openThere(place);
  t.same(await rootNames(reader), [".", "..", "work"]);
  t.same(countsOf(place), { api: 2, cdn: 1, uploads: 0 });
  await reader.vault.close();
});

t.test("the root is listed as quickly when it stands deep in the tree", async (t) => {
  const place = await unlimited(t);
  const writer = await createThere(place);
  const { ino } = await writer.fs.mkdir(ROOT_INO, utf8("work"), creation(S_IFDIR | 0o755));
  // The back reference of each packed file stands before all inodes: several leaves full of them.
  for (let n = 0; n < 3000; n++) {
    await makeFile(writer, ino, `file ${n}`, new Uint8Array(1100).fill(n));
  }
  await flush(writer);
  await writer.vault.close();
  countsOf(place);
  const reader = await openThere(place);
  t.same(await rootNames(reader), [".", "..", "work"]);
  t.same(countsOf(place), { api: 2, cdn: 1, uploads: 0 });
  await reader.vault.close();
});

t.test("2,000 small files are published in at most ten uploads", async (t) => {
  const place = await unlimited(t);
  const writer = await createThere(place);
  const { ino } = await writer.fs.mkdir(ROOT_INO, utf8("small"), creation(S_IFDIR | 0o755));
  countsOf(place);
  const content = new Uint8Array(4000);
  for (let n = 0; n < 2000; n++) {
    nodePlatform.random.fill(content);
    await makeFile(writer, ino, `file ${n}`, content.slice());
  }
  await flush(writer);
  const { uploads } = countsOf(place);
  t.ok(uploads <= 10, `${uploads} uploads`);
  await writer.vault.close();
});

t.test("64 KiB anywhere in a big file take one request of the CDN", async (t) => {
  const place = await unlimited(t);
  const writer = await createThere(place);
  const content = new Uint8Array(BIG_BYTES);
  nodePlatform.random.fill(content);
  await makeFile(writer, ROOT_INO, "big", content.slice());
  await flush(writer);
  await writer.vault.close();
  const reader = await openThere(place);
  const { ino } = await entryOf(reader.fs, ROOT_INO, utf8("big"));
  // From here on all URLs and the way to all pages are known. No read goes on where another ended.
  await reader.fs.read(ino, 200 * 64 * KIB, KIB);
  for (const megabytes of [2, 7, 11, 16]) {
    const offset = megabytes * KIB * KIB + 64 * KIB;
    countsOf(place);
    const pieces = await reader.fs.read(ino, offset, 64 * KIB);
    t.same(countsOf(place), { api: 0, cdn: 1, uploads: 0 }, `at ${megabytes} MiB`);
    t.ok(Buffer.concat(pieces).equals(content.subarray(offset, offset + 64 * KIB)));
  }
  await reader.vault.close();
});
