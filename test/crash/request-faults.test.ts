/**
 * Every request to Discord that a publication and the cleaning behind it take goes wrong once, in each way; and the
 * process dies at every one of them.
 *
 * @module
 */
import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import type { Vault } from "../../src/core/vault/vault.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { openSegmentStore } from "../../src/stores/segments/open-segment-store.ts";
import type { SegmentStoreOptions } from "../../src/stores/segments/segment-options.ts";
import type { SegmentStore } from "../../src/stores/segments/segment-store.ts";
import type { Fault } from "../emulator/faults/fault.ts";
import { type DiscordPlace, discordPlace } from "../support/discord-vault-place.ts";
import { hostOf } from "../support/segment-place.ts";
import { readRound, writeRound } from "../support/segment-vault.ts";
import { createTestVault, openTestVault } from "../support/test-vault.ts";
import { isLong, SEED } from "./rig/scale.ts";

/** In a short run one of so many requests is struck, others with each seed. */
const stride = isLong ? 1 : 5;

const FAULTS: readonly Fault[] = [
  { kind: "answer", status: 500 },
  { kind: "answer", status: 503, phase: "after" },
  { kind: "reset", phase: "arrival" },
  { kind: "reset", phase: "upload" },
  { kind: "reset", phase: "answer" },
  { kind: "truncate", length: "stated" },
  { kind: "rate-limit", scope: "user", retryAfter: 1 },
];

/** Nothing happens by itself. */
const LONG_MS = 1e9;

/** Cleans whatever there is. */
const CLEANING = { targetLiveShare: 0.9, orphanMs: 0, keepCommits: 2 };

/** A vault at Discord that is opened on one machine, and looked at from others. */
class Desk {
  readonly #place: DiscordPlace;
  readonly #directory: string;
  round = 0;

  constructor(place: DiscordPlace, directory: string) {
    this.#place = place;
    this.#directory = directory;
  }

  database(name: string): string {
    return join(this.#directory, `${name}.db`);
  }

  open(
    name: string,
    options: Partial<SegmentStoreOptions> & { readonly intent?: "create" } = {},
  ): Promise<SegmentStore> {
    const { intent = "open", ...more } = options;
    const store = {
      objects: this.#place.open(),
      database: name === "" ? "" : this.database(name),
      timing: this.#place.timing,
      random: nodePlatform.random,
      host: hostOf("desk"),
      leaseMs: LONG_MS,
      publishMs: LONG_MS,
      ...more,
    };
    return openSegmentStore(store, intent);
  }

  /** A copy of what a machine has, as the death of its process would leave it now. */
  copyLocal(name: string, copy: string): void {
    for (const suffix of ["", "-wal", "-pages"]) {
      const file = this.database(name) + suffix;
      if (existsSync(file)) copyFileSync(file, this.database(copy) + suffix);
    }
  }

  /** The round that a machine finds which has nothing but token and password. */
  async remoteRound(): Promise<number> {
    return this.roundOf(await openTestVault(await this.open("", { readOnly: true })));
  }

  async roundOf(vault: Vault): Promise<number> {
    try {
      return await readRound(vault);
    } finally {
      await vault.abandon();
    }
  }

  /** Writes the next round, locally. */
  async write(vault: Vault): Promise<void> {
    this.round += 1;
    await writeRound(vault, this.round);
  }
}

async function newDesk(t: Test): Promise<{ place: DiscordPlace; desk: Desk }> {
  const place = await discordPlace(t, { settings: { limitsRates: false } });
  const desk = new Desk(place, t.testdir());
  const store = await desk.open("desk", { intent: "create" });
  const vault = await createTestVault(store);
  await writeRound(vault, 0);
  await store.flush();
  await vault.close();
  return { place, desk };
}

t.test("each request of a publication goes wrong once, in each way", async (t) => {
  const { place, desk } = await newDesk(t);
  const { faults } = place.emulator;
  const store = await desk.open("desk");
  const vault = await openTestVault(store);
  let struck = 0;
  for (const fault of FAULTS) {
    for (let skip = SEED % stride; ; skip += stride) {
      const id = faults.add({ fault, skip, times: 1 });
      await desk.write(vault);
      await store.flush();
      // A cleaning may be given up at any point.
      await store.gc(CLEANING).catch(() => t.equal(faults.rules().length, 0, "it was struck"));
      if (faults.rules().length > 0) {
        faults.remove(id);
        break;
      }
      struck += 1;
      t.equal(await desk.remoteRound(), desk.round, `${fault.kind} at request ${skip + 1}`);
    }
  }
  await vault.close();
  t.comment(`${struck} requests struck`);
  t.ok(struck >= FAULTS.length);
});

/** Publishes and cleans as long as requests are answered. @returns what was done to the end */
async function publish(store: SegmentStore): Promise<"nothing" | "flush" | "cleaning"> {
  const death = new AbortController();
  try {
    await store.flush(({ problem }) => problem !== undefined && death.abort(), death.signal);
  } catch (error) {
    if (!death.signal.aborted) throw error;
    return "nothing";
  }
  try {
    await store.gc(CLEANING);
    return "cleaning";
  } catch (error) {
    if ((error as { readonly code?: string }).code !== "STORE_DOWN") throw error;
    return "flush";
  }
}

t.test("the process dies at each request of a publication", async (t) => {
  const { place, desk } = await newDesk(t);
  const { faults } = place.emulator;
  let machine = "desk";
  let deaths = 0;
  for (const phase of ["arrival", "answer"] as const) {
    for (let skip = SEED % stride, done = ""; done !== "cleaning"; skip += stride) {
      const store = await desk.open(machine);
      const vault = await openTestVault(store);
      await desk.write(vault);
      const id = faults.add({ fault: { kind: "reset", phase }, skip });
      done = await publish(store);
      const next = `desk-${phase}-${skip}`;
      desk.copyLocal(machine, next);
      await vault.abandon();
      faults.remove(id);
      machine = next;
      const remote = await desk.remoteRound();
      const isAllowed = remote === desk.round || (done === "nothing" && remote === desk.round - 1);
      t.ok(isAllowed, `remote at ${remote} of ${desk.round} after ${done}`);
      const local = await desk.roundOf(await openTestVault(await desk.open(machine)));
      t.equal(local, desk.round, `local after death at the ${phase} of request ${skip + 1}`);
      deaths += 1;
    }
  }
  t.comment(`${deaths} deaths`);
});
