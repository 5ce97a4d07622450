/**
 * What Discord does to texts on their way in.
 *
 * @module
 */

/** Lone surrogates, and control characters other than tab, line feed and carriage return. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that are stripped.
const STRIPPED = /[\u{d800}-\u{dfff}\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/gu;
const NOT_IN_FILENAMES = /[^A-Za-z0-9_.-]/g;

/** Message content as it is kept: without characters Discord does not take, and trimmed. */
export function cleanContent(content: string): string {
  return content.replaceAll(STRIPPED, "").trim();
}

/** A file name as it is kept: ASCII letters, digits, `_`, `.` and `-`, not beginning with `_` or `.`. */
export function cleanFilename(name: string): string {
  const ascii = name
    .normalize("NFKD")
    .split(/[\s/\\]+/)
    .join("_")
    .replaceAll(NOT_IN_FILENAMES, "");
  const cleaned = ascii.replace(/^[._]+/, "").replace(/[._]+$/, "");
  return cleaned === "" ? "unknown" : cleaned;
}
