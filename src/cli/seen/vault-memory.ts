/**
 * Notices that an older state of a vault was put back (THREAT-MODEL.md, "Going back in time").
 *
 * 1. Each place has a history of its own: two copies of a vault may go different ways.
 * 2. A place that is new here must not be behind any other place of the same vault: else renaming a vault would be a
 *    way around. Once accepted, it is a copy with a history of its own.
 * 3. A commit that repeats the state of the one before counts as it: in a file, either header may be lost.
 * 4. What was seen is only forgotten when an older state is accepted, however many processes take note.
 * 5. A vault key that was replaced never comes back: who had it might have gone on from an older state, to more commits
 *    than were seen.
 * 6. A machine that cannot remember says so and goes on.
 *
 * @module
 */
import { RollbackError } from "../../core/base/errors.ts";
import type { VaultPlace } from "../config/vault-place.ts";
import { type CliContext, warn } from "../context.ts";
import { reasonOf } from "../report-error.ts";
import type { SeenCommit } from "./seen-commit.ts";
import { readSeen, type SeenPlaces, seenFile, writeSeen } from "./seen-file.ts";

/** What this machine remembers of the vault at a place. */
export class VaultMemory {
  readonly #context: CliContext;
  readonly #place: string;
  readonly #path: string;
  #hasWarned = false;

  constructor(context: CliContext, place: VaultPlace, vaultId: Uint8Array) {
    this.#context = context;
    this.#place = nameOf(place);
    this.#path = seenFile(context.env, vaultId);
  }

  /** A commit seen of the vault that a recovered one is behind, if there is one. */
  missing({ generation, toc }: Pick<SeenCommit, "generation" | "toc">): SeenCommit | undefined {
    const seen = this.#newest()?.commit;
    return seen !== undefined && seen.generation > generation && seen.toc !== toc
      ? seen
      : undefined;
  }

  /** @throws RollbackError VAULT_ROLLED_BACK for a commit that is older than one that was seen, or another in its place */
  check(commit: SeenCommit): void {
    const newest = this.#newest();
    if (newest === undefined) return;
    const { place, commit: seen } = newest;
    if (seen.replaced.includes(commit.vaultKey)) throw this.#keyIsReplaced(commit, newest);
    if (follows(commit, seen)) return;
    const found =
      commit.generation < seen.generation
        ? `commit ${commit.generation} (${commit.time})`
        : `another commit ${commit.generation} (${commit.time})`;
    const message =
      place === this.#place
        ? `${place} is at ${found}, and this machine has seen commit ${seen.generation} (${seen.time}) there: a backup was restored, the newest commit is damaged, or somebody put an older state back; --allow-rollback goes on from it`
        : `${this.#place} is at ${found}, and this machine has seen commit ${seen.generation} (${seen.time}) of the same vault in ${place}: it is an older copy or backup; --allow-rollback opens it, and takes it for a copy of its own from then on`;
    throw new RollbackError(message, commit.generation, seen.generation);
  }

  /** Takes a commit for the newest, whatever was seen. @returns whether it is older than what was seen */
  accept(commit: SeenCommit): boolean {
    const newest = this.#newest();
    const isOlder = newest !== undefined && !isNext(commit, newest.commit);
    this.#change((before) => (before === undefined || isOlder ? commit : undefined));
    return isOlder;
  }

  /** Takes note of a commit, unless a newer one was seen. */
  note(commit: SeenCommit): void {
    this.#change((before) => {
      if (before === undefined) return commit;
      return before.generation < commit.generation ? withKeysOf(before, commit) : undefined;
    });
  }

  #change(next: (before: SeenCommit | undefined) => SeenCommit | undefined): void {
    try {
      const places = readSeen(this.#path);
      const commit = next(places[this.#place]);
      if (commit !== undefined) writeSeen(this.#path, { ...places, [this.#place]: commit });
    } catch (error) {
      this.#warn(error);
    }
  }

  #keyIsReplaced(commit: SeenCommit, { place, commit: seen }: SeenAt): RollbackError {
    const { generation, time } = commit;
    const message = `${this.#place} is at commit ${generation} (${time}) under a vault key that was replaced, as this machine has seen in ${place}: a backup was restored, or somebody whose key was removed put an older state back and went on from it; --allow-rollback goes on from it`;
    return new RollbackError(message, generation, seen.generation);
  }

  #newest(): SeenAt | undefined {
    const places = this.#read();
    const own = places[this.#place];
    if (own !== undefined) return { place: this.#place, commit: own };
    const others = Object.entries(places).map(([place, commit]) => ({ place, commit }));
    return others.sort((a, b) => b.commit.generation - a.commit.generation)[0];
  }

  #read(): SeenPlaces {
    try {
      return readSeen(this.#path);
    } catch (error) {
      this.#warn(error);
      return {};
    }
  }

  #warn(error: unknown): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    const problem = `${this.#path}: ${reasonOf(error)}`;
    warn(
      this.#context,
      `cannot remember the newest commit, so an older one is not noticed: ${problem}`,
    );
  }
}

/** What was seen, and where. */
interface SeenAt {
  readonly place: string;
  readonly commit: SeenCommit;
}

/** A commit with what is known of vault keys from the one before. */
function withKeysOf(before: SeenCommit, commit: SeenCommit): SeenCommit {
  const isReplaced = before.vaultKey !== "" && before.vaultKey !== commit.vaultKey;
  const replaced = [...before.replaced, ...(isReplaced ? [before.vaultKey] : [])];
  return { ...commit, replaced: [...new Set([...replaced, ...commit.replaced])] };
}

function isNext(commit: SeenCommit, seen: SeenCommit): boolean {
  return follows(commit, seen) && !seen.replaced.includes(commit.vaultKey);
}

/**
 * Whether a commit may come after one that was seen, or is the same. Pages of copies that went different ways may stand in
 * the same places, so of the same number only the very same commit counts, by its time.
 */
function follows(commit: SeenCommit, seen: SeenCommit): boolean {
  if (commit.generation === seen.generation) return commit.time === seen.time;
  const isRepeated = commit.toc === seen.toc && commit.keys === seen.keys;
  return commit.generation > seen.generation || isRepeated;
}

/** A place that stays the same when data channels are added. */
function nameOf(place: VaultPlace): string {
  return place.kind === "discord" ? `discord:${place.config.headerChannel}` : place.key;
}
