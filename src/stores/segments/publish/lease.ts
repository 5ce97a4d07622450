/**
 * The right to write, by records in the header log (see format/log-view.ts for the rules).
 *
 * A claim is posted first and the log read afterwards: whatever happened meanwhile, message order tells who has it, and
 * one more reading tells the state of the vault as well. Commits are signs of life; while there are none, a timer
 * posts renewals.
 *
 * A lease whose holder ran on this very machine, since it was last started, and does not run any more is taken over at
 * once: nothing but its late messages can come of it, and these do not count.
 *
 * @module
 */
import { StoreError } from "../../../core/base/errors.ts";
import type { NewRecord, ObjectStore } from "../../objects/object-store.ts";
import { type Claim, isOnMachine, sameWriter } from "../format/claim.ts";
import { encodeLeaseRecord, type LeaseAction } from "../format/lease-record.ts";
import type { AcceptedCommit, Holder, LogView } from "../format/log-view.ts";
import type { SegmentSettings } from "../segment-options.ts";
import { isRunning, machineId } from "../this-machine.ts";
import { readLog } from "./read-log.ts";

const NONCE_SIZE = 16;

/** Renewals within the time a lease holds. */
const RENEWALS = 3;

/** How things stand: not asked for yet, held, or another's. */
export type LeaseState =
  | { readonly kind: "none" }
  | { readonly kind: "held"; readonly sinceMs: number }
  | { readonly kind: "lost"; readonly to: string };

/** Random bytes for a record. */
export function newNonce({ random }: Pick<SegmentSettings, "random">): Uint8Array {
  const nonce = new Uint8Array(NONCE_SIZE);
  random.fill(nonce);
  return nonce;
}

export class Lease {
  readonly #settings: SegmentSettings;
  readonly #writer: string;
  readonly #sinceMs: number;
  readonly #machine: string;
  #token = "";
  #lost: Holder | undefined;
  #cancelTimer: (() => void) | undefined;
  /** Called when it is time to renew. */
  onDue: () => void = () => {};

  /** @param writer - names the local database */
  constructor(settings: SegmentSettings, writer: string) {
    this.#settings = settings;
    this.#writer = writer;
    this.#sinceMs = Math.floor(settings.timing.wall());
    this.#machine = settings.host.machine ?? machineId();
  }

  get state(): LeaseState {
    if (this.#lost !== undefined) return { kind: "lost", to: describe(this.#lost) };
    return this.#token === "" ? { kind: "none" } : { kind: "held", sinceMs: this.#sinceMs };
  }

  get isHeld(): boolean {
    return this.#token !== "" && this.#lost === undefined;
  }

  /** What records of ours say of us. */
  get claim(): Claim {
    const { host, leaseMs } = this.#settings;
    return {
      writer: this.#writer,
      token: this.#token,
      leaseMs,
      machine: this.#machine,
      pid: host.pid,
      sinceMs: this.#sinceMs,
      host: host.name,
    };
  }

  /** Whether a commit was written with this local database on this machine. */
  isOwn({ commit }: AcceptedCommit): boolean {
    return sameWriter(commit.claim, this.claim);
  }

  /**
   * Gets the lease.
   * @returns the log as it is with it
   * @throws StoreError STORE_BUSY when another writer holds it, naming it
   */
  async acquire(signal?: AbortSignal): Promise<LogView> {
    const { objects, takeOver } = this.#settings;
    this.#token = "";
    const wasLost = this.#lost;
    this.#lost = undefined;
    const isFirst = wasLost === undefined;
    let asked = await this.#ask(takeOver && isFirst ? "take over" : "hold", signal);
    if (!asked.isGranted && this.#hasEnded(asked.view.holder)) {
      asked = await this.#ask("take over", signal);
    }
    const { isGranted, position, view } = asked;
    if (!isGranted) {
      if (wasLost !== undefined) this.#lost = view.holder ?? wasLost;
      throw busy(objects, view.holder);
    }
    this.#token = position;
    this.signOfLife();
    return view;
  }

  /** Posts a claim, and sees what became of it; one that was refused goes again. */
  async #ask(
    action: LeaseAction,
    signal: AbortSignal | undefined,
  ): Promise<{ isGranted: boolean; position: string; view: LogView }> {
    const { objects } = this.#settings;
    const position = await this.#post(action, signal);
    const view = await readLog(objects, signal);
    const isGranted = view.holder?.token === position;
    if (!isGranted) await objects.deleteRecords([position], callOptions(signal)).catch(() => {});
    return { isGranted, position, view };
  }

  /** Whether a holder of the lease is known not to run any more. */
  #hasEnded(holder: Holder | undefined): boolean {
    if (holder === undefined) return false;
    return isOnMachine(holder.claim, this.#machine) && !isRunning(holder.claim.pid);
  }

  /**
   * Says that we are still here.
   * @throws StoreError STORE_BUSY when the lease was lost meanwhile
   */
  async renew(signal?: AbortSignal): Promise<void> {
    const { objects } = this.#settings;
    await this.#post("hold", signal);
    const view = await readLog(objects, signal);
    this.confirm(view);
    this.signOfLife();
    await objects.deleteRecords(view.idleLeases, callOptions(signal)).catch(() => {});
  }

  /** @throws StoreError STORE_BUSY when the log says that another has the lease; from then on it counts as lost */
  confirm(view: LogView): void {
    if (view.holder === undefined || view.holder.token === this.#token) return;
    this.#lost = view.holder;
    this.#cancelTimer?.();
    throw busy(this.#settings.objects, view.holder);
  }

  /** Takes note of a record of ours: the next renewal is due a while after it. */
  signOfLife(): void {
    const { timing, leaseMs } = this.#settings;
    this.#cancelTimer?.();
    this.#cancelTimer = timing.after(leaseMs / RENEWALS, () => this.onDue());
  }

  /** Gives the lease back, if it is ours. */
  async release(signal?: AbortSignal): Promise<void> {
    this.#cancelTimer?.();
    if (!this.isHeld) return;
    const { objects } = this.#settings;
    await this.#post("release", signal);
    this.#token = "";
    const { idleLeases } = await readLog(objects, signal);
    await objects.deleteRecords(idleLeases, callOptions(signal));
  }

  /** Stops the timer. */
  stop(): void {
    this.#cancelTimer?.();
  }

  async #post(action: LeaseAction, signal: AbortSignal | undefined): Promise<string> {
    const record: NewRecord = {
      kind: "lease",
      body: encodeLeaseRecord({ action, claim: this.claim }),
      attachments: [],
      nonce: newNonce(this.#settings),
    };
    return (await this.#settings.objects.append(record, callOptions(signal))).position;
  }
}

/** Options for calls that end with a signal. */
export function callOptions(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

function describe({ claim, expiresMs }: Holder): string {
  const since = new Date(claim.sinceMs).toISOString();
  const until = new Date(expiresMs).toISOString();
  return `${claim.host} (process ${claim.pid}, since ${since}; its lease ends ${until})`;
}

function busy(objects: ObjectStore, holder: Holder | undefined): StoreError {
  const who = holder === undefined ? "another writer" : describe(holder);
  const message = `${objects.name} is open for writing by ${who}; unmount it there, wait, or use --take-over`;
  return new StoreError("STORE_BUSY", message);
}
