/**
 * The work behind a change of the vault key: every page of before is written anew, under the key of now.
 *
 *     survey   how much there is
 *     pass     pages of generations up to that of the change get fresh places, while calls go on
 *     survey   that nothing of before is left in the state of a commit, so neither in any later one
 *     done     neither the TOC nor the log needs an older key; when no snapshot does either, the older key is gone
 *
 * An interruption at any point is made good by running it again.
 *
 * @module
 */
import type { Snapshot } from "../../format/commit-root.ts";
import type { Vault } from "../../vault/vault.ts";
import type { IsWanted } from "./move.ts";
import { type MoveOptions, PageMover } from "./page-mover.ts";
import { type Survey, surveyPages } from "./survey-pages.ts";

/** Passes after which it is given up for now: a second one finds only what was copied about during the first. */
const PASSES_MAX = 8;

/** How far the renewing is. */
export interface RenewProgress {
  readonly movedPages: number;
  readonly totalPages: number;
}

/** How pages are renewed. */
export interface RenewOptions extends Pick<MoveOptions, "signal" | "breathe" | "onCommit"> {
  readonly onProgress?: (progress: RenewProgress) => void;
}

/** How it ended. */
export interface RenewReport {
  /** Whether no page of the current state needs an older key. */
  readonly isDone: boolean;
  readonly movedPages: number;
  /** Pages in use that do not open; they keep the older key from being forgotten. */
  readonly lostPages: number;
  /** Snapshots that need an older key. */
  readonly heldBy: readonly Snapshot[];
}

/** Snapshots that need a vault key of before, once the TOC does not. */
export function snapshotsUnderOlderKeys({
  keys,
  snapshots,
}: Pick<Vault, "keys" | "snapshots">): readonly Snapshot[] {
  const done = Math.max(0, ...keys.older.map(({ doneAt }) => doneAt));
  return snapshots.list().filter(({ generation }) => generation < done);
}

/**
 * Writes every page of before anew. With no older key there is nothing to do.
 * @throws PageError when a node of the TOC does not open; StoreError, CommitError; the signal's reason
 */
export async function renewPages(vault: Vault, options: RenewOptions): Promise<RenewReport> {
  const { keys } = vault;
  const isNeeded = keys.older.some(({ doneAt }) => doneAt === 0);
  const work = isNeeded ? await new Renewal(vault, options).run() : NOTHING;
  await keys.dropOlder();
  const { movedPages, lostPages } = work;
  const heldBy = snapshotsUnderOlderKeys(vault);
  return { isDone: lostPages === 0, movedPages, lostPages, heldBy };
}

/** What a renewal did. */
type Renewed = Pick<RenewReport, "movedPages" | "lostPages">;

const NOTHING: Renewed = { movedPages: 0, lostPages: 0 };

class Renewal {
  readonly #vault: Vault;
  readonly #options: RenewOptions;
  readonly #isWanted: IsWanted;
  #moved = 0;

  constructor(vault: Vault, options: RenewOptions) {
    this.#vault = vault;
    this.#options = options;
    const last = Math.max(...vault.keys.older.map(({ lastGeneration }) => lastGeneration));
    this.#isWanted = ({ generation }) => generation <= last;
  }

  async run(): Promise<Renewed> {
    let lostPages = 0;
    for (let pass = 0; pass < PASSES_MAX; pass++) {
      const survey = await this.#survey();
      lostPages = leftIn(survey);
      if (lostPages === 0) break;
      const { pages } = survey;
      const mover = this.#pass(pages);
      await mover.run();
      if (mover.lost >= pages) break;
    }
    return { movedPages: this.#moved, lostPages };
  }

  /** Surveys; when nothing of before is left, that is noted. */
  #survey(): Promise<Survey> {
    return surveyPages(this.#vault, {
      isWanted: this.#isWanted,
      signal: this.#options.signal,
      conclude: async (survey) => {
        if (leftIn(survey) === 0) await this.#vault.keys.finishReplacing(survey.generation);
      },
    });
  }

  #pass(pages: number): PageMover {
    const { signal, breathe, onCommit, onProgress } = this.#options;
    const before = this.#moved;
    const totalPages = before + pages;
    onProgress?.({ movedPages: before, totalPages });
    const onMoved = (moved: number): void => {
      this.#moved = before + moved;
      onProgress?.({ movedPages: Math.min(this.#moved, totalPages), totalPages });
    };
    return new PageMover(this.#vault, {
      isWanted: this.#isWanted,
      signal,
      breathe,
      onCommit,
      onMoved,
    });
  }
}

/** Pages of before that are still there, or may be. */
function leftIn({ pages, damagedNodes }: Survey): number {
  return pages + damagedNodes;
}
