/**
 * Figures and names as people read them.
 *
 * @module
 */
import {
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
  type Time,
} from "../../core/fs/file-system.ts";

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] as const;

/** `1536` as `1.5 KiB`: three digits at most, powers of 1024. */
export function humanSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit > 0 && value < 9.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** A count and what is counted: `1 page`, `2 pages`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

const TYPES: Readonly<Record<number, { readonly letter: string; readonly word: FileType }>> = {
  [S_IFREG]: { letter: "-", word: "file" },
  [S_IFDIR]: { letter: "d", word: "directory" },
  [S_IFLNK]: { letter: "l", word: "symlink" },
  [S_IFCHR]: { letter: "c", word: "character-device" },
  [S_IFBLK]: { letter: "b", word: "block-device" },
  [S_IFIFO]: { letter: "p", word: "fifo" },
  [S_IFSOCK]: { letter: "s", word: "socket" },
};

/** Kind of an inode, in the words of `--json`. */
export type FileType =
  | "file"
  | "directory"
  | "symlink"
  | "character-device"
  | "block-device"
  | "fifo"
  | "socket"
  | "unknown";

/** The word for the type bits of a mode. */
export function fileType(mode: number): FileType {
  return TYPES[mode & S_IFMT]?.word ?? "unknown";
}

/** A mode as `ls -l` prints it: `drwxr-xr-x`. */
export function modeString(mode: number): string {
  const letters = [TYPES[mode & S_IFMT]?.letter ?? "?"];
  for (const shift of [6, 3, 0]) {
    const bits = mode >> shift;
    letters.push(bits & 4 ? "r" : "-", bits & 2 ? "w" : "-", executeLetter(mode, shift));
  }
  return letters.join("");
}

function executeLetter(mode: number, shift: number): string {
  const special = { 6: 0o4000, 3: 0o2000, 0: 0o1000 }[shift] ?? 0;
  const executable = ((mode >> shift) & 1) !== 0;
  if ((mode & special) === 0) return executable ? "x" : "-";
  const letter = shift === 0 ? "t" : "s";
  return executable ? letter : letter.toUpperCase();
}

/** A time as RFC 3339 in UTC with nanoseconds; years outside 0 to 9999 as seconds since the epoch. */
export function isoTime(time: Time): string {
  const date = new Date(time.sec * 1000);
  const year = Number.isNaN(date.getTime()) ? -1 : date.getUTCFullYear();
  if (year < 0 || year > 9999) return `@${time.sec}.${nanoseconds(time)}`;
  return `${date.toISOString().slice(0, 19)}.${nanoseconds(time)}Z`;
}

/** A time in the local zone to the minute, for listings. */
export function listTime(time: Time): string {
  const date = new Date(time.sec * 1000);
  const year = Number.isNaN(date.getTime()) ? -1 : date.getFullYear();
  if (year < 0 || year > 9999) return isoTime(time);
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${String(year).padStart(4, "0")}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

function nanoseconds(time: Time): string {
  return String(time.nsec).padStart(9, "0");
}

/**
 * A name for a terminal or a message: control characters and bytes that are no UTF-8 are escaped, so that a
 * hostile name cannot steer the terminal.
 *
 * @param text - from `decodeName`
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}\p{Bidi_Control}]/gu, (character) => {
    const point = character.charCodeAt(0);
    if (point >= 0xdc80 && point <= 0xdcff) return `\\x${(point - 0xdc00).toString(16)}`;
    if (point < 0x100) return `\\x${point.toString(16).padStart(2, "0")}`;
    return `\\u{${point.toString(16)}}`;
  });
}
