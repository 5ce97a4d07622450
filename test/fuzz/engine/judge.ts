/**
 * Runs inputs and judges them by what they cost.
 *
 * @module
 */
import { getHeapStatistics } from "node:v8";
import { isPending } from "../../../src/core/base/maybe-promise.ts";
import { type FuzzTarget, ROOM } from "./target.ts";

/** Wall time up to which nothing is looked at more closely, ms. */
const QUICK_MS = 0.2;

/**
 * Looks at an input that seems dear. The least time counts, since others work meanwhile, and the middle of what it seems to
 * take of memory, since the garbage collector does.
 */
const LOOKS = 4;

const BYTES_PER_BYTE = 64;

const MS_MAX = 400;

/** What an input took. */
export interface Cost {
  readonly ms: number;
  readonly bytes: number;
}

/** What inputs took at most. */
export class Judge {
  readonly #target: FuzzTarget;
  #worstMs = 0;
  #worstBytes = 0;
  #peakBytes = 0;

  constructor(target: FuzzTarget) {
    this.#target = target;
  }

  /** Time of the slowest input, ms. */
  get worstMs(): number {
    return this.#worstMs;
  }

  /** Bytes that one input took at most. */
  get worstBytes(): number {
    return this.#worstBytes;
  }

  /** Bytes in use at most, behind an input. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  /** Runs an input. @throws what it throws; Error when it took too much */
  async run(input: Uint8Array): Promise<void> {
    const bytesBefore = bytesInUse();
    const before = performance.now();
    const pending = this.#target.run(input.slice());
    if (isPending(pending)) await pending;
    const ms = performance.now() - before;
    const bytesAfter = bytesInUse();
    if (bytesAfter > this.#peakBytes) this.#peakBytes = bytesAfter;
    const bytes = bytesAfter - bytesBefore;
    const isDear = ms > Math.max(this.#worstMs, QUICK_MS) || bytes > this.#worstBytes;
    if (isDear) this.#note(input, await this.#look(input, { ms, bytes }));
  }

  async #look(input: Uint8Array, first: Cost): Promise<Cost> {
    let { ms } = first;
    const bytes = [first.bytes];
    for (let look = 0; look < LOOKS; look++) {
      const bytesBefore = bytesInUse();
      const before = process.cpuUsage();
      await this.#target.run(input.slice());
      const { user, system } = process.cpuUsage(before);
      ms = Math.min(ms, (user + system) / 1000);
      bytes.push(bytesInUse() - bytesBefore);
    }
    return { ms, bytes: bytes.sort((a, b) => a - b)[LOOKS / 2] as number };
  }

  #note(input: Uint8Array, { ms, bytes }: Cost): void {
    this.#worstMs = Math.max(this.#worstMs, ms);
    this.#worstBytes = Math.max(this.#worstBytes, bytes);
    const { bytesPerByte = BYTES_PER_BYTE, msMax = MS_MAX } = this.#target;
    const bound = ROOM + bytesPerByte * input.length;
    if (ms > msMax) throw new Error(`${input.length} bytes took ${Math.round(ms)} ms`);
    if (bytes > bound) throw new Error(`${input.length} bytes took ${bytes} bytes of memory`);
  }
}

function bytesInUse(): number {
  const { used_heap_size: heap, external_memory: outside } = getHeapStatistics();
  return heap + outside;
}
