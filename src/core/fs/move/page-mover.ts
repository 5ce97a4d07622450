/**
 * Gives pages of the TOC and of what it points to fresh places, in the order of the TOC's keys, while calls go on.
 *
 * Each step is a transaction like any call's: what changed in between is seen, and an interruption leaves some pages moved
 * and the others where they were. Commits come as often as to bound what a pass adds to the store before it frees.
 *
 * @module
 */
import { getU48, getU64 } from "../../base/bytes.ts";
import { PageError } from "../../base/errors.ts";
import type { PagePointer } from "../../format/address.ts";
import { KEY_PREFIX, KeyKind } from "../../tree/key.ts";
import type { Vault } from "../../vault/vault.ts";
import { decodeExtent, pageOfRun } from "../extent.ts";
import { xattrPage } from "../xattr-record.ts";
import { type IsWanted, type Move, runMove } from "./move.ts";
import { type BlockSpan, moveBlocks } from "./move-blocks.ts";
import { movePack } from "./move-pack.ts";
import { moveXattr } from "./move-xattr.ts";

/** Blocks moved in one transaction. */
const SPAN_BLOCKS = 16;

/** Records looked at in one transaction. */
const RECORDS = 256;

/** Pages moved between two commits: 64 MiB. */
const PAGES_PER_COMMIT = 1024;

/** Behind every key. */
const END: Uint8Array = new Uint8Array(KEY_PREFIX).fill(0xff);

/** How pages are moved. */
export interface MoveOptions {
  readonly isWanted: IsWanted;
  /** Ends the pass early, with everything that was done kept. */
  readonly signal?: AbortSignal | undefined;
  /** Lets others have their turn; awaited now and then. */
  readonly breathe?: (() => Promise<void>) | undefined;
  /** Called after each commit: where there is room to be waited for. */
  readonly onCommit?: (() => Promise<void>) | undefined;
  readonly onMoved?: ((pages: number) => void) | undefined;
}

/** Something that has pages to be moved. */
type Task =
  | ({ readonly kind: "blocks" } & BlockSpan)
  | { readonly kind: "pack"; readonly pointer: PagePointer }
  | { readonly kind: "xattr"; readonly ino: number; readonly name: Uint8Array };

export class PageMover {
  readonly #vault: Vault;
  readonly #options: MoveOptions;
  /** Pages that do not open. */
  readonly #lost = new Set<number>();
  readonly #isWanted: IsWanted;
  #moved = 0;
  #uncommitted = 0;

  constructor(vault: Vault, options: MoveOptions) {
    this.#vault = vault;
    this.#options = options;
    this.#isWanted = (pointer) => !this.#lost.has(pointer.address) && options.isWanted(pointer);
  }

  /** Pages that could not be read, and stay where they are. */
  get lost(): number {
    return this.#lost.size;
  }

  /**
   * Makes one pass over the whole TOC.
   * @throws PageError when a node of the TOC does not open; StoreError, CommitError; the signal's reason
   */
  async run(): Promise<void> {
    let from: Uint8Array | undefined = new Uint8Array(0);
    while (from !== undefined) {
      const path = await this.#vault.nodes.pathTo(from);
      if (path === undefined) break;
      await this.#moveRecords(from, path.to ?? END);
      await this.#renewNodes(from);
      await this.#settle();
      from = path.to;
    }
    await this.#commit();
  }

  async #moveRecords(start: Uint8Array, to: Uint8Array): Promise<void> {
    let from: Uint8Array | undefined = start;
    while (from !== undefined) {
      const found: Found = await this.#find(from, to);
      for (const task of found.tasks) await this.#perform(task);
      from = found.next;
    }
  }

  /** Looks for pages that are wanted. */
  async #find(from: Uint8Array, to: Uint8Array): Promise<Found> {
    return this.#vault.transact((transaction) => {
      const tasks: Task[] = [];
      let next: Uint8Array | undefined;
      let left = RECORDS;
      transaction.scan(from, to, (key, value) => {
        if (left === 0) next = key.slice();
        else {
          left -= 1;
          const task = taskOf(key, value, this.#isWanted);
          if (task !== undefined) tasks.push(task);
        }
        return next === undefined;
      });
      return { tasks, next };
    });
  }

  async #perform(task: Task): Promise<void> {
    switch (task.kind) {
      case "blocks":
        return this.#moveSpan(task);
      case "pack":
        return this.#move((move) =>
          this.#isWanted(task.pointer) ? movePack(move, task.pointer) : 0,
        );
      case "xattr":
        return this.#move((move) => moveXattr(move, task, this.#isWanted));
    }
  }

  async #moveSpan({ ino, first, end }: BlockSpan): Promise<void> {
    const prefetch = (pages: readonly PagePointer[]): void => this.#vault.prefetch("data", pages);
    for (let block = first; block < end; block += SPAN_BLOCKS) {
      const span = { ino, first: block, end: Math.min(end, block + SPAN_BLOCKS) };
      await this.#move((move) => moveBlocks(move, span, this.#isWanted, prefetch));
    }
  }

  /** Runs a move, again without the pages that turn out not to open. */
  async #move(body: (move: Move) => number): Promise<void> {
    for (;;) {
      try {
        this.#count(await runMove(this.#vault, body));
        break;
      } catch (error) {
        if (!(error instanceof PageError) || this.#lost.has(error.address)) throw error;
        this.#lost.add(error.address);
      }
    }
    await this.#settle();
  }

  /** Renews the nodes on the way to a key, from the lowest that is wanted up. */
  async #renewNodes(key: Uint8Array): Promise<void> {
    const path = await this.#vault.nodes.pathTo(key);
    const wanted = path?.nodes.filter(({ pointer }) => this.#isWanted(pointer)) ?? [];
    const lowest = wanted[wanted.length - 1];
    if (lowest === undefined) return;
    await this.#vault.nodes.renew(key, lowest.level);
    this.#count(wanted.length);
  }

  #count(pages: number): void {
    this.#moved += pages;
    this.#uncommitted += pages;
    if (pages > 0) this.#options.onMoved?.(this.#moved);
  }

  async #settle(): Promise<void> {
    const { signal, breathe } = this.#options;
    await this.#vault.throttle();
    await breathe?.();
    signal?.throwIfAborted();
    if (this.#uncommitted >= PAGES_PER_COMMIT) await this.#commit();
  }

  async #commit(): Promise<void> {
    if (this.#uncommitted === 0) return;
    this.#uncommitted = 0;
    await this.#vault.commit();
    await this.#options.onCommit?.();
  }
}

/** What a look at records found, and where to look on. */
interface Found {
  readonly tasks: readonly Task[];
  readonly next: Uint8Array | undefined;
}

function taskOf(key: Uint8Array, value: Uint8Array, isWanted: IsWanted): Task | undefined {
  const ino = getU64(key, 0);
  if (key[8] === KeyKind.xattr) {
    const page = xattrPage(value);
    if (page === undefined || !isWanted(page)) return undefined;
    return { kind: "xattr", ino, name: key.slice(KEY_PREFIX) };
  }
  if (key[8] !== KeyKind.extent) return undefined;
  const extent = decodeExtent(getU48(key, KEY_PREFIX), value);
  if (extent.kind === "piece") {
    const { address, generation } = extent;
    return isWanted(extent) ? { kind: "pack", pointer: { address, generation } } : undefined;
  }
  if (extent.kind !== "run") return undefined;
  const { block, count } = extent;
  for (let n = 0; n < count; n++) {
    if (isWanted(pageOfRun(extent, block + n))) {
      return { kind: "blocks", ino, first: block + n, end: block + count };
    }
  }
  return undefined;
}
