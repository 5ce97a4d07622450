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
  readonly cacheBytes: number | undefined;
  readonly compression: Compression | undefined;
}

/** Options as parsed. */
export interface MountLine {
  readonly "read-only": boolean;
  readonly "allow-other": boolean;
  readonly "cache-size": string | undefined;
  readonly o: readonly string[] | undefined;
  readonly compression: Compression | undefined;
}

/** Least memory for pages, bytes. */
const CACHE_MIN = 4 * 2 ** 20;

const UNITS: Readonly<Record<string, number>> = { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

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
    cacheBytes: line["cache-size"] === undefined ? undefined : parseSize(line["cache-size"]),
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
    ...(choice.cacheBytes === undefined ? [] : ["--cache-size", String(choice.cacheBytes)]),
    ...(choice.compression === undefined ? [] : ["--compression", choice.compression]),
  ];
}

/** Bytes of `64M`, `1G`, `1048576`. @throws UsageError USAGE */
function parseSize(text: string): number {
  const match = /^([0-9]+(?:\.[0-9]+)?)\s*([KMG]?)(?:i?B)?$/i.exec(text);
  const bytes = Number(match?.[1]) * (UNITS[match?.[2]?.toUpperCase() ?? ""] ?? Number.NaN);
  if (bytes >= CACHE_MIN) return Math.floor(bytes);
  throw new UsageError("USAGE", `--cache-size ${text}: give a size from 4M on, such as 256M`);
}
