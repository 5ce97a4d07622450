import { join } from "node:path";
import t, { type Test } from "tap";
import { decodeRecord, encodeRecord } from "../../../src/stores/objects/discord/content-codec.ts";
import type { LogRecord } from "../../../src/stores/objects/object-store.ts";
import {
  decodeCommitRecord,
  encodeCommitRecord,
} from "../../../src/stores/segments/format/commit-record.ts";
import { encodeLeaseRecord } from "../../../src/stores/segments/format/lease-record.ts";
import { findFrames } from "../../../src/stores/segments/search/find-frames.ts";
import { addBot, addWebhook } from "../../emulator/founding.ts";
import { DiscordClient } from "../../support/discord-client.ts";
import { discordPlace } from "../../support/discord-vault-place.ts";
import { SegmentPlace } from "../../support/segment-place.ts";
import { createRounds, openRounds, readRound, writeRound } from "../../support/segment-vault.ts";
import { openTestVault } from "../../support/test-vault.ts";

const directory = t.testdir();
let made = 0;

function newPlace(): SegmentPlace {
  return new SegmentPlace(join(directory, `${++made}`));
}

/** A vault in round 2, each round a commit, closed. */
async function threeCommits(machine: string): Promise<SegmentPlace> {
  const place = newPlace();
  const { vault, store } = await createRounds(place, machine);
  await store.flush();
  for (const round of [1, 2]) {
    await writeRound(vault, round);
    await store.flush();
  }
  await vault.close();
  return place;
}

function newestCommit({ contents }: SegmentPlace): LogRecord {
  const newest = contents.records.filter(({ kind }) => kind === "commit").at(-1);
  if (newest === undefined) throw new Error("there is no commit");
  return newest;
}

const DAMAGE = {
  lost: (_: Uint8Array) => undefined,
  cut: (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 1),
  flipped: (bytes: Uint8Array) =>
    bytes.map((byte, at) => (at === bytes.length - 9 ? byte ^ 1 : byte)),
};

/** Damages what is attached to the newest commit. */
function damageNewest(place: SegmentPlace, kind: keyof typeof DAMAGE): void {
  for (const { id } of newestCommit(place).attachments) {
    const kept = place.contents.objects.get(id);
    const bytes = kept && DAMAGE[kind](kept.bytes);
    if (kept === undefined || bytes === undefined) place.contents.objects.delete(id);
    else place.contents.objects.set(id, { ...kept, bytes });
  }
}

for (const kind of ["lost", "cut", "flipped"] as const) {
  t.test(
    `what is attached to the newest commit is ${kind}: an older one can be gone on from`,
    async (t) => {
      const place = await threeCommits("desk");
      damageNewest(place, kind);
      await t.rejects(place.open("lap"), {
        code: "VAULT_DAMAGED",
        message: /commit \d+ of memory, by desk .* cannot be read .*--older-commit/,
      });
      const reader = await openRounds(place, "reader", { readOnly: true });
      t.equal(await readRound(reader.vault), 1);
      t.match(reader.store.warnings, [/cannot be read/]);
      const behind = reader.store.end;
      await reader.vault.close();
      const { vault, store } = await openRounds(place, "lap", { onDamage: "older" });
      t.equal(await readRound(vault), 1);
      t.match(store.warnings, [/cannot be read/]);
      t.ok(store.end > behind + 1_000_000, "addresses of the damaged commit are not used again");
      for (const round of [2, 3]) await writeRound(vault, round);
      await store.flush();
      await vault.close();
      const fresh = await openRounds(place, "new");
      t.equal(await readRound(fresh.vault), 3);
      t.same(fresh.store.warnings, []);
      await fresh.vault.close();
    },
  );
}

t.test("a machine that knows the newest commit does not need what is attached to it", async (t) => {
  const place = await threeCommits("desk");
  damageNewest(place, "lost");
  const { vault, store } = await openRounds(place, "desk");
  t.equal(await readRound(vault), 2);
  await writeRound(vault, 3);
  await store.flush();
  await vault.close();
});

t.test("a commit of one's own that arrived damaged is published again, whole", async (t) => {
  const place = newPlace();
  const objects = place.objects();
  const { vault, store } = await createRounds(place, "desk", { objects });
  await store.flush();
  await writeRound(vault, 1);
  objects.fate = ({ method }) => (method === "append" ? "after" : "pass");
  const controller = new AbortController();
  await t.rejects(store.flush(() => controller.abort(), controller.signal));
  place.kill("desk", "desk.copy");
  damageNewest(place, "flipped");
  const copy = await openRounds(place, "desk.copy");
  t.equal(await readRound(copy.vault), 1);
  await copy.store.flush();
  await copy.vault.close();
  const fresh = await openRounds(place, "new");
  t.equal(await readRound(fresh.vault), 1);
  t.same(fresh.store.warnings, []);
  await fresh.vault.close();
  await vault.abandon();
});

t.test("after a cleaning any one of the two newest commits may be lost", async (t) => {
  const place = newPlace();
  place.limits = { objectBytes: 70_000, recordBytes: 70_000 };
  const { vault, store } = await createRounds(place, "desk");
  for (let round = 1; round < 8; round++) {
    await writeRound(vault, round);
    await store.flush();
  }
  await store.gc({ targetLiveShare: 0.9, orphanMs: 0, keepCommits: 2 });
  await vault.close();
  damageNewest(place, "lost");
  const reader = await openRounds(place, "reader", { readOnly: true });
  t.equal(await readRound(reader.vault), 7);
  t.equal(reader.store.warnings.length, 1);
  await reader.vault.close();
});

