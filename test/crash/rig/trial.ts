/**
 * Work on a vault during which one call goes wrong, as `faults.ts` says.
 *
 * 1. A call that fails was done whole or not at all.
 * 2. A commit that failed is made by the next try. When the vault takes no more changes, as it may after a header that
 *    could not be written, it does so again once it was opened anew.
 * 3. Nothing that an `fsync` or a flush that returned has promised is ever lost.
 *
 * @module
 */
import { Chronicle } from "./chronicle.ts";
import type { Faults } from "./faults.ts";
import type { Session } from "./file-vault.ts";
import type { Model } from "./model.ts";
import { type Operation, perform } from "./operations.ts";
import { portraitOf } from "./survey.ts";

/** What is done in a trial: calls, and what only its vault's owner can do. */
export type Step = Operation | { readonly do: "reopen" } | { readonly do: "flush" };

/** A vault that can be opened again and again; its calls can go wrong. */
export interface TrialPlace {
  readonly faults: Faults;
  /** @throws what opening throws; nothing is open then */
  open(): Promise<Session>;
  /** Makes what was committed safe from the loss of the machine. */
  flush(): Promise<void>;
  /** A clock that never goes back: something that happens moves it. */
  readonly now: number;
}

/** See the head of this file. */
export class Trial {
  readonly chronicle: Chronicle;
  readonly #place: TrialPlace;
  #session: Session | undefined;
  /** When the vault was opened anew after the blow. */
  reopenedAt: number | undefined;

  /** @param model - what the vault holds, all of it safe */
  constructor(place: TrialPlace, model: Model) {
    this.#place = place;
    this.chronicle = new Chronicle(model);
  }

  /** Works to the end, or to death, when the vault stays as it is. @throws Error when something is not as it has to be */
  async run(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      await this.#try(step);
      if (this.#isDead) return;
    }
    for (const last of ["fsync", "flush", "reopen"] as const) await this.#try({ do: last });
    await this.end();
  }

  get #isDead(): boolean {
    return this.#place.faults.isDead;
  }

  /** Lets go of the vault; where the process is dead, to be called when it was seen what that left. */
  async end(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    if (session === undefined) return;
    await this.#place.faults.aside(() => session.vault.abandon());
  }

  async #try(step: Step): Promise<void> {
    const session = this.#session ?? (await this.#open());
    if (session === undefined) return;
    try {
      if (step.do === "reopen") await this.#reopen(session);
      else if (step.do === "flush") await this.#flush(session);
      else if (step.do === "fsync") await this.#fsync(session);
      else await this.#perform(session, step);
    } catch (error) {
      this.#expectStruck(error);
      if (this.#isDead) return;
      await this.#goOn(step, error);
    }
  }

  /** An error is right only when a call was struck. */
  #expectStruck(error: unknown): void {
    if (this.#place.faults.struck === undefined) throw error;
  }

  /** Opens the vault, with a second try when the first one was struck. */
  async #open(): Promise<Session | undefined> {
    const isFirst = this.#place.faults.struck === undefined;
    try {
      this.#session = await this.#place.open();
    } catch (error) {
      this.#expectStruck(error);
      if (this.#isDead) return undefined;
      if (!isFirst) throw error;
      return this.#open();
    }
    await this.#settle(this.#session);
    return this.#session;
  }

  /** Goes on from what the vault holds, which must be allowed. */
  async #settle({ fs }: Session): Promise<void> {
    if (this.#place.faults.struck !== undefined) this.reopenedAt ??= this.#place.now;
    const found = await this.#place.faults.aside(() => portraitOf(fs));
    this.chronicle.expect(found, "local");
    this.chronicle.settle(found);
  }

  async #reopen({ vault }: Session): Promise<void> {
    this.#session = undefined;
    const { length } = this.chronicle;
    await vault.close();
    this.chronicle.promise("local", length, this.#place.now);
    await this.#open();
  }

  async #flush(session: Session): Promise<void> {
    const { length } = this.chronicle;
    await this.#fsync(session);
    await this.#place.flush();
    this.chronicle.promise("remote", length, this.#place.now);
  }

  async #fsync({ fs }: Session): Promise<void> {
    const { length } = this.chronicle;
    await perform(fs, { do: "fsync" });
    this.chronicle.promise("local", length, this.#place.now);
  }

  async #perform({ fs }: Session, operation: Operation): Promise<void> {
    const before = this.chronicle.now;
    const after = before.after(operation);
    // A crash may have taken back what this goes on from.
    if (after === undefined) return;
    this.chronicle.begin(after, this.#place.now);
    try {
      await perform(fs, operation);
    } catch (error) {
      this.#expectStruck(error);
      if (this.#isDead) throw error;
      const found = await this.#place.faults.aside(() => portraitOf(fs));
      if (found !== after.portrait) this.chronicle.undo();
      if (found === after.portrait || found === before.portrait) throw error;
      throw new Error(`${JSON.stringify(operation)} was done by half`, { cause: error });
    }
  }

  /** After a step that failed on a living process. */
  async #goOn(step: Step, error: unknown): Promise<void> {
    if (error instanceof Error && /done by half|instead of/.test(error.message)) throw error;
    if (this.#session === undefined) return;
    if ((error as { readonly code?: string }).code === "VAULT_FAILED") return this.end();
    if (step.do === "fsync") await this.#fsync(this.#session);
    if (step.do === "flush") await this.#flush(this.#session);
  }
}
