/**
 * What is to be done so that paths are as a snapshot has them: the two trees are walked side by side, and what is the same
 * stays as it is. Nothing is changed here.
 *
 * @module
 */
import { compareBytes, toText } from "../../../base/bytes.ts";
import { FsError } from "../../../base/errors.ts";
import type { TransactionalVault } from "../../../vault/transaction.ts";
import { type Dentry, findDentry } from "../../dentry.ts";
import { type NamePlace, S_IFDIR } from "../../file-system.ts";
import { joinPath, ROOT_PATH, shownPath } from "../../path-bytes.ts";
import { listEntries, type NamedEntry } from "./list-entries.ts";
import type { PathNames, SelectedName, Selection } from "./selection.ts";
import { hasSameAttributes, isSameInode, readInode } from "./stored-inode.ts";

/** One thing to be done. `path` is where it shows, absolute. */
export type RestoreStep =
  | {
      readonly kind: "put";
      readonly path: Uint8Array;
      readonly at: NamePlace;
      /** What the snapshot has there. */
      readonly source: number;
      readonly below: Selection;
      /** What stands there now. */
      readonly replaces: number | undefined;
    }
  | {
      readonly kind: "remove";
      readonly path: Uint8Array;
      readonly at: NamePlace;
      readonly replaces: number;
    }
  | {
      readonly kind: "attributes";
      readonly path: Uint8Array;
      readonly ino: number;
      readonly source: number;
      /** Whether they are different now; else the other steps change the directory's times. */
      readonly isChange: boolean;
    };

/** The two states. */
export interface TwoStates {
  readonly source: TransactionalVault;
  readonly live: TransactionalVault;
}

/** How far a plan goes. */
export interface PlanChoice {
  /** Whether directories that are there get the attributes they had. */
  readonly force: boolean;
  /** Whether names that the snapshot does not have are removed. */
  readonly delete: boolean;
}

/** A directory in both states. */
interface Pair {
  readonly source: number;
  readonly live: number;
  /** Without the slash at the end: empty for the root. */
  readonly path: Uint8Array;
}

/** A name in both states. */
interface Meeting {
  readonly path: Uint8Array;
  readonly at: NamePlace;
  readonly source: Dentry;
  readonly live: Dentry | undefined;
}

export class RestorePlanner {
  readonly #states: TwoStates;
  readonly #choice: PlanChoice;
  readonly steps: RestoreStep[] = [];
  /** Files of the vault that are as the snapshot has them under several names, by their number there. */
  readonly same: Map<number, Dentry> = new Map();

  constructor(states: TwoStates, choice: PlanChoice) {
    this.#states = states;
    this.#choice = choice;
  }

  /**
   * Plans for a part of a directory.
   * @throws FsError ENOENT for a name that the snapshot does not have, ENOTDIR; PageError
   */
  async directory(pair: Pair, selection: Selection): Promise<void> {
    if (selection !== "all") {
      for (const { name, below } of selection) await this.#selected(pair, name, below);
      return;
    }
    const first = this.steps.length;
    await this.#wholeDirectory(pair);
    if (!this.#choice.force) return;
    const isTouched = this.steps
      .slice(first)
      .some((step) => step.kind !== "attributes" && step.at.parent === pair.live);
    await this.#attributes(pair, isTouched);
  }

  async #selected(pair: Pair, name: Uint8Array, below: Selection): Promise<void> {
    const path = joinPath(pair.path, name);
    const source = await this.#findThen(pair.source, name, path);
    const live = await find(this.#states.live, pair.live, name);
    await this.entry({ path, at: { parent: pair.live, name }, source, live }, below);
  }

  async #attributes(pair: Pair, isTouched: boolean): Promise<void> {
    const { source, live } = this.#states;
    const [old, now] = [await readInode(source, pair.source), await readInode(live, pair.live)];
    const isChange = !hasSameAttributes(old, now);
    if (!isChange && !isTouched) return;
    const path = shownPath(pair.path);
    this.steps.push({ kind: "attributes", path, ino: pair.live, source: pair.source, isChange });
  }

