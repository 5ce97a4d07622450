/**
 * Every case, as one long sequence for the tool.
 *
 * @module
 */
import { contentCases } from "./contents.ts";
import { directoryCases } from "./directories.ts";
import { nameCases } from "./names.ts";
import { openFileCases } from "./open-files.ts";
import { pathCases } from "./paths.ts";
import type { PosixCase } from "./posix-case.ts";
import { renameCases } from "./renames.ts";
import { rightCases } from "./rights.ts";
import { timeCases } from "./times.ts";
import { xattrCases } from "./xattrs.ts";

/** Cases by what they are about. */
export const allCases: Readonly<Record<string, readonly PosixCase[]>> = {
  "paths of every call": pathCases,
  "making and removing names": nameCases,
  renames: renameCases,
  "directories and handles": directoryCases,
  times: timeCases,
  rights: rightCases,
  contents: contentCases,
  "open files": openFileCases,
  "extended attributes": xattrCases,
};

const ARROW = " => ";

/** A step's call, and the answer it must give if one is known beforehand. */
export function partsOf(step: string): { readonly call: string; readonly answer?: string } {
  const at = step.lastIndexOf(ARROW);
  if (at < 0) return { call: step };
  return { call: step.slice(0, at), answer: step.slice(at + ARROW.length) };
}

/** A case's calls, in a new directory below `base`; three come before its steps, one after. */
export function callsOf(base: string, number: number, { steps }: PosixCase): readonly string[] {
  const directory = `${base}/${number}`;
  const calls = steps.map((step) => partsOf(step).call);
  return [`mkdir ${directory} 0755`, `chdir ${directory}`, "umask 0", ...calls, "chdir /"];
}
