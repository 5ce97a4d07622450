/**
 * How the user wants a mount, from options and from the list that `-o` takes.
 *
 * @module
 */
import { UsageError } from "../core/base/errors.ts";
import type { CpuLatency } from "../mount/cpu-latency.ts";
import { DRIVER_NAMES, type DriverName } from "../mount/driver-names.ts";
import type { Compression } from "./config/config.ts";
import { type MountWords, readMountWords, writeMountWords } from "./mount-words.ts";
import { parseRetention, type Retention, retentionText } from "./snapshots/retention.ts";

/** What the command line says about a mount. */
export interface MountChoice extends MountWords {
  readonly readOnly: boolean;
  readonly allowOther: boolean;
  /** Memory for pages. */
  readonly cacheBytes: number | undefined;
  /** How long waking a processor may take while the mount is busy. */
  readonly cpuLatency: CpuLatency;
  /** Published pages kept on this machine. */
  readonly storeCacheBytes: number | undefined;
  /** Unpublished pages on this machine beyond which writers are refused. */
  readonly budgetBytes: number | undefined;
  readonly takeOver: boolean;
  /** Gives up local commits that cannot be published any more. */
  readonly discardLocal: boolean;
  /** Time between two looks for newer commits, ms; 0 for never. */
  readonly followMs: number | undefined;
  /** Goes on from an older commit when the newest one cannot be read. */
  readonly olderCommit: boolean;
  /** Opens an older state than this machine has seen. */
  readonly allowsRollback: boolean;
  readonly compression: Compression | undefined;
  /** Time without use after which the mount ends; never, when undefined. */
  readonly idleMs: number | undefined;
  readonly driver: DriverName;
  /** Snapshot, or time up to which the newest one is taken, that is mounted instead of the vault as it is. */
  readonly at: string | undefined;
  /** Snapshots that are made and kept while the mount lasts. */
  readonly keep: Retention | undefined;
}

/** Options as parsed. */
export interface MountLine {
  readonly "read-only": boolean;
  readonly "allow-other": boolean;
  readonly "cache-size": string | undefined;
  readonly "cpu-latency": string | undefined;
  readonly "store-cache": string | undefined;
  readonly "local-budget": string | undefined;
  readonly "take-over": boolean;
  readonly "discard-local": boolean;
  readonly follow: string | undefined;
  readonly "older-commit": boolean;
  readonly "allow-rollback": boolean;
  readonly o: readonly string[] | undefined;
  readonly sloppy?: boolean;
  readonly compression: Compression | undefined;
  readonly idle: string | undefined;
  readonly driver: string | undefined;
  readonly at: string | undefined;
  readonly keep: string | undefined;
}

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
  T: 2 ** 40,
};

/** Least MiB of each size: for memory what a few readers need, for the budget some objects on their way out. */
const LEAST_MIB = { "cache-size": 4, "store-cache": 4, "local-budget": 64 } as const;

/** Longest time of waking that can be asked for, microseconds; no sleeping state has a longer one. */
const LATENCY_MAX_US = 100_000;

/** Milliseconds in the units of durations; a bare number is seconds. */
const DURATIONS: Readonly<Record<string, number>> = {
  ...{ "": 1000, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 },
};

/** Longest delay of a timer, ms (setTimeout's limit). */
const IDLE_MAX_MS = 2 ** 31 - 1;

/**
 * Writes what `-o` says about options into them; an option of its own goes before the same in the list.
 * @throws UsageError USAGE for a word nobody knows
 */
export function withMountWords<Line extends Pick<MountLine, "o" | "sloppy">>(line: Line): Line {
  const { options } = readMountWords(line.o ?? [], line.sloppy);
  const given = Object.entries(line).filter(([, value]) => value !== undefined && value !== false);
  return { ...line, ...options, ...Object.fromEntries(given) };
}

/**
 * Makes a choice of options that {@link withMountWords} completed.
 * @throws UsageError USAGE for a value that makes no sense
 */
export function readMountChoice(line: MountLine): MountChoice {
  const { follow, idle, at, keep } = line;
  return {
    ...readMountWords(line.o ?? [], line.sloppy).words,
    readOnly: line["read-only"] || at !== undefined,
    allowOther: line["allow-other"],
    cacheBytes: sizeOf(line, "cache-size"),
    cpuLatency: latencyOf(line["cpu-latency"]),
    storeCacheBytes: sizeOf(line, "store-cache"),
    budgetBytes: sizeOf(line, "local-budget"),
    takeOver: line["take-over"],
    discardLocal: line["discard-local"],
    followMs: follow === undefined ? undefined : parseSeconds(follow),
    olderCommit: line["older-commit"],
    allowsRollback: line["allow-rollback"],
    compression: compressionNamed(line.compression),
    idleMs: idle === undefined ? undefined : parseDuration(idle),
    driver: driverNamed(line.driver),
    at,
    keep: keep === undefined ? undefined : parseRetention(keep),
  };
}

