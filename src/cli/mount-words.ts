/**
 * The list that `-o` takes, as mount(8) and fstab(5) write it: words, and `name=value`, between commas. A comma, or a
 * backslash, in a value stands behind a backslash.
 *
 * Some words say what an option of the command says; others are for the kernel, or show the vault's files otherwise;
 * the rest are for the programs that read fstab, and mean nothing here.
 *
 * @module
 */
import { UsageError } from "../core/base/errors.ts";
import type { AtimePolicy } from "../core/fs/fs-context.ts";
import type { ShownAs } from "../mount/driver.ts";

/** What only `-o` can say. */
export interface MountWords {
  readonly defaultPermissions: boolean;
  readonly suid: boolean;
  readonly devices: boolean;
  readonly noexec: boolean;
  readonly atime: AtimePolicy;
  /** How owners and modes are shown, when not as they are. */
  readonly shownAs: ShownAs | undefined;
}

/** What `-o` says. */
export interface MountWordList {
  readonly words: MountWords;
  /** Options of the command, by name without dashes, that the list gives. */
  readonly options: Readonly<Record<string, string | true>>;
}

/** Highest number that names a user or group; the one above means "no change" to chown(2). */
const ID_MAX = 0xffff_fffe;

/** Words for options of the command. */
const OPTION_WORDS: ReadonlyMap<string, string> = new Map([
  ["ro", "read-only"],
  ["allow_other", "allow-other"],
  ["take_over", "take-over"],
]);

/** Names of values for options of the command. */
const OPTION_VALUES: ReadonlyMap<string, string> = new Map([
  ["cache_size", "cache-size"],
  ["cpu_latency", "cpu-latency"],
  ["compression", "compression"],
  ["driver", "driver"],
  ["follow", "follow"],
  ["identity", "identity"],
  ["idle", "idle"],
  ["local_budget", "local-budget"],
  ["password_command", "password-command"],
  ["password_file", "password-file"],
  ["store_cache", "store-cache"],
  ["token_file", "token-file"],
]);

/** Switches of {@link MountWords}: the later of two that contradict each other holds. */
const SWITCHES: ReadonlyMap<string, Partial<MountWords>> = new Map([
  ["default_permissions", { defaultPermissions: true }],
  ["suid", { suid: true }],
  ["nosuid", { suid: false }],
  ["dev", { devices: true }],
  ["nodev", { devices: false }],
  ["exec", { noexec: false }],
  ["noexec", { noexec: true }],
  ["atime", { atime: "relatime" }],
  ["relatime", { atime: "relatime" }],
  ["noatime", { atime: "noatime" }],
  ["strictatime", { atime: "strictatime" }],
]);

/** What is so anyway, or is for mount(8), systemd.mount(5) and others that read fstab. */
const NEUTRAL: ReadonlySet<string> = new Set([
  ...["defaults", "rw", "async", "diratime", "nodiratime"],
  ...["auto", "noauto", "user", "nouser", "users", "owner", "group", "_netdev", "nofail"],
]);

/** The same with something behind: `x-systemd.automount`, `comment=…`. */
const NEUTRAL_PREFIXES = ["x-", "X-", "comment=", "helper=", "uhelper=", "fsname=", "subtype="];

/** Names there are, for whoever wrote another. */
const KNOWN =
  "ro, rw, allow_other, default_permissions, suid, dev, noexec, noatime, strictatime, uid=, gid=, umask=, idle=, cache_size=, cpu_latency=, compression=, driver=, password_file=, password_command=, identity=, take_over, store_cache=, local_budget=, follow= and token_file=";

/**
 * Reads the lists of all `-o`.
 *
 * @param isSloppy - passes over words that nobody knows (`mount -s`)
 * @throws UsageError USAGE for such a word otherwise, and for a value that makes no sense
 */
export function readMountWords(lists: readonly string[], isSloppy = false): MountWordList {
  let words: MountWords = {
    ...{ defaultPermissions: false, suid: false, devices: false, noexec: false },
    ...{ atime: "relatime", shownAs: undefined },
  };
  const options: Record<string, string | true> = {};
  for (const item of lists.flatMap(splitList)) {
    const { name, value } = nameAndValue(item);
    const option = value === undefined ? OPTION_WORDS.get(name) : OPTION_VALUES.get(name);
    const change = value === undefined ? SWITCHES.get(name) : shownChange(item, words.shownAs);
    if (option !== undefined) options[option] = value ?? true;
    else if (change !== undefined) words = { ...words, ...change };
    else if (!isNeutral(item) && !isSloppy) throw unknown(item);
    if (item === "rw") delete options["read-only"];
  }
  return { words, options };
}

/** The list that says the same again. */
export function writeMountWords(words: MountWords): readonly string[] {
  const { uid, gid, umask } = words.shownAs ?? {};
  return [
    ...(words.defaultPermissions ? ["default_permissions"] : []),
    ...(words.suid ? ["suid"] : []),
    ...(words.devices ? ["dev"] : []),
    ...(words.noexec ? ["noexec"] : []),
    ...(words.atime === "relatime" ? [] : [words.atime]),
    ...(uid === undefined ? [] : [`uid=${uid}`]),
    ...(gid === undefined ? [] : [`gid=${gid}`]),
    ...(umask === undefined ? [] : [`umask=${umask.toString(8)}`]),
  ];
}

/** Splits at commas that stand behind no backslash, and takes the backslashes away. */
function splitList(list: string): string[] {
  const items = list.match(/(?:\\.|[^,\\])+/gs) ?? [];
  return items.map((item) => item.replace(/\\(.)/gs, "$1"));
}

function nameAndValue(item: string): { readonly name: string; readonly value?: string } {
  const at = item.indexOf("=");
  return at < 0 ? { name: item } : { name: item.slice(0, at), value: item.slice(at + 1) };
}

function isNeutral(item: string): boolean {
  return NEUTRAL.has(item) || NEUTRAL_PREFIXES.some((prefix) => item.startsWith(prefix));
}

/** What `uid=`, `gid=` and `umask=` add to how files are shown. */
function shownChange(item: string, before: ShownAs | undefined): Partial<MountWords> | undefined {
  const { name, value = "" } = nameAndValue(item);
  switch (name) {
    case "uid":
    case "gid":
      return { shownAs: { ...before, [name]: parseNumber(item, value, 10, ID_MAX) } };
    case "umask":
      return { shownAs: { ...before, umask: parseNumber(item, value, 8, 0o777) } };
    default:
      return undefined;
  }
}

function parseNumber(item: string, text: string, radix: 8 | 10, max: number): number {
  const number = (radix === 8 ? /^[0-7]+$/ : /^[0-9]+$/).test(text)
    ? Number.parseInt(text, radix)
    : Number.NaN;
  if (number <= max) return number;
  const kind = radix === 8 ? "an octal number up to 777" : "a number, as `id` shows it";
  throw new UsageError("USAGE", `-o ${item}: give ${kind}`);
}

function unknown(item: string): UsageError {
  return new UsageError("USAGE", `-o ${item}: there are ${KNOWN}`);
}
