/**
 * How far publishing or cleaning is: one line on a terminal that is drawn again and again; elsewhere a line for each new
 * reason for waiting, so that nothing waits without saying why.
 *
 * @module
 */
import type { WorkProgress } from "../../mount/control-messages.ts";
import { type CliContext, warn } from "../context.ts";
import { counted, humanSize, printable } from "./human.ts";

/** See the head of this file. */
export class WorkLine {
  readonly #context: Pick<CliContext, "stderr">;
  readonly #now: () => number;
  readonly #startedMs: number;
  #firstBytes: number | undefined;
  #told: string | undefined;
  #isVisible = false;

  /** @param now - monotonic milliseconds */
  constructor(context: Pick<CliContext, "stderr">, now: () => number = () => performance.now()) {
    this.#context = context;
    this.#now = now;
    this.#startedMs = now();
  }

  /** Shows how far it is. */
  tell(progress: WorkProgress): void {
    const { stderr } = this.#context;
    if (stderr.isTTY !== true) {
      this.#tellReason(progress);
      return;
    }
    const width = Math.max(20, (stderr.columns ?? 80) - 1);
    const line = Array.from(printable(this.#line(progress))).slice(0, width);
    stderr.write(`\r${line.join("")}\x1b[K`);
    this.#isVisible = true;
  }

  /** Clears the line, so that something else can be printed. */
  clear(): void {
    if (this.#isVisible) this.#context.stderr.write("\r\x1b[K");
    this.#isVisible = false;
  }

  #tellReason({ stopped, problem }: WorkProgress): void {
    const reason = stopped ?? problem;
    if (reason === undefined || reason === this.#told) return;
    this.#told = reason;
    warn(this.#context, printable(`cannot publish yet: ${reason}; trying again`));
  }

  #line(progress: WorkProgress): string {
    const { limitedMs, stopped, problem } = progress;
    const work = moving(progress) ?? this.#publishing(progress);
    const waited = limitedMs < 1000 ? "" : `waited ${Math.round(limitedMs / 1000)} s for limits`;
    return [work, waited, stopped ?? problem ?? ""].filter(Boolean).join("  ");
  }

  #publishing({ pendingBytes, pendingCommits }: WorkProgress): string {
    this.#firstBytes ??= pendingBytes;
    const elapsedMs = this.#now() - this.#startedMs;
    const sent = Math.max(0, this.#firstBytes - pendingBytes);
    const rate = elapsedMs > 0 ? (sent * 1000) / elapsedMs : 0;
    const commits = counted(pendingCommits, "commit");
    return `publishing  ${humanSize(pendingBytes)} in ${commits} left  ${humanSize(rate)}/s`;
  }
}

/** Work that moves pages. */
function moving({ movedBytes, totalBytes, renewing }: WorkProgress): string | undefined {
  if (renewing !== undefined) {
    return `writing anew  ${renewing.movedPages} of ${counted(renewing.totalPages, "page")}`;
  }
  if (movedBytes === undefined || totalBytes === undefined) return undefined;
  return `cleaning  ${humanSize(movedBytes)} of ${humanSize(totalBytes)} moved`;
}

/** What waits for the next mount, in words. */
export function describeRest(pendingBytes: number, pendingCommits: number): string {
  const commits = counted(pendingCommits, "commit");
  return `${humanSize(pendingBytes)} in ${commits} are on this machine only`;
}
