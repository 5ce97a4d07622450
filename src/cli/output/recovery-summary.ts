/**
 * What a recovery found, counted and told as it comes.
 *
 * @module
 */
import type { RecoveredVault } from "../../core/fs/recover/recover-vault.ts";
import type { RecoveredEntry, RecoveredState } from "../../core/fs/recover/recovered-entry.ts";
import { decodeName } from "../argument-bytes.ts";
import type { SeenCommit } from "../seen/seen-commit.ts";
import { humanSize, isoTime, printable } from "./human.ts";

/** Ranges of missing bytes that a line shows. */
const RANGES_SHOWN = 8;

const ORIGINS = {
  header: "the headers",
  root: "a commit root found by search; a header is lost",
  nothing: "single pages; no commit root is left",
} as const satisfies Record<RecoveredVault["origin"], string>;

export class RecoverySummary {
  readonly #counts: Record<RecoveredState, number> = { whole: 0, old: 0, partial: 0, lost: 0 };
  readonly #hurt: RecoveredEntry[] = [];
  readonly #missing: SeenCommit | undefined;
  #directories = 0;
  #bytes = 0;

  /** @param missing - a later commit than was recovered, which this machine has seen */
  constructor(missing: SeenCommit | undefined) {
    this.#missing = missing;
  }

  /** Entries that were met so far. */
  get entries(): number {
    return this.#counts.whole + this.#hurt.length;
  }

  /** Bytes of them. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether everything is as the newest commit had it, as far as is known. */
  isWhole(recovered: RecoveredVault): boolean {
    const { lostNodes, root, isBehind } = recovered;
    const isAll = lostNodes === 0 && root !== undefined && !isBehind;
    return isAll && this.#hurt.length === 0 && this.#missing === undefined;
  }

  add(entry: RecoveredEntry): void {
    this.#counts[entry.state] += 1;
    this.#bytes += entry.size;
    if (entry.state !== "whole") this.#hurt.push(entry);
  }

  addDirectory(): void {
    this.#directories += 1;
  }

  /** Adds names of which nothing is left but the name. */
  addLost(recovered: RecoveredVault): void {
    for (const { path = new Uint8Array(0), message } of recovered.lostNames) {
      this.add({ path, state: "lost", size: 0, missing: [], reasons: [message] });
    }
  }

  asText(vault: string, recovered: RecoveredVault): string {
    const { whole, old, partial, lost } = this.#counts;
    const { origin, root, newest, isBehind, lostNodes } = recovered;
    const commit =
      root === undefined ? "no commit" : `commit ${root.generation} of ${isoTime(root.time)}`;
    const lines = [
      ...this.#hurt.map(entryLine),
      `${vault}: found by ${ORIGINS[origin]}: ${commit}`,
      ...(isBehind
        ? [`there were later commits, up to ${newest}: what those changed may be lost`]
        : []),
      ...(this.#missing === undefined
        ? []
        : [
            `this machine has seen commit ${this.#missing.generation} of ${this.#missing.time}: what changed since is lost`,
          ]),
      ...(lostNodes === 0
        ? []
        : [
            `${lostNodes} parts of the tree of names were lost: files whose names and attributes stood there alone are not told`,
          ]),
      `${whole} whole, ${old} old, ${partial} partial, ${lost} lost, in ${this.#directories} directories; ${humanSize(this.#bytes)}`,
    ];
    return `${lines.join("\n")}\n`;
  }

  asJson(vault: string, recovered: RecoveredVault): string {
    const { origin, root, newest, isBehind, pages, lostNodes } = recovered;
    const shown = {
      vault,
      origin,
      generation: root?.generation ?? null,
      time: root === undefined ? null : isoTime(root.time),
      newest,
      isBehind,
      ...(this.#missing === undefined ? {} : { seen: this.#missing.generation }),
      pages,
      lostNodes,
      directories: this.#directories,
      bytes: this.#bytes,
      ...this.#counts,
      entries: this.#hurt.map(entryRecord),
    };
    return `${JSON.stringify(shown, undefined, 2)}\n`;
  }
}

function entryRecord({ path, newPath, ...rest }: RecoveredEntry): object {
  const shown = { path: decodeName(path), ...rest };
  return newPath === undefined ? shown : { ...shown, newPath: decodeName(newPath) };
}

function entryLine({ state, path, missing, reasons }: RecoveredEntry): string {
  const ranges = missing.slice(0, RANGES_SHOWN).map(({ start, end }) => `${start} to ${end - 1}`);
  const rest = missing.length > RANGES_SHOWN ? ` and ${missing.length - RANGES_SHOWN} more` : "";
  const bytes = ranges.length === 0 ? "" : `bytes ${ranges.join(", ")}${rest}: `;
  return `${state}: ${printable(decodeName(path))}: ${bytes}${printable(reasons[0] ?? "")}`;
}
