/**
 * A vault on a segment store of which every call can go wrong: those to its files, to SQLite and to the objects.
 *
 * @module
 */
import { copyFileSync, writeFileSync } from "node:fs";
import SqliteDatabase from "better-sqlite3";
import type { OpenFile } from "../../../src/stores/file/host-file.ts";
import type { SegmentStoreOptions } from "../../../src/stores/segments/segment-options.ts";
import type { SegmentStore } from "../../../src/stores/segments/segment-store.ts";
import { SegmentPlace } from "../../support/segment-place.ts";
import { newFileSystem } from "../../support/test-file-system.ts";
import { createTestVault, openTestVault } from "../../support/test-vault.ts";
import type { Faults } from "./faults.ts";
import { openFaulty } from "./faulty-file.ts";
import type { Session } from "./file-vault.ts";
import type { LocalFiles } from "./local-power-cuts.ts";
import { type Operation, perform } from "./operations.ts";
import { expectWhole, portraitOf } from "./survey.ts";
import type { TrialPlace } from "./trial.ts";

/** Objects this small make many of them. */
const LIMITS = { objectBytes: 300_000, recordBytes: 300_000 };

/** Time that passes when a publication waits to be tried again, ms. */
const PATIENCE_MS = 2000;

const MACHINE = "here";

/** What a local database is when it is closed. */
const CLOSED_FILES = ["", "-pages"];

/** Makes a vault with some content, all of it published, and closes it. */
export async function segmentVault(
  directory: string,
  content: readonly Operation[],
): Promise<SegmentPlace> {
  const place = new SegmentPlace(directory);
  place.limits = LIMITS;
  const store = await place.open(MACHINE, {}, "create");
  const vault = await createTestVault(store);
  const fs = await newFileSystem(vault);
  for (const operation of content) await perform(fs, operation);
  await vault.commit();
  await store.flush();
  await vault.close();
  return place;
}

/** See the head of this file. */
export class SegmentTrialPlace implements TrialPlace {
  readonly faults: Faults;
  readonly #place: SegmentPlace;
  #store: SegmentStore | undefined;
  /** Opens the local files; by default those whose calls can go wrong. */
  openFile: OpenFile;
  now = 0;

  /** @param template - copied into the directory, which is made */
  constructor(template: SegmentPlace, directory: string, faults: Faults) {
    this.faults = faults;
    this.#place = copyOf(template, directory);
    for (const suffix of CLOSED_FILES) {
      copyFileSync(template.database(MACHINE) + suffix, this.#place.database(MACHINE) + suffix);
    }
    this.openFile = openFaulty(faults);
  }

  /** File of the local database. */
  get database(): string {
    return this.#place.database(MACHINE);
  }

  async open(): Promise<Session> {
    this.now += 1;
    const objects = this.#place.objects();
    const { faults } = this;
    objects.fate = ({ method }) => fateOf(faults, method);
    const store = await this.#place.open(MACHINE, { objects, openFile: this.openFile });
    this.#store = store;
    return sessionOf(store);
  }

  /** Publishes, and cleans up behind it. */
  async flush(): Promise<void> {
    const store = this.#store;
    if (store === undefined) throw new Error("no store is open");
    this.now += 1;
    const controller = new AbortController();
    let isDone = false;
    const working = store.flush(undefined, controller.signal).finally(() => {
      isDone = true;
    });
    working.catch(() => undefined);
    while (!isDone) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.faults.isDead) controller.abort();
      if (store.status().problem !== undefined) this.#place.timing.advance(PATIENCE_MS);
    }
    await working;
    await store.gc({ targetLiveShare: 0.9, orphanMs: 0, keepCommits: 2 });
  }

  /** What this machine holds after a crash of the process. Opens it, checks it, and goes on to publish it. */
  async surveyLocal(): Promise<string> {
    const copy = `${MACHINE}.copy`;
    this.#place.kill(MACHINE, copy);
    return surveyAt(this.#place, copy, {});
  }

  /** What another machine finds that knows nothing. */
  surveyRemote(): Promise<string> {
    return surveyAt(this.#place, "elsewhere", { takeOver: true, readOnly: true });
  }

  /**
   * Keeps what a power cut would leave now, to look at it later.
   * @param directory - for the files; made when it is not there
   * @returns looks at it: opens it, checks it, and goes on to publish it
   */
  keep(files: LocalFiles, directory: string): () => Promise<string> {
    const place = copyOf(this.#place, directory);
    for (const [suffix, content] of files) {
      writeFileSync(place.database(MACHINE) + suffix, content);
    }
    return () => {
      nextBoot(place.database(MACHINE));
      return surveyAt(place, MACHINE, {});
    };
  }
}

/** A place with the same objects, and nothing on any machine. */
function copyOf(place: SegmentPlace, directory: string): SegmentPlace {
  const copy = new SegmentPlace(directory);
  copy.limits = place.limits;
  const { objects, records, nonces, made } = place.contents;
  for (const [id, object] of objects) copy.contents.objects.set(id, object);
  for (const [nonce, record] of nonces) copy.contents.nonces.set(nonce, record);
  copy.contents.records.push(...records);
  copy.contents.made = made;
  return copy;
}

/** Lets a database know that the machine was started anew. */
function nextBoot(database: string): void {
  const sql = new SqliteDatabase(database);
  sql.prepare("UPDATE state SET boot = 'another'").run();
  sql.close();
}

async function surveyAt(
  place: SegmentPlace,
  machine: string,
  options: Partial<SegmentStoreOptions>,
): Promise<string> {
  const store = await place.open(machine, options);
  const { vault, fs } = await sessionOf(store);
  try {
    const found = await portraitOf(fs);
    if (!vault.readOnly) {
      await fs.reclaimOrphans();
      await vault.commit();
      await store.flush();
    }
    await expectWhole(vault);
    return found;
  } finally {
    await vault.abandon();
  }
}

async function sessionOf(store: SegmentStore): Promise<Session> {
  try {
    const vault = await openTestVault(store);
    return { vault, fs: await newFileSystem(vault) };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** What becomes of a call to objects; one that is cut short loses its answer. */
export function fateOf(faults: Faults, method: string): "pass" | "before" | "after" {
  try {
    return faults.ask(`${method} of objects`) === "part" ? "after" : "pass";
  } catch {
    return "before";
  }
}
