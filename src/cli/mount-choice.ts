/**
 * How the user wants a mount, from options and from the list that `-o` takes.
 *
 * @module
 */
import { UsageError } from "../core/base/errors.ts";
import { DRIVER_NAMES, type DriverName } from "../mount/driver-names.ts";
import type { Compression } from "./config/config.ts";
import { type MountWords, readMountWords, writeMountWords } from "./mount-words.ts";

/** What the command line says about a mount. */
export interface MountChoice extends MountWords {
  readonly readOnly: boolean;
  readonly allowOther: boolean;
  readonly cacheBytes: number | undefined;
  readonly compression: Compression | undefined;
  /** Time without use after which the mount ends; never, when undefined. */
  readonly idleMs: number | undefined;
  readonly driver: DriverName;
}

/** Options as parsed. */
export interface MountLine {
  readonly "read-only": boolean;
  readonly "allow-other": boolean;
  readonly "cache-size": string | undefined;
  readonly o: readonly string[] | undefined;
  readonly sloppy?: boolean;
  readonly compression: Compression | undefined;
  readonly idle: string | undefined;
  readonly driver: string | undefined;
}

/** Least memory for pages, bytes. */
const CACHE_MIN = 4 * 2 ** 20;

const UNITS: Readonly<Record<string, number>> = { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

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
  const { "cache-size": cacheSize, idle } = line;
  return {
    ...readMountWords(line.o ?? [], line.sloppy).words,
    readOnly: line["read-only"],
    allowOther: line["allow-other"],
    cacheBytes: cacheSize === undefined ? undefined : parseSize(cacheSize),
    compression: compressionNamed(line.compression),
    idleMs: idle === undefined ? undefined : parseDuration(idle),
    driver: driverNamed(line.driver),
  };
}

/** The options again, for the process in the background. */
export function mountArguments(choice: MountChoice): readonly string[] {
  const words = writeMountWords(choice);
  return [
    ...(choice.readOnly ? ["--read-only"] : []),
    ...(choice.allowOther ? ["--allow-other"] : []),
    ...(words.length === 0 ? [] : ["-o", words.join(",")]),
    ...(choice.cacheBytes === undefined ? [] : ["--cache-size", String(choice.cacheBytes)]),
    ...(choice.compression === undefined ? [] : ["--compression", choice.compression]),
    ...(choice.idleMs === undefined ? [] : ["--idle", String(choice.idleMs / 1000)]),
    ...(choice.driver === DRIVER_NAMES[0] ? [] : ["--driver", choice.driver]),
  ];
}

/** Bytes of `64M`, `1G`, `1048576`. @throws UsageError USAGE */
function parseSize(text: string): number {
  const match = /^([0-9]+(?:\.[0-9]+)?)\s*([KMG]?)(?:i?B)?$/i.exec(text);
  const bytes = Number(match?.[1]) * (UNITS[match?.[2]?.toUpperCase() ?? ""] ?? Number.NaN);
  if (bytes >= CACHE_MIN) return Math.floor(bytes);
  throw new UsageError("USAGE", `--cache-size ${text}: give a size from 4M on, such as 256M`);
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
