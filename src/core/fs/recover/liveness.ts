/**
 * Which pages the recovered commit needed, as far as its space map tells.
 *
 * @module
 */
import { PageError } from "../../base/errors.ts";
import type { CommitRoot } from "../../format/commit-root.ts";
import { BITS_PER_PAGE, decodeSpacePage, isUsed } from "../../format/space-map.ts";
import type { Inspection } from "../../vault/inspection.ts";

/** What is known about a page. */
export type PageLife = "live" | "dead" | "unknown";

export class Liveness {
  readonly #bits: readonly (Uint8Array | undefined)[];
  readonly #hasSnapshots: boolean;

  private constructor(bits: readonly (Uint8Array | undefined)[], hasSnapshots: boolean) {
    this.#bits = bits;
    this.#hasSnapshots = hasSnapshots;
  }

  /** @throws StoreError */
  static async load(inspection: Inspection, root: CommitRoot | undefined): Promise<Liveness> {
    const pages = await inspection.read("space", root?.spaceMap ?? []);
    const bits = pages.map((page) =>
      page instanceof PageError ? undefined : decodeSpacePage(page.payload),
    );
    return new Liveness(bits, (root?.snapshots.length ?? 0) > 0);
  }

  /** Whether every page is known to be needed or not. */
  get isKnown(): boolean {
    return (
      this.#bits.length > 0 && this.#bits.every((bits) => bits !== undefined) && !this.#hasSnapshots
    );
  }

  /** @param number - of a page */
  of(number: number): PageLife {
    const bits = this.#bits[Math.floor(number / BITS_PER_PAGE)];
    if (bits === undefined) return "unknown";
    if (!isUsed(bits, number % BITS_PER_PAGE)) return "dead";
    // A page in use may be a snapshot's, and superseded in the newest state.
    return this.#hasSnapshots ? "unknown" : "live";
  }

  /** Numbers of the pages in use. */
  *used(): Generator<number> {
    for (const [page, bits] of this.#bits.entries()) {
      if (bits === undefined) continue;
      for (let bit = 0; bit < BITS_PER_PAGE; bit++) {
        if (isUsed(bits, bit)) yield page * BITS_PER_PAGE + bit;
      }
    }
  }
}
