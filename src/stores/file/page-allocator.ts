/**
 * Which pages of a vault file are free, and which to hand out next.
 *
 * One bit a page below the end, set when free. Long requests look for long runs first and rather grow the file than
 * scatter; short ones fill gaps. The search goes on where the last one ended, so that it visits each word once
 * a lap.
 *
 * @module
 */
import type { PageRun } from "../../core/pages/page-store.ts";

/** Requests of at least so many pages rather grow the file than take shorter runs. */
const LONG_RUN = 16;

/** Words of 32 pages looked at for one request before the file is grown instead. */
const SEARCH_WORDS = 4096;

export class PageAllocator {
  #free = new Uint32Array(64);
  #end = 0;
  #freeCount = 0;
  #cursor = 0;
  /** Whether the lowest free pages are handed out, whatever that costs. */
  #isTight = false;

  /** One past the highest page in use. */
  get end(): number {
    return this.#end;
  }

  /** Free pages below the end. */
  get freeCount(): number {
    return this.#freeCount;
  }

  /** Begins with known free runs below `end`. */
  seed(end: number, free: readonly PageRun[]): void {
    this.#grow(end);
    for (const run of free) {
      for (let page = run.start; page < run.start + run.count; page++) this.release(page);
    }
  }

  #grow(end: number): void {
    const words = Math.ceil(end / 32);
    if (words > this.#free.length) {
      const larger = new Uint32Array(Math.max(words, this.#free.length * 2));
      larger.set(this.#free);
      this.#free = larger;
    }
    this.#end = Math.max(this.#end, end);
  }

  #isFree(page: number): boolean {
    return (((this.#free[page >>> 5] as number) >>> (page & 31)) & 1) === 1;
  }

  /** Hands out the lowest free pages from now on, and grows only when there are none. */
  packTight(): void {
    this.#isTight = true;
    this.#cursor = 0;
  }

  /** Takes a page back; one that is free already, or past the end, stays so. */
  release(page: number): void {
    if (page >= this.#end || this.#isFree(page)) return;
    if (this.#isTight) this.#cursor = Math.min(this.#cursor, page);
    this.#free[page >>> 5] = (this.#free[page >>> 5] as number) | (1 << (page & 31));
    this.#freeCount += 1;
  }

  /** Hands out `count` pages, consecutive where possible. */
  allocate(count: number): number[] {
    const pages: number[] = [];
    const shortest = count >= LONG_RUN && !this.#isTight ? LONG_RUN : 1;
    const longest = this.#isTight ? Number.POSITIVE_INFINITY : SEARCH_WORDS;
    let searched = 0;
    while (pages.length < count && this.#freeCount > 0 && searched < longest) {
      const run = this.#nextRun(count - pages.length, shortest, longest - searched);
      searched += run.words;
      if (run.count === 0) break;
      for (let page = run.start; page < run.start + run.count; page++) pages.push(this.#take(page));
    }
    while (pages.length < count) {
      pages.push(this.#end);
      this.#grow(this.#end + 1);
    }
    return pages;
  }

  #take(page: number): number {
    this.#free[page >>> 5] = (this.#free[page >>> 5] as number) & ~(1 << (page & 31));
    this.#freeCount -= 1;
    this.#cursor = page + 1;
    return page;
  }

  /** The next free run of at least `shortest` pages, at most `longest` of it; count 0 when none was met. */
  #nextRun(longest: number, shortest: number, words: number): PageRun & { readonly words: number } {
    let page = this.#cursor < this.#end ? this.#cursor : 0;
    let visited = 0;
    let left = this.#end;
    while (left > 0 && visited < words) {
      const count = this.#freeFrom(page, longest);
      if (count >= Math.min(shortest, longest)) return { start: page, count, words: visited };
      const step = count > 0 ? count : this.#usedFrom(page);
      visited += 1 + (step >>> 5);
      left -= step;
      page = page + step >= this.#end ? 0 : page + step;
    }
    return { start: 0, count: 0, words: visited };
  }

  /** Free pages from one on, counted up to `longest`. */
  #freeFrom(start: number, longest: number): number {
    let count = 0;
    while (count < longest && start + count < this.#end && this.#isFree(start + count)) count++;
    return count;
  }

  /** Pages in use from one on, counted to the end of its word. */
  #usedFrom(start: number): number {
    if ((start & 31) === 0 && this.#free[start >>> 5] === 0) return 32;
    let count = 1;
    while (((start + count) & 31) !== 0 && !this.#isFree(start + count)) count++;
    return count;
  }

  /** Gives up free pages at the end. @returns the new end */
  trim(): number {
    while (this.#end > 0 && this.#isFree(this.#end - 1)) {
      this.#take(this.#end - 1);
      this.#end -= 1;
    }
    this.#cursor = 0;
    return this.#end;
  }
}