  async #wholeDirectory(pair: Pair): Promise<void> {
    const { source, live } = this.#states;
    for await (const [old, now] of meetings(source, live, pair)) {
      const { name } = (old ?? now) as NamedEntry;
      const path = joinPath(pair.path, name);
      const at = { parent: pair.live, name };
      if (old !== undefined) await this.entry({ path, at, source: old, live: now }, "all");
      else if (now !== undefined && this.#choice.delete) {
        this.steps.push({ kind: "remove", path, at, replaces: now.ino });
      }
    }
  }

  /** Plans for one name. @throws FsError ENOENT, ENOTDIR; PageError */
  async entry({ path, at, source, live }: Meeting, below: Selection): Promise<void> {
    if (below !== "all") requireDirectory(source, path);
    if (source.type === S_IFDIR && live?.type === S_IFDIR) {
      await this.directory({ source: source.ino, live: live.ino, path }, below);
    } else if (live === undefined || !(await this.#isSame(source, live))) {
      if (below !== "all") await this.#require(source.ino, path, below);
      const replaces = live?.ino;
      this.steps.push({ kind: "put", path, at, source: source.ino, below, replaces });
    }
  }

  /** Looks whether the snapshot has all that is meant below one of its directories. */
  async #require(
    directory: number,
    path: Uint8Array,
    selection: readonly SelectedName[],
  ): Promise<void> {
    for (const { name, below } of selection) {
      const inside = joinPath(path, name);
      const found = await this.#findThen(directory, name, inside);
      if (below === "all") continue;
      requireDirectory(found, inside);
      await this.#require(found.ino, inside, below);
    }
  }

  async #findThen(directory: number, name: Uint8Array, path: Uint8Array): Promise<Dentry> {
    const found = await find(this.#states.source, directory, name);
    if (found === undefined) throw new FsError("ENOENT", `the snapshot has no ${toText(path)}`);
    return found;
  }

  async #isSame(before: Dentry, after: Dentry): Promise<boolean> {
    if (before.type !== after.type) return false;
    const { source, live } = this.#states;
    if (!(await isSameInode(source, before.ino, live, after.ino))) return false;
    const { record } = await readInode(source, before.ino);
    if (record.nlink > 1 && !this.same.has(before.ino)) this.same.set(before.ino, after);
    return true;
  }
}

/** @throws FsError ENOTDIR */
function requireDirectory({ type }: Dentry, path: Uint8Array): void {
  if (type === S_IFDIR) return;
  throw new FsError("ENOTDIR", `the snapshot has a file at ${toText(path)}`);
}

/** The entries of a directory in both states, those of one name together, in the order of their names. */
async function* meetings(
  source: TransactionalVault,
  live: TransactionalVault,
  pair: Pair,
): AsyncGenerator<readonly [NamedEntry | undefined, NamedEntry | undefined]> {
  const olds = listEntries(source, pair.source);
  const nows = listEntries(live, pair.live);
  let [old, now] = [(await olds.next()).value, (await nows.next()).value];
  while (old !== undefined || now !== undefined) {
    const order = orderOf(old, now);
    yield [order <= 0 ? old : undefined, order >= 0 ? now : undefined];
    if (order <= 0) old = (await olds.next()).value;
    if (order >= 0) now = (await nows.next()).value;
  }
}

/** As `compareBytes` of their names; what is not there comes last. */
function orderOf(old: NamedEntry | undefined, now: NamedEntry | undefined): number {
  if (old === undefined) return 1;
  return now === undefined ? -1 : compareBytes(old.name, now.name);
}

/** Where a name leads. @throws PageError, FormatError */
export async function find(
  vault: TransactionalVault,
  directory: number,
  name: Uint8Array,
): Promise<Dentry | undefined> {
  return vault.transact((transaction) => findDentry(transaction, directory, name));
}

/**
 * Where a path leads in a state.
 * @throws FsError ENOENT, ENOTDIR
 */
export async function findAt(
  vault: TransactionalVault,
  path: PathNames,
  root: Dentry,
): Promise<Dentry> {
  let at = root;
  for (const [depth, name] of path.entries()) {
    const here = toText(joinPath(ROOT_PATH, ...path.slice(0, depth + 1)));
    if (at.type !== S_IFDIR) throw new FsError("ENOTDIR", `${here} stands below no directory`);
    const next = await find(vault, at.ino, name);
    if (next === undefined) throw new FsError("ENOENT", `there is no ${here}`);
    at = next;
  }
  return at;
}
