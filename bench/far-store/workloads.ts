/**
 * What is measured. Every byte that is read is compared with what was written.
 *
 * @module
 */
import { performance } from "node:perf_hooks";
import { checkContent, contentOf } from "./content.ts";
import type { Counters, EmulatedDiscord, Lanes } from "./emulated-discord.ts";
import type { FarVault } from "./far-vault.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** Sizes of what is written and read. */
export interface Sizes {
  readonly bigBytes: number;
  readonly smallFiles: number;
  readonly seeks: number;
}

/** One figure of the table. */
export interface Figure {
  readonly workload: string;
  readonly value: number;
  readonly unit: string;
  /** The value in relation to one part of 8 MiB a post, as often as the headers permit posts. */
  readonly share: number | undefined;
  /** Requests it took. */
  readonly api: number;
  readonly cdn: number;
  readonly uploads: number;
  /** Refusals for asking too often. */
  readonly refused: number;
  /** Of the process that has the vault open. */
  readonly cpuSeconds: number;
  /** Of the same process, since it was started. */
  readonly peakMib: number;
}

const BIG = "big";
const BIG_NUMBER = 0;
const SMALL = "small";
const SMALLEST = 300;
const SMALL_SPREAD = 7001;
const READ_BYTES = 128 * KIB;
const SEEK_BYTES = 256 * KIB;
const RANDOM_BYTES = 64 * KIB;

/** The largest part of a post that is certain to be taken. */
const PART_BYTES = 8 * MIB;

/** Sizes of small files: 300 bytes to 7 KiB, 3.8 KB on average. */
function smallSize(file: number): number {
  return SMALLEST + ((file * 1223) % SMALL_SPREAD);
}

/** Measures with one vault. */
export class Workloads {
  readonly #vault: FarVault;
  readonly #discord: EmulatedDiscord;
  readonly #sizes: Sizes;
  /** What was found. */
  readonly figures: Figure[] = [];

  constructor(vault: FarVault, discord: EmulatedDiscord, sizes: Sizes) {
    this.#vault = vault;
    this.#discord = discord;
    this.#sizes = sizes;
  }

