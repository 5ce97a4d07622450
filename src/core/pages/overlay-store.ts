/**
 * Two stores as one: pages of the lower one, which nobody changes, and new pages in the upper one behind them. So a
 * damaged vault can be worked on without touching it.
 *
 * @module
 */
import type { PageError } from "../base/errors.ts";
import { chain, type MaybePromise } from "../base/maybe-promise.ts";
import { pageNumber } from "../format/address.ts";
import type { PageRun, PageStore, StoredPage, StoreSpace } from "./page-store.ts";

/** What an overlay is made of. */
export interface OverlayParts {
  /** Read only; stays the caller's. */
  readonly lower: PageStore;
  /** Empty; stays the caller's. */
  readonly upper: PageStore;
  /** Number of the first page that stands in the upper store. */
  readonly border: number;
}

type Answers = readonly (Uint8Array | PageError)[];

export class OverlayStore implements PageStore {
  readonly readOnly = false;
  readonly reusesAddresses = false;
  readonly #parts: OverlayParts;
  #header: Uint8Array | undefined;

  constructor(parts: OverlayParts) {
    this.#parts = parts;
    parts.upper.seed(parts.border, []);
  }

  get name(): string {
    return this.#parts.lower.name;
  }

  get end(): number {
    return this.#parts.upper.end;
  }

  readHeaders(): readonly (Uint8Array | undefined)[] {
    return [this.#header];
  }

  publish(header: Uint8Array): void {
    this.#header = header.slice();
  }

  seed(end: number, free: readonly PageRun[]): void {
    this.#parts.upper.seed(end, free);
  }

  allocate(count: number, reserve: number, out: number[]): void {
    this.#parts.upper.allocate(count, reserve, out);
  }

  release(addresses: readonly number[]): void {
    this.#parts.upper.release(addresses);
  }

  read(addresses: readonly number[], room: () => Uint8Array): MaybePromise<Answers> {
    const { lower, upper, border } = this.#parts;
    const isUpper = (address: number): boolean => pageNumber(address) >= border;
    const above = addresses.filter(isUpper);
    if (above.length === 0) return lower.read(addresses, room);
    if (above.length === addresses.length) return upper.read(addresses, room);
    const below = addresses.filter((address) => !isUpper(address));
    return chain(upper.read(above, room), (fromUpper) =>
      chain(lower.read(below, room), (fromLower) => {
        const answers = { upper: fromUpper.values(), lower: fromLower.values() };
        return addresses.map((address) => {
          const answer = answers[isUpper(address) ? "upper" : "lower"].next();
          return answer.value as Uint8Array | PageError;
        });
      }),
    );
  }

  forgetCopies(addresses: readonly number[]): readonly number[] {
    return this.#parts.lower.forgetCopies?.(addresses) ?? [];
  }

  isNear(address: number): boolean {
    const { lower, upper, border } = this.#parts;
    return (pageNumber(address) >= border ? upper : lower).isNear(address);
  }

  write(pages: readonly StoredPage[]): MaybePromise<void> {
    return this.#parts.upper.write(pages);
  }

  space(): StoreSpace {
    return this.#parts.upper.space();
  }

  close(): void {}
}
