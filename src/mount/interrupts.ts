/**
 * Requests that are under way, and what happens when the kernel says that their caller was interrupted.
 *
 * The kernel sends INTERRUPT for any signal, once a request, but programs do not expect a file on disk to answer EINTR
 * (stat(2) has no such error, and a Go program is signalled all the time). So a request is given up only when its caller
 * is being killed, which the kernel shows as a pending SIGKILL whatever the signal was, and only when it changes
 * nothing. The caller is looked at again while the request lasts, since a later signal is not announced.
 *
 * @module
 */
import { Opcode } from "./protocol/opcode.ts";

/** How often the caller of an interrupted request is looked at. */
const LOOK_EVERY_MS = 200;

/** A request that waits for its answer. */
export interface PendingRequest {
  readonly unique: bigint;
  readonly opcode: number;
  /** Thread that waits, 0 when none does. */
  readonly pid: number;
}

/** Where a request is answered EINTR, and how a thread is looked at. */
export interface InterruptSettings {
  /** Answers a request EINTR; what it comes to later is dropped. */
  giveUp(request: PendingRequest): void;
  /** Whether a thread is being killed, or gone. */
  isDying(pid: number): Promise<boolean>;
}

/** Requests that change nothing, so that nobody can tell whether they were done. */
const givable: ReadonlySet<number> = new Set([
  Opcode.LOOKUP,
  Opcode.GETATTR,
  Opcode.STATX,
  Opcode.READLINK,
  Opcode.READ,
  Opcode.STATFS,
  Opcode.GETXATTR,
  Opcode.LISTXATTR,
  Opcode.READDIR,
  Opcode.LSEEK,
]);

/** Keeps the requests under way. */
export class PendingRequests {
  readonly #settings: InterruptSettings;
  readonly #pending = new Map<bigint, PendingRequest>();
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(settings: InterruptSettings) {
    this.#settings = settings;
  }

  add(request: PendingRequest): void {
    this.#pending.set(request.unique, request);
  }

  /** @returns false when the request was given up meanwhile */
  settle(request: PendingRequest): boolean {
    return this.#pending.delete(request.unique);
  }

  /** The caller of a request got a signal. Requests that are answered, or that change something, go on. */
  interrupt(unique: bigint): void {
    const request = this.#pending.get(unique);
    if (request !== undefined && request.pid !== 0 && givable.has(request.opcode))
      void this.#look(request);
  }

  /** Gives nothing up any more. */
  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#pending.clear();
  }

  async #look(request: PendingRequest): Promise<void> {
    const isDying = await this.#settings.isDying(request.pid);
    if (this.#pending.get(request.unique) !== request) return;
    if (isDying) {
      this.#pending.delete(request.unique);
      this.#settings.giveUp(request);
      return;
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void this.#look(request);
    }, LOOK_EVERY_MS);
    this.#timers.add(timer.unref());
  }
}
