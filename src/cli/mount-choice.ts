/**
 * How the user wants a mount, from options and from the list that `-o` takes.
 *
 * @module
 */
import { UsageError } from "../core/base/errors.ts";
import type { Compression } from "./config/config.ts";

/** What the command line says about a mount. */
export interface MountChoice {
  readonly readOnly: boolean;
  readonly allowOther: boolean;
  readonly suid: boolean;
  readonly devices: boolean;
  /** Memory for pages. */
  readonly cacheBytes: number | undefined;
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
  readonly compression: Compression | undefined;
}

/** Options as parsed. */
export interface MountLine {
  readonly "read-only": boolean;
  readonly "allow-other": boolean;
  readonly "cache-size": string | undefined;
  readonly "store-cache": string | undefined;
  readonly "local-budget": string | undefined;
  readonly "take-over": boolean;
  readonly "discard-local": boolean;
  readonly follow: string | undefined;
  readonly "older-commit": boolean;
  readonly o: readonly string[] | undefined;
  readonly compression: Compression | undefined;
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

/** Words of `-o` that change nothing. */
const NEUTRAL = ["defaults", "rw", "nosuid", "nodev", "exec", "async", "relatime"];

/** @throws UsageError USAGE for an option nobody knows */
export function readMountChoice(line: MountLine): MountChoice {
  const words = new Set((line.o ?? []).flatMap((list) => list.split(",")).filter(Boolean));
  const take = (word: string): boolean => words.delete(word);
  const choice: MountChoice = {
    readOnly: take("ro") || line["read-only"],
    allowOther: take("allow_other") || line["allow-other"],
    suid: take("suid"),
    devices: take("dev"),
    cacheBytes: sizeOf(line, "cache-size"),
    storeCacheBytes: sizeOf(line, "store-cache"),
    budgetBytes: sizeOf(line, "local-budget"),
    takeOver: line["take-over"],
    discardLocal: line["discard-local"],
    followMs: line.follow === undefined ? undefined : parseSeconds(line.follow),
    olderCommit: line["older-commit"],
    compression: line.compression,
  };
  for (const word of NEUTRAL) take(word);
  const [unknown] = words;
  if (unknown === undefined) return choice;
  throw new UsageError("USAGE", `-o ${unknown}: there are ro, rw, allow_other, suid and dev`);
}

/** The options again, for the process in the background. */
export function mountArguments(choice: MountChoice): readonly string[] {
  return [
    ...(choice.readOnly ? ["--read-only"] : []),
    ...(choice.allowOther ? ["--allow-other"] : []),
    ...(choice.suid ? ["-o", "suid"] : []),
    ...(choice.devices ? ["-o", "dev"] : []),
    ...sizeArgument("cache-size", choice.cacheBytes),
    ...sizeArgument("store-cache", choice.storeCacheBytes),
    ...sizeArgument("local-budget", choice.budgetBytes),
    ...(choice.takeOver ? ["--take-over"] : []),
    ...(choice.discardLocal ? ["--discard-local"] : []),
    ...(choice.followMs === undefined ? [] : ["--follow", String(choice.followMs / 1000)]),
    ...(choice.olderCommit ? ["--older-commit"] : []),
    ...(choice.compression === undefined ? [] : ["--compression", choice.compression]),
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

/** Milliseconds of `30`, `0.5`. @throws UsageError USAGE */
function parseSeconds(text: string): number {
  const seconds = /^[0-9]{1,6}(?:\.[0-9]{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (seconds >= 0) return Math.round(seconds * 1000);
  throw new UsageError("USAGE", `--follow ${text}: give seconds, such as 30, or 0 for never`);
}
