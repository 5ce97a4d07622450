/**
 * How mount(8) calls its helper `mount.fuse.dvault`, and mount.fuse3(8) a program named in fstab:
 *
 *     <vault> <mountpoint> [-sfnvrw] [-N namespace] [-t type] [-o list]
 *
 * A call of this shape begins with no name of a command, so the same program serves it under any name.
 *
 * @module
 */
import { UsageError } from "../core/base/errors.ts";

/** Switches without a meaning here: no entry in mtab, tell more, read and write. */
const WITHOUT_MEANING = "nvw";
/** Switches with a value that has no meaning here: a namespace, the type. */
const VALUE_WITHOUT_MEANING = "Nt";

/**
 * Says such a call as a line of `dvault mount`.
 *
 * @param commands - names of commands; a first word that is one is no vault
 * @returns undefined for other lines; an empty line when nothing is to be done (`-f`)
 * @throws UsageError USAGE for a switch that helpers are not called with
 */
export function mountHelperLine(
  args: readonly string[],
  commands: readonly string[],
): readonly string[] | undefined {
  const [vault, mountpoint, ...switches] = args;
  if (vault === undefined || mountpoint === undefined || switches.length === 0) return undefined;
  const isHelperCall = !commands.includes(vault) && switches[0]?.startsWith("-") === true;
  if (isHelperCall === false || vault.startsWith("-") || mountpoint.startsWith("-")) {
    return undefined;
  }
  const options = mountOptions(switches);
  return options === "fake" ? [] : ["mount", ...options, "--", vault, mountpoint];
}

/** Options of `dvault mount` that say the same, or `fake` when it is only to look as if. */
function mountOptions(switches: readonly string[]): readonly string[] | "fake" {
  const options: string[] = [];
  const rest = switches.flatMap(apart);
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const letter = word.slice(1);
    if (letter === "f") return "fake";
    if (letter === "s") options.push("--sloppy");
    else if (letter === "r") options.push("--read-only");
    else if (letter === "o") options.push("-o", rest.shift() ?? "");
    else if (VALUE_WITHOUT_MEANING.includes(letter)) rest.shift();
    else if (!WITHOUT_MEANING.includes(letter)) {
      throw new UsageError(
        "USAGE",
        `mount helper: ${word} is not known; \`man mount.fuse.dvault\``,
      );
    }
  }
  return options;
}

/** `-sv` is `-s -v`. */
function apart(word: string): string[] {
  return /^-[sfnvrw]{2,}$/.test(word) ? [...word.slice(1)].map((letter) => `-${letter}`) : [word];
}