/** Classes of the pages that are attached to a record. */
function classesIn({ contents }: SegmentPlace, { attachments }: LogRecord): string[] {
  return attachments.flatMap(({ id }) => {
    const frames = [...findFrames(contents.objects.get(id)?.bytes ?? new Uint8Array(0))];
    return frames.map(({ header }) => header.pageClass);
  });
}

t.test("every record brings the key directory and the commit root, a cleaning's too", async (t) => {
  const place = newPlace();
  place.limits = { objectBytes: 70_000, recordBytes: 70_000 };
  const { vault, store } = await createRounds(place, "desk");
  const commits = (): LogRecord[] => place.contents.records.filter(({ kind }) => kind === "commit");
  await store.flush();
  t.ok(commits().length > 1, "a new vault is not in one message");
  for (let round = 1; round < 8; round++) {
    await writeRound(vault, round);
    await store.flush();
  }
  await vault.close();
  // A machine without the key, which opens no vault, and has none of its pages.
  const cleaner = await place.open("lap");
  await cleaner.gc({ targetLiveShare: 0.9, orphanMs: 0, keepCommits: 2 });
  await cleaner.close();
  for (const record of commits()) {
    const classes = classesIn(place, record);
    t.ok(classes.includes("key-directory"), `key directory with ${record.position}`);
    t.ok(classes.includes("root"), `commit root with ${record.position}`);
  }
});

t.test("a machine's own cache is no proof when a store is checked", async (t) => {
  const place = await threeCommits("desk");
  for (const { id } of newestCommit(place).attachments) {
    const kept = place.contents.objects.get(id);
    if (kept !== undefined) place.contents.objects.set(id, { ...kept, bytes: kept.bytes.fill(0) });
  }
  const cached = await openRounds(place, "desk", { readOnly: true });
  t.equal(await readRound(cached.vault), 2);
  await cached.vault.close();
  const store = await place.open("desk", { readOnly: true, readsCache: false });
  const checked = await openTestVault(store);
  t.match(checked.warnings, [/commit \d+ does not open/]);
  await checked.close();
});

t.test("a vault that is open is not put on top of what another writer published", async (t) => {
  const place = newPlace();
  const { vault, store } = await createRounds(place, "desk");
  await store.flush();
  const other = await openRounds(place, "lap", { takeOver: true });
  for (const round of [1, 2]) await writeRound(other.vault, round);
  await other.store.flush();
  await other.vault.close();
  place.timing.advance(3_600_000);
  await t.rejects(store.gc(), { code: /COMMIT_CONFLICT|STORE_BUSY/ });
  await t.rejects(store.gc(), { code: "COMMIT_CONFLICT", message: /open it again/ });
  await writeRound(vault, 1);
  await t.rejects(store.flush(), { code: "COMMIT_CONFLICT" });
  await vault.abandon();
  const fresh = await openRounds(place, "new", { takeOver: true });
  t.equal(await readRound(fresh.vault), 2);
  await fresh.vault.close();
});

/** The header message with a publication and a generation far above, as another would post it. */
function forge(content: string): string {
  const record = decodeRecord(content);
  if (record === undefined) throw new Error("no record");
  const commit = decodeCommitRecord(record.body);
  const header = commit.header.slice();
  header.fill(0xff, 60, 68);
  const claim = { ...commit.claim, token: "9".repeat(commit.claim.token.length) };
  const body = encodeCommitRecord({ ...commit, claim, header, publication: 1_000_000 });
  return encodeRecord({ ...record, body });
}

/** Everything another member and a webhook can do in the header channel. */
async function forgeAll(t: Test, place: Awaited<ReturnType<typeof discordPlace>>): Promise<void> {
  const { emulator, guild, channel, config } = place;
  const { discord } = emulator;
  const member = addBot(discord, guild, { username: "mallory", readsContent: true });
  const webhook = addWebhook(discord, channel, member);
  const client = new DiscordClient(emulator.apiUrl, member.token);
  const messages = await client.get(`/channels/${config.headerChannel}/messages?limit=100`);
  const commit = messages.json.find(({ content }: { content: string }) =>
    content.startsWith("dv1c"),
  );
  const { claim } = decodeCommitRecord(decodeRecord(commit.content)?.body ?? new Uint8Array());
  const takeOver = encodeLeaseRecord({
    action: "take over",
    claim: { ...claim, token: "", host: "mallory" },
  });
  const contents = [
    commit.content,
    forge(commit.content),
    encodeRecord({ kind: "lease", nonce: new Uint8Array(16), body: takeOver }),
    "dv9c:AAAA",
    "dv1c:AAAA",
    "good morning",
  ];
  const file = { name: "0.bin", bytes: new Uint8Array(1000) };
  for (const content of contents) {
    for (const path of [
      `/channels/${channel.id}/messages`,
      `/webhooks/${webhook.id}/${webhook.token}?wait=true`,
    ]) {
      const { status } = await client.post(path, { content }, file);
      t.equal(status, 200, content.slice(0, 5));
    }
  }
}

t.test("what others post in the header channel neither wins nor gets in the way", async (t) => {
  const discord = await discordPlace(t, { settings: { limitsRates: false } });
  const place = newPlace();
  const { vault, store } = await createRounds(place, "desk", { objects: discord.open() });
  await store.flush();
  await forgeAll(t, discord);
  await writeRound(vault, 1);
  await store.flush();
  await forgeAll(t, discord);
  t.equal(store.status().lease.kind, "held");
  const reader = await openRounds(place, "lap", { objects: discord.open(), readOnly: true });
  t.equal(await readRound(reader.vault), 1);
  t.same(reader.store.warnings, []);
  await reader.vault.close();
  await writeRound(vault, 2);
  await store.flush();
  await store.gc({ orphanMs: 0 });
  await vault.close();
  const next = await openRounds(place, "new", { objects: discord.open() });
  t.equal(await readRound(next.vault), 2);
  await next.vault.close();
});
