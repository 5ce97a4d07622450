/**
 * A vault in a folder of objects that is written, published and cleaned, session after session; each cleaning may be
 * interrupted by any of its calls to the objects, to local files or to SQLite.
 *
 * 1. Whatever a cleaning did and left undone, all that was published is there, for this machine and for one that has
 *    nothing but the folder.
 * 2. A cleaning that comes to its end leaves no object and no record that nothing refers to.
 *
 * @module
 */
import { join } from "node:path";
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import { DirectoryObjectStore } from "../../../src/stores/objects/directory-object-store.ts";
import type {
  CleaningOptions,
  CleaningReport,
} from "../../../src/stores/segments/clean/cleaner.ts";
import type { OpeningIntent } from "../../../src/stores/segments/open-segment-store.ts";
import type { SegmentStoreOptions } from "../../../src/stores/segments/segment-options.ts";
import type { SegmentStore } from "../../../src/stores/segments/segment-store.ts";
import { FaultObjectStore } from "../../support/fault-object-store.ts";
import { SegmentPlace } from "../../support/segment-place.ts";
import { newFileSystem } from "../../support/test-file-system.ts";
import { createTestVault, openTestVault } from "../../support/test-vault.ts";
import { type Blow, Faults } from "./faults.ts";
import { openFaulty } from "./faulty-file.ts";
import type { Session } from "./file-vault.ts";
import { Model } from "./model.ts";
import { type Operation, perform } from "./operations.ts";
import { fateOf } from "./segment-vault.ts";
import { expectWhole, portraitOf } from "./survey.ts";

/** Cleans all that can be cleaned. */
const THOROUGHLY: CleaningOptions = { targetLiveShare: 0.9, orphanMs: 0, keepCommits: 2 };

/** What a session does before it cleans, and what interrupts that. */
export interface CleaningSession {
  readonly work: readonly Operation[];
  /** Which call of the cleaning is struck, from 1; undefined when none is. */
  readonly strike?: { readonly number: number; readonly blow: Blow };
  /** Whether it begins without anything on this machine. */
  readonly isElsewhere?: boolean;
}

/** An open vault and its store. */
interface Opened extends Session {
  readonly store: SegmentStore;
}

/** See the head of this file. */
export class CleanedFolder {
  readonly faults = new Faults();
  readonly #place: SegmentPlace;
  readonly #folder: string;
  #model = Model.of([]);
  #sessions = 0;

  /** @param directory - where the folder is made, and local databases */
  constructor(directory: string) {
    this.#place = new SegmentPlace(join(directory, "local"));
    this.#folder = join(directory, "objects");
  }

  /** The local database of a session; all are of one machine. */
  get #machine(): string {
    return `here.${this.#sessions}`;
  }

  /** Makes the vault, with what operations leave. */
  create(content: readonly Operation[]): Promise<void> {
    return this.faults.aside(async () => {
      const opened = await this.#open(this.#machine, {}, "create");
      await this.#work(opened, content);
      await opened.store.flush();
      await opened.vault.close();
    });
  }

  /**
   * Opens, works, publishes and cleans.
   * @returns whether the cleaning came to its end
   * @throws Error when something is not as it has to be
   */
  async session({ work, strike, isElsewhere = false }: CleaningSession): Promise<boolean> {
    const { faults } = this;
    this.#setClock();
    const opened = await faults.aside(async () => {
      if (isElsewhere) this.#place.forget(this.#machine);
      const opened = await this.#open(this.#machine, { takeOver: isElsewhere });
      await this.#expect(opened);
      await this.#work(opened, work);
      await opened.store.flush();
      return opened;
    });
    if (strike !== undefined) faults.strikeAt(faults.calls.length + strike.number, strike.blow);
    const isDone = await this.#clean(opened.store);
    await faults.aside(() => this.#end(opened));
    faults.revive();
    await faults.aside(() => this.#expectFolder());
    return isDone;
  }

  /** Looks for what is left to clean. */
  leftOver(): Promise<CleaningReport> {
    return this.faults.aside(async () => {
      const { store, vault } = await this.#open("elsewhere", { readOnly: true });
      const report = await store.gc({ ...THOROUGHLY, dryRun: true });
      await vault.abandon();
      return report;
    });
  }

  /** How old an object is tells its file, by the time of the system. */
  #setClock(): void {
    const { timing } = this.#place;
    timing.advance(Date.now() - timing.wall());
  }

  async #clean(store: SegmentStore): Promise<boolean> {
    try {
      await store.gc(THOROUGHLY);
      return true;
    } catch (error) {
      if (this.faults.struck === undefined) throw error;
      return false;
    }
  }

  /** The next session goes on from what the end of the process leaves at this moment. */
  async #end({ vault }: Opened): Promise<void> {
    const machine = this.#machine;
    this.#sessions += 1;
    this.#place.kill(machine, this.#machine);
    await vault.abandon();
    this.#place.forget(machine);
  }

  /** What a machine finds that has nothing. */
  async #expectFolder(): Promise<void> {
    this.#place.forget("elsewhere");
    const opened = await this.#open("elsewhere", { readOnly: true });
    await this.#expect(opened);
    await opened.vault.abandon();
  }

  async #expect({ vault, fs }: Opened): Promise<void> {
    const found = await portraitOf(fs);
    if (found !== this.#model.portrait) throw new Error(`instead of what was published: ${found}`);
    await expectWhole(vault);
  }

  async #work({ vault, fs }: Opened, operations: readonly Operation[]): Promise<void> {
    for (const operation of operations) {
      const after = this.#model.after(operation);
      if (after === undefined) continue;
      await perform(fs, operation);
      this.#model = after;
    }
    await vault.commit();
  }

  async #open(
    machine: string,
    options: Partial<SegmentStoreOptions>,
    intent: OpeningIntent = "open",
  ): Promise<Opened> {
    const { random } = nodePlatform;
    const { timing } = this.#place;
    const folder = await DirectoryObjectStore[intent](this.#folder, { random, timing });
    const objects = new FaultObjectStore(folder);
    objects.fate = ({ method }) => fateOf(this.faults, method);
    const openFile = openFaulty(this.faults);
    const store = await this.#place.open(machine, { objects, openFile, ...options }, intent);
    const opened = intent === "create" ? createTestVault(store) : openTestVault(store);
    const vault = await opened;
    return { store, vault, fs: await newFileSystem(vault) };
  }
}
