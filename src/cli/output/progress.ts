/**
 * One line on a terminal that says how far a long copy is; nothing where no terminal is.
 *
 * @module
 */
import type { Output } from "../context.ts";
import { humanSize, printable } from "./human.ts";

const REDRAW_MS = 100;
const BAR_WIDTH = 24;

/** Counts what was copied and shows it. */
export interface Progress {
  /** Says how much there is to copy in all, bytes; without it the line has no bar. */
  expect(bytes: number): void;
  /** Begins the next file, under the name to show. */
  enter(name: string): void;
  /** Adds copied bytes. */
  add(bytes: number): void;
  /** Clears the line, so that something else can be printed. */
  clear(): void;
}

/** The progress of nothing anybody watches. */
export const silentProgress: Progress = {
  expect: () => undefined,
  enter: () => undefined,
  add: () => undefined,
  clear: () => undefined,
};

/**
 * Progress on standard error when that is a terminal.
 * @param now - monotonic milliseconds
 */
export function progressOn(output: Output, now: () => number = () => performance.now()): Progress {
  return output.isTTY === true ? new TerminalProgress(output, now) : silentProgress;
}

class TerminalProgress implements Progress {
  readonly #output: Output;
  readonly #now: () => number;
  readonly #startedMs: number;
  #drawnMs = Number.NEGATIVE_INFINITY;
  #expected = 0;
  #bytes = 0;
  #files = 0;
  #name = "";
  #isVisible = false;

  constructor(output: Output, now: () => number) {
    this.#output = output;
    this.#now = now;
    this.#startedMs = now();
  }

  expect(bytes: number): void {
    this.#expected += bytes;
  }

  enter(name: string): void {
    this.#files++;
    this.#name = name;
    this.#draw();
  }

  add(bytes: number): void {
    this.#bytes += bytes;
    this.#draw();
  }

  clear(): void {
    if (this.#isVisible) this.#output.write("\r\x1b[K");
    this.#isVisible = false;
    this.#drawnMs = Number.NEGATIVE_INFINITY;
  }

  #draw(): void {
    const now = this.#now();
    if (now - this.#drawnMs < REDRAW_MS) return;
    this.#drawnMs = now;
    this.#isVisible = true;
    const width = Math.max(20, (this.#output.columns ?? 80) - 1);
    const line = Array.from(this.#line(now - this.#startedMs))
      .slice(0, width)
      .join("");
    this.#output.write(`\r${line}\x1b[K`);
  }

  #line(elapsedMs: number): string {
    const rate = elapsedMs > 0 ? (this.#bytes * 1000) / elapsedMs : 0;
    const figures = `${this.#files} files  ${humanSize(this.#bytes)}  ${humanSize(rate)}/s`;
    return [this.#bar(), figures, this.#remaining(rate), printable(this.#name)]
      .filter(Boolean)
      .join("  ");
  }

  #bar(): string {
    if (this.#expected === 0) return "";
    const share = Math.min(1, this.#bytes / this.#expected);
    const full = Math.floor(share * BAR_WIDTH);
    const percent = String(Math.floor(share * 100)).padStart(3);
    return `${percent}% [${"=".repeat(full)}${" ".repeat(BAR_WIDTH - full)}]`;
  }

  #remaining(rate: number): string {
    if (rate === 0 || this.#expected <= this.#bytes) return "";
    const seconds = Math.round((this.#expected - this.#bytes) / rate);
    if (seconds < 60) return `${seconds} s left`;
    return `${Math.floor(seconds / 60)} min ${seconds % 60} s left`;
  }
}
