/**
 * One line on a terminal that is drawn again and again, a few times a second; nothing where no terminal is.
 *
 * @module
 */
import type { Output } from "../context.ts";
import { printable } from "./human.ts";

const REDRAW_MS = 100;

export class StatusLine {
  readonly #output: Output;
  readonly #now: () => number;
  #drawnMs = Number.NEGATIVE_INFINITY;
  #isVisible = false;

  /** @param now - monotonic milliseconds */
  constructor(output: Output, now: () => number = () => performance.now()) {
    this.#output = output;
    this.#now = now;
  }

  /** Shows a text, unless another was shown just now. */
  show(text: () => string): void {
    const now = this.#now();
    if (this.#output.isTTY !== true || now - this.#drawnMs < REDRAW_MS) return;
    this.#drawnMs = now;
    this.#isVisible = true;
    const width = Math.max(20, (this.#output.columns ?? 80) - 1);
    const line = Array.from(printable(text())).slice(0, width).join("");
    this.#output.write(`\r${line}\x1b[K`);
  }

  /** Clears the line, so that something else can be printed. */
  clear(): void {
    if (this.#isVisible) this.#output.write("\r\x1b[K");
    this.#isVisible = false;
    this.#drawnMs = Number.NEGATIVE_INFINITY;
  }
}