  async #measure(
    workload: string,
    unit: string,
    body: () => Promise<(seconds: number) => number>,
    permitted?: number,
  ): Promise<void> {
    await this.#discord.count();
    const cpuBefore = this.#vault.cpuSeconds();
    const begin = performance.now();
    const figure = await body();
    const value = figure((performance.now() - begin) / 1000);
    const cpuSeconds = Math.max(0, this.#vault.cpuSeconds() - cpuBefore);
    const { apiRequests, cdnRequests, uploads, rateLimited }: Counters =
      await this.#discord.count();
    this.figures.push({
      workload,
      value,
      unit,
      share: permitted === undefined ? undefined : value / permitted,
      api: apiRequests,
      cdn: cdnRequests,
      uploads,
      refused: rateLimited,
      cpuSeconds,
      peakMib: this.#vault.peakMemoryMib(),
    });
  }

  /** How fast data goes out. */
  async upload(lanes: Lanes): Promise<void> {
    const { bigBytes } = this.#sizes;
    const name = `${lanes.channels} channels, ${lanes.webhooks} webhooks`;
    const permitted = ((await this.#discord.permittedPosts(lanes)) * PART_BYTES) / 1e6;
    await this.#vault.create();
    await this.#vault.flush();
    const write = async (): Promise<(seconds: number) => number> => {
      await this.#vault.write(BIG, piecesOf(BIG_NUMBER, bigBytes));
      await this.#vault.flush();
      return (seconds) => bigBytes / seconds / 1e6;
    };
    await this.#measure(`write and flush over ${name}`, "MB/s", write, permitted);
    await this.#vault.close();
  }

  /** Makes the vault with all that is read later. */
  async write(): Promise<void> {
    const { bigBytes, smallFiles } = this.#sizes;
    await this.#vault.create();
    await this.#vault.flush();
    await this.#measure("write and flush a big file", "MB/s", async () => {
      await this.#vault.write(BIG, piecesOf(BIG_NUMBER, bigBytes));
      await this.#vault.flush();
      return (seconds) => bigBytes / seconds / 1e6;
    });
    await this.#measure(`untar and flush ${smallFiles} small files`, "s", async () => {
      await this.#vault.mkdir(SMALL);
      for (let file = 1; file <= smallFiles; file++) {
        await this.#vault.write(smallPath(file), piecesOf(file, smallSize(file)));
      }
      await this.#vault.flush();
      return (seconds) => seconds;
    });
    await this.#vault.close();
  }

  /** One round of everything that is read, each from empty local state. */
  async read(): Promise<void> {
    await this.#open();
    await this.#firstByte();
    await this.#vault.close();
    await this.#vault.openCold();
    await this.#sequential();
    await this.#vault.close();
    await this.#vault.openCold();
    await this.#seeks("seek", this.#sizes.seeks, SEEK_BYTES);
    await this.#vault.close();
    await this.#vault.openCold();
    await this.#seeks("random read", 10, RANDOM_BYTES);
    await this.#vault.close();
    await this.#vault.openCold();
    await this.#small();
    await this.#vault.close();
  }

  async #open(): Promise<void> {
    await this.#measure("open and list the root", "ms", async () => {
      await this.#vault.openCold();
      const names = await this.#vault.list("");
      if (names.join() !== `${BIG},${SMALL}`) throw new Error(`the root lists ${names}`);
      return (seconds) => seconds * 1000;
    });
  }

  async #firstByte(): Promise<void> {
    await this.#measure("first byte of a cold file", "ms", async () => {
      const file = await this.#vault.open(BIG);
      checkContent(BIG_NUMBER, 0, await file.read(0, 4 * KIB), 4 * KIB);
      await file.close();
      return (seconds) => seconds * 1000;
    });
  }

  async #sequential(): Promise<void> {
    const { bigBytes } = this.#sizes;
    await this.#measure("sequential read, cold", "MB/s", async () => {
      const file = await this.#vault.open(BIG);
      for (let at = 0; at < bigBytes; at += READ_BYTES) {
        checkContent(BIG_NUMBER, at, await file.read(at, READ_BYTES), READ_BYTES);
      }
      await file.close();
      return (seconds) => bigBytes / seconds / 1e6;
    });
  }

  async #seeks(what: string, count: number, length: number): Promise<void> {
    const file = await this.#vault.open(BIG);
    // The way to a file's pages is known to whoever reads it for a while; a seek is measured, not the first look.
    await file.read(0, 1);
    const times: number[] = [];
    await this.#measure(`${what} of ${length / KIB} KiB, median of ${count}`, "ms", async () => {
      for (let n = 0; n < count; n++) {
        const places = Math.floor(file.size / length) - 1;
        const at = (1 + Math.floor(Math.random() * places)) * length;
        const begin = performance.now();
        const bytes = await file.read(at, length);
        times.push(performance.now() - begin);
        checkContent(BIG_NUMBER, at, bytes, length);
      }
      times.sort((a, b) => a - b);
      return () => times[times.length >> 1] as number;
    });
    await file.close();
  }

  async #small(): Promise<void> {
    const { smallFiles } = this.#sizes;
    await this.#measure(`read ${smallFiles} small files, cold`, "files/s", async () => {
      const names = await this.#vault.list(SMALL);
      if (names.length !== smallFiles) throw new Error(`${names.length} small files are there`);
      for (const name of names) {
        const number = Number(name);
        const file = await this.#vault.open(`${SMALL}/${name}`);
        checkContent(number, 0, await file.read(0, file.size), smallSize(number));
        await file.close();
      }
      return (seconds) => smallFiles / seconds;
    });
  }
}

function smallPath(file: number): string {
  return `${SMALL}/${String(file).padStart(5, "0")}`;
}

function* piecesOf(file: number, size: number): Iterable<Uint8Array> {
  for (let at = 0; at < size; at += MIB) yield contentOf(file, at, Math.min(MIB, size - at));
}