/** The options again, for the process in the background. */
export function mountArguments(choice: MountChoice): readonly string[] {
  const words = writeMountWords(choice);
  return [
    ...(choice.readOnly ? ["--read-only"] : []),
    ...(choice.allowOther ? ["--allow-other"] : []),
    ...(words.length === 0 ? [] : ["-o", words.join(",")]),
    ...sizeArgument("cache-size", choice.cacheBytes),
    ...(choice.cpuLatency === "auto" ? [] : ["--cpu-latency", String(choice.cpuLatency)]),
    ...sizeArgument("store-cache", choice.storeCacheBytes),
    ...sizeArgument("local-budget", choice.budgetBytes),
    ...(choice.takeOver ? ["--take-over"] : []),
    ...(choice.discardLocal ? ["--discard-local"] : []),
    ...(choice.followMs === undefined ? [] : ["--follow", String(choice.followMs / 1000)]),
    ...(choice.olderCommit ? ["--older-commit"] : []),
    ...(choice.allowsRollback ? ["--allow-rollback"] : []),
    ...(choice.compression === undefined ? [] : ["--compression", choice.compression]),
    ...(choice.idleMs === undefined ? [] : ["--idle", String(choice.idleMs / 1000)]),
    ...(choice.at === undefined ? [] : ["--at", choice.at]),
    ...(choice.keep === undefined ? [] : ["--keep", retentionText(choice.keep)]),
    ...(choice.driver === DRIVER_NAMES[0] ? [] : ["--driver", choice.driver]),
  ];
}

function sizeArgument(option: keyof typeof LEAST_MIB, bytes: number | undefined): string[] {
  return bytes === undefined ? [] : [`--${option}`, String(bytes)];
}

/** Bytes of `64M`, `1G`, `1048576`. @throws UsageError USAGE */
function sizeOf(line: MountLine, option: keyof typeof LEAST_MIB): number | undefined {
  const text = line[option];
  if (text === undefined) return undefined;
  const match = /^([0-9]+(?:\.[0-9]+)?)\s*([KMGT]?)(?:i?B)?$/i.exec(text);
  const bytes = Number(match?.[1]) * (UNITS[match?.[2]?.toUpperCase() ?? ""] ?? Number.NaN);
  const least = LEAST_MIB[option];
  if (bytes >= least * 2 ** 20 && Number.isSafeInteger(Math.floor(bytes))) return Math.floor(bytes);
  throw new UsageError("USAGE", `--${option} ${text}: give a size from ${least}M on, such as 256M`);
}

/** @throws UsageError USAGE */
function latencyOf(text = "auto"): CpuLatency {
  if (text === "auto" || text === "any") return text;
  const micros = /^[0-9]{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (micros <= LATENCY_MAX_US) return micros;
  throw new UsageError(
    "USAGE",
    `--cpu-latency ${text}: give microseconds, such as 0 or 50, or any, or auto`,
  );
}

/** Milliseconds of `30`, `0.5`. @throws UsageError USAGE */
function parseSeconds(text: string): number {
  const seconds = /^[0-9]{1,6}(?:\.[0-9]{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (seconds >= 0) return Math.round(seconds * 1000);
  throw new UsageError("USAGE", `--follow ${text}: give seconds, such as 30, or 0 for never`);
}

/** Milliseconds of `30m`, `2h`, `90`. @throws UsageError USAGE */
function parseDuration(text: string): number {
  const match = /^([0-9]+(?:\.[0-9]+)?)([smhd]?)$/.exec(text);
  const ms = Number(match?.[1]) * (DURATIONS[match?.[2] ?? ""] ?? Number.NaN);
  if (ms > 0 && ms <= IDLE_MAX_MS) return Math.ceil(ms);
  throw new UsageError("USAGE", `--idle ${text}: give a time up to 24d, such as 30m or 2h`);
}

/** `-o compression=` passes by the parser, which knows the choices. @throws UsageError USAGE */
function compressionNamed(name: string | undefined): Compression | undefined {
  if (name === undefined || name === "none" || name === "deflate") return name;
  throw new UsageError("USAGE", `compression ${name}: there are none and deflate`);
}

/** @throws UsageError USAGE */
function driverNamed(name: string | undefined): DriverName {
  if (name === undefined) return DRIVER_NAMES[0];
  const found = DRIVER_NAMES.find((known) => known === name);
  if (found !== undefined) return found;
  throw new UsageError("USAGE", `driver ${name}: there are ${DRIVER_NAMES.join(" and ")}`);
}
