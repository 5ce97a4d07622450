/**
 * Random sequences of system calls for `posix-tool.ts`, and how to look at all they left.
 *
 * @module
 */
import { seededRandom } from "./seeded-random.ts";

/** Who makes calls: root, and three that differ in their groups. */
const USERS = ["", "", "as 2001:2001 ", "as 2002:2002,2001 ", "as 2003:2003,0 "] as const;
const NAMES = ["a", "b", "c", "d"] as const;
const MODES = ["0", "0644", "0666", "0755", "0777", "01777", "02775", "04755", "06777", "02666"];
const IDS = ["-1", "0", "2001", "2002", "2003"];
const OFFSETS = [0, 1, 1023, 1024, 4095, 4096, 65_535, 65_536, 65_537, 131_072, 200_000];
const LENGTHS = [0, 1, 100, 4096, 65_536, 70_000, 140_000];
const TIMES = ["now", "omit", "0", "-1.5", "100.999999999", "4294967296.1", "2147483648"];
const OPEN_FLAGS = [
  ...["O_RDWR|O_CREAT", "O_RDWR|O_CREAT", "O_RDWR", "O_RDONLY", "O_WRONLY|O_APPEND|O_CREAT"],
  ...["O_RDWR|O_TRUNC", "O_RDWR|O_CREAT|O_EXCL", "O_RDONLY|O_DIRECTORY", "O_RDWR|O_NOFOLLOW"],
  ...["O_WRONLY|O_TRUNC|O_CREAT", "O_PATH", "O_RDWR|O_APPEND"],
] as const;
const RENAMES = ["0", "0", "0", "RENAME_NOREPLACE", "RENAME_EXCHANGE", "RENAME_WHITEOUT"] as const;
const ALLOCATIONS = [
  ...["0", "FALLOC_FL_KEEP_SIZE", "FALLOC_FL_PUNCH_HOLE|FALLOC_FL_KEEP_SIZE"],
  ...["FALLOC_FL_ZERO_RANGE", "FALLOC_FL_ZERO_RANGE|FALLOC_FL_KEEP_SIZE"],
] as const;
const XATTRS = ["user.a", "user.b", "trusted.t", "security.s"] as const;
/** Owner, named users and groups, owning group, mask, others (acl(5)). */
const LISTS = [
  "acl:1:0:7,4:0:5,32:0:5",
  "acl:1:0:7,2:2001:6,4:0:5,16:0:7,32:0:0",
  "acl:1:0:6,4:0:4,8:2001:7,16:0:5,32:0:4",
  "acl:1:0:7,2:2002:7,4:0:0,16:0:3,32:0:7",
  "acl:",
  "acl:1:0:7",
] as const;
/**
 * The umask is one for all. And a change of owner that changes nothing looks to a FUSE server as what the kernel sends
 * before a write (docs/MOUNT.md), so a stranger's cannot be refused.
 */
const ROOT_ONLY = /^umask|chown .* -1 -1$/;
const SLOTS = 6;
const MAPPINGS = 3;

/** Picks what a sequence is made of. */
class Picker {
  readonly #random: () => number;
  readonly #unit: number;

  /** @param unit - what offsets and lengths are multiples of */
  constructor(seed: number, unit: number) {
    this.#unit = unit;
    this.#random = seededRandom(seed);
  }

  below(end: number): number {
    return Math.floor(this.#random() * end);
  }

  of<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }

