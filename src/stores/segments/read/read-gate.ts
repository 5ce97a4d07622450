/**
 * Turns for requests: so many at once, those somebody waits for first.
 *
 * @module
 */

/** Whether somebody waits for an answer, or it is only likely to be wanted. */
export type Urgency = "wanted" | "ahead";

/** A request that waits for its turn. */
interface Waiting {
  readonly start: () => void;
  urgency: Urgency;
}

/** A turn that was asked for. */
export interface Turn {
  /** Resolves when the request may begin; call the answer when it has ended. Rejects when it was given up. */
  readonly granted: Promise<() => void>;
  /** Moves it before those nobody waits for. */
  hurry(): void;
  /** Gives it up, if it has not begun. */
  cancel(): void;
}

export class ReadGate {
  readonly #slots: () => number;
  #waiting: Waiting[] = [];
  #running = 0;

  /** @param slots - requests that may run at once, as known now */
  constructor(slots: () => number) {
    this.#slots = slots;
  }

  /** Whether a request would have to wait. */
  get isFull(): boolean {
    return this.#running >= Math.max(1, this.#slots());
  }

  ask(urgency: Urgency): Turn {
    let start: () => void = () => {};
    let giveUp: () => void = () => {};
    const granted = new Promise<() => void>((resolve, reject) => {
      giveUp = () => reject(new DOMException("nobody waits for it", "AbortError"));
      start = () => {
        this.#running += 1;
        resolve(() => {
          this.#running -= 1;
          this.#grant();
        });
      };
    });
    const waiting: Waiting = { start, urgency };
    this.#waiting.push(waiting);
    this.#grant();
    return {
      granted,
      hurry: () => {
        waiting.urgency = "wanted";
      },
      cancel: () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
        giveUp();
      },
    };
  }

  #grant(): void {
    while (!this.isFull && this.#waiting.length > 0) {
      const wanted = this.#waiting.findIndex((waiting) => waiting.urgency === "wanted");
      const [next] = this.#waiting.splice(Math.max(0, wanted), 1);
      next?.start();
    }
  }
}