  /** Paths of one to three names, so that every name is a file in one sequence and a directory in another. */
  path(): string {
    const depth = 1 + Math.floor(this.#random() ** 2 * 3);
    return Array.from({ length: depth }, () => this.of(NAMES)).join("/");
  }

  slot(): number {
    return this.below(SLOTS);
  }

  map(): number {
    return this.below(MAPPINGS);
  }

  offset(): number {
    return this.#whole(this.below(2) === 0 ? this.of(OFFSETS) : this.below(200_000));
  }

  length(): number {
    return this.#whole(this.below(2) === 0 ? this.of(LENGTHS) : this.below(20_000));
  }

  #whole(bytes: number): number {
    return Math.ceil(bytes / this.#unit) * this.#unit;
  }

  weighted<T>(choices: readonly (readonly [weight: number, choice: T])[]): T {
    let at = this.below(choices.reduce((sum, [weight]) => sum + weight, 0));
    const found = choices.find(([weight]) => {
      at -= weight;
      return at < 0;
    });
    return (found as (typeof choices)[number])[1];
  }

  seed(): number {
    return this.below(1000);
  }
}

type Generator = (pick: Picker) => string;

/** Calls and how often they come. */
const GENERATORS: readonly (readonly [weight: number, generator: Generator])[] = [
  [6, (p) => `open ${p.slot()} ${p.path()} O_NONBLOCK|${p.of(OPEN_FLAGS)} ${p.of(MODES)}`],
  [1, (p) => `open ${p.slot()} . O_TMPFILE|O_RDWR ${p.of(MODES)}`],
  [2, (p) => `close ${p.slot()}`],
  [2, (p) => `make ${p.path()} ${p.of(MODES)}`],
  [4, (p) => `mkdir ${p.path()} ${p.of(MODES)}`],
  [2, (p) => `rmdir ${p.path()}`],
  [2, (p) => `unlink ${p.path()}`],
  [2, (p) => `symlink ${p.path()} ${p.path()}`],
  [3, (p) => `link ${p.path()} ${p.path()} ${p.of(["0", "AT_SYMLINK_FOLLOW"])}`],
  [1, (p) => `linkfile ${p.slot()} ${p.path()}`],
  [4, (p) => `rename ${p.path()} ${p.path()} ${p.of(RENAMES)}`],
  [1, (p) => `mknod ${p.path()} ${p.of(["S_IFIFO", "S_IFCHR", "S_IFSOCK", "0"])}|0640 4 70`],
  [1, (p) => `readlink ${p.path()}`],
  [1, (p) => `access ${p.path()} ${p.of(["R_OK", "W_OK", "X_OK", "F_OK"])}`],
  [1, (p) => `list ${p.path()}`],
  [3, (p) => `lstat ${p.path()} type,mode,nlink,uid,gid,rdev`],
  [1, (p) => `fstat ${p.slot()} type,mode,nlink,uid,gid,size`],
  [3, (p) => `chmod ${p.path()} ${p.of(MODES)}`],
  [1, (p) => `fchmod ${p.slot()} ${p.of(MODES)}`],
  [2, (p) => `chown ${p.path()} ${p.of(IDS)} ${p.of(IDS)}`],
  [1, (p) => `lchown ${p.path()} ${p.of(IDS)} ${p.of(IDS)}`],
  [1, (p) => `fchown ${p.slot()} ${p.of(IDS)} ${p.of(IDS)}`],
  [
    2,
    (p) =>
      `utimens ${p.path()} ${p.of(TIMES)} ${p.of(TIMES)} ${p.of(["0", "AT_SYMLINK_NOFOLLOW"])}`,
  ],
  [1, (p) => `utimens ${p.path()}`],
  [1, (p) => `umask ${p.of(["0", "022", "027", "077"])}`],
  [
    3,
    (p) =>
      `setxattr ${p.path()} ${p.of(XATTRS)} #${p.below(200)} ${p.of(["0", "XATTR_CREATE", "XATTR_REPLACE"])}`,
  ],
  [2, (p) => `getxattr ${p.path()} ${p.of(XATTRS)} ${p.of(["0", "10", "300"])}`],
  [1, (p) => `listxattr ${p.path()}`],
  [1, (p) => `removexattr ${p.path()} ${p.of(XATTRS)}`],
  [2, (p) => `setxattr ${p.path()} system.posix_acl_access ${p.of(LISTS)} 0`],
  [2, (p) => `setxattr ${p.path()} system.posix_acl_default ${p.of(LISTS)} 0`],
  [1, (p) => `removexattr ${p.path()} system.posix_acl_${p.of(["access", "default"])}`],
  [10, (p) => `write ${p.slot()} ${p.offset()} ${p.length()} ${p.seed()}`],
  [2, (p) => `write ${p.slot()} -1 ${p.length()} ${p.seed()}`],
  [4, (p) => `read ${p.slot()} ${p.offset()} ${p.length()}`],
  [1, (p) => `read ${p.slot()} -1 ${p.length()}`],
  [1, (p) => `seek ${p.slot()} ${p.offset()} SEEK_SET`],
  [2, (p) => `truncate ${p.path()} ${p.offset()}`],
  [2, (p) => `ftruncate ${p.slot()} ${p.offset()}`],
  [5, (p) => `fallocate ${p.slot()} ${p.of(ALLOCATIONS)} ${p.offset()} ${p.length()}`],
  [3, (p) => `copy ${p.slot()} ${p.offset()} ${p.slot()} ${p.offset()} ${p.length()}`],
  [1, (p) => `fsync ${p.slot()}`],
  [
    2,
    (p) =>
      `map ${p.map()} ${p.slot()} ${p.of([4096, 65_536, 200_000])} PROT_READ|PROT_WRITE MAP_SHARED`,
  ],
  [1, (p) => `unmap ${p.map()}`],
  [2, (p) => `get ${p.map()} ${p.below(60_000)} ${p.below(5000)}`],
  [1, (p) => `msync ${p.map()}`],
];

/** Calls on the contents of two files, through three open files and a mapping. */
const FILE_GENERATORS: typeof GENERATORS = [
  [8, (p) => `write ${p.below(3)} ${p.offset()} ${p.length()} ${p.seed()}`],
  [1, (p) => `write ${p.below(3)} -1 ${p.length()} ${p.seed()}`],
  [5, (p) => `read ${p.below(3)} ${p.offset()} ${p.length()}`],
  [3, (p) => `ftruncate ${p.below(3)} ${p.offset()}`],
  [7, (p) => `fallocate ${p.below(3)} ${p.of(ALLOCATIONS)} ${p.offset()} ${p.length()}`],
  [5, (p) => `copy ${p.below(3)} ${p.offset()} ${p.below(3)} ${p.offset()} ${p.length()}`],
  [4, (p) => `get ${p.below(2)} ${p.offset()} ${p.length()}`],
  [1, (p) => `msync ${p.below(2)}`],
  [1, (p) => `fsync ${p.below(3)}`],
  [1, (p) => `sum ${p.of(["a", "b"])}`],
  [1, (p) => `fstat ${p.below(3)} size`],
  [
    1,
    (p) => `open ${p.below(3)} ${p.of(["a", "b"])} O_RDWR|O_CREAT${p.of(["", "|O_APPEND"])} 0644`,
  ],
  [1, (p) => `map ${p.below(2)} ${p.below(3)} 262144 PROT_READ|PROT_WRITE MAP_SHARED`],
];

/**
 * Writing through a mapping, too. What a program writes behind the end of a file, but in its last page, may show when the
 * file grows: FUSE does not clear it, other than file systems in the kernel (docs/MOUNT.md). So sizes are whole pages.
 */
const MAPPED_GENERATORS: typeof GENERATORS = [
  ...FILE_GENERATORS,
  [6, (p) => `put ${p.below(2)} ${p.offset()} ${p.length()} ${p.seed()}`],
];
const MEMORY_PAGE = 4096;

const OPEN_BOTH: readonly string[] = [
  ...["open 0 a O_RDWR|O_CREAT 0644", "open 1 b O_RDWR|O_CREAT 0644", "open 2 a O_RDWR"],
  ...["map 0 0 262144 PROT_READ|PROT_WRITE MAP_SHARED"],
];

/**
 * What a sequence is about: the whole tree, by several users or by root alone, or the contents of two files, mapped or not.
 */
export type SequenceKind = "tree" | "alone" | "files" | "mapped";

/** A sequence of calls; the same seed makes the same. */
export function randomCalls(kind: SequenceKind, seed: number, count: number): readonly string[] {
  const pick = new Picker(seed, kind === "mapped" ? MEMORY_PAGE : 1);
  if (kind === "tree") return ["chmod . 0777", "umask 0", ...treeCalls(pick, count)];
  if (kind === "alone") {
    return Array.from({ length: count }, () => withoutSticky(pick.weighted(GENERATORS)(pick)));
  }
  const generators = kind === "mapped" ? MAPPED_GENERATORS : FILE_GENERATORS;
  return [...OPEN_BOTH, ...Array.from({ length: count }, () => pick.weighted(generators)(pick))];
}

/** Where nobody checks permissions the kernel does not see that a directory is sticky (docs/MOUNT.md). */
function withoutSticky(call: string): string {
  return call.replace(/ 01777$/, " 0777");
}

function treeCalls(pick: Picker, count: number): readonly string[] {
  return Array.from({ length: count }, () => {
    const call = pick.weighted(GENERATORS)(pick);
    return ROOT_ONLY.test(call) ? call : pick.of(USERS) + call;
  });
}

/** Lets go of everything open. */
export const LET_GO: readonly string[] = [
  ...Array.from({ length: MAPPINGS }, (_, map) => `unmap ${map}`),
  ...Array.from({ length: SLOTS }, (_, slot) => `close ${slot}`),
];

/** Calls that tell all that can be seen of the paths a sequence may use. */
export function lookAtAll(): readonly string[] {
  const paths: string[] = [...NAMES];
  for (const top of NAMES) for (const below of NAMES) paths.push(`${top}/${below}`);
  return [
    "list .",
    ...paths.flatMap((path) => [
      `lstat ${path} type,mode,nlink,uid,gid,size,rdev`,
      `sum ${path}`,
      `list ${path}`,
      `readlink ${path}`,
      `listxattr ${path}`,
      `getxattr ${path} system.posix_acl_access`,
      `getxattr ${path} system.posix_acl_default`,
      `getxattr ${path} user.a`,
    ]),
  ];
}
