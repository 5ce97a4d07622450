/**
 * `renameat2(2)`: every type over every type, flags, directories below themselves, who may.
 *
 * @module
 */
import { make, OWNER, type PosixCase, STRANGER, TYPES } from "./posix-case.ts";

const ATTRIBUTES = "type,nlink,mode";
const FLAGS = [
  "0",
  "RENAME_NOREPLACE",
  "RENAME_EXCHANGE",
  "RENAME_WHITEOUT",
  "RENAME_NOREPLACE|RENAME_WHITEOUT",
];

/** Makes what the name stands for, if anything. */
function set(type: string, path: string): readonly string[] {
  if (type === "nothing") return [];
  if (type !== "full directory") return [make(type, path)];
  return [make("directory", path), make("file", `${path}/x`)];
}

function over(flags: string, source: string, target: string, to: string): PosixCase {
  return {
    call: `rename ${flags}`,
    name: `a ${source} over a ${target} at ${to}`,
    steps: [
      "mkdir d 0755",
      ...set(source, "a"),
      ...set(target, to),
      `rename a ${to} ${flags}`,
      `lstat a ${ATTRIBUTES},rdev`,
      `lstat ${to} ${ATTRIBUTES}`,
      "list .",
      "list d",
      "stat . nlink",
      "stat d nlink",
    ],
  };
}

const overEach: readonly PosixCase[] = FLAGS.flatMap((flags) =>
  [...TYPES, "nothing"].flatMap((source) =>
    [...TYPES, "nothing", "full directory"].flatMap((target) =>
      ["b", "d/b"].map((to) => over(flags, source, target, to)),
    ),
  ),
);

const others: readonly PosixCase[] = [
  ["RENAME_NOREPLACE|RENAME_EXCHANGE", "EINVAL"],
  ["RENAME_EXCHANGE|RENAME_WHITEOUT", "EINVAL"],
  ["0x8", "EINVAL"],
].map(([flags, code]) => ({
  call: "rename",
  name: `flags ${flags}`,
  steps: ["make a 0644", "make b 0644", `rename a b ${flags} => ${code}`],
}));

const loops: readonly PosixCase[] = ["d/x", "d/e/x", "d/e", "d/e/f"].flatMap((to) =>
  ["0", "RENAME_EXCHANGE", "RENAME_NOREPLACE"].map((flags) => ({
    call: "rename",
    name: `a directory to ${to} below itself, flags ${flags}`,
    steps: [
      "mkdir d 0755",
      "mkdir d/e 0755",
      "mkdir d/e/f 0755",
      `rename d ${to} ${flags}`,
      `rename ${to} d ${flags}`,
      "list d",
    ],
  })),
);

const special: readonly PosixCase[] = [
  {
    call: "rename",
    name: "`.` and `..`",
    steps: [
      "mkdir d 0755",
      "mkdir d/e 0755",
      "rename d/. x => EBUSY",
      "rename d/e/.. x => EBUSY",
      "make f 0644",
      "rename d d/e/.. => EBUSY",
    ],
  },
  {
    call: "rename",
    name: "a link over another of the same file",
    steps: [
      "make a 0644",
      "link a b",
      "rename a b => 0",
      "list . => ..:d .:d a:r b:r",
      "rename a a => 0",
      "rename a b RENAME_NOREPLACE => EEXIST",
      "rename a b RENAME_EXCHANGE => 0",
      "stat a nlink => 2",
    ],
  },
  {
    call: "rename",
    name: "to another file system",
    steps: ["make f 0644", "rename f /dev/shm/dvault-no-rename => EXDEV"],
  },
  {
    call: "rename",
    name: "a directory that may not be written to elsewhere",
    steps: [
      "chmod . 0777",
      "mkdir a 0777",
      "mkdir d 0755",
      "mkdir b 0777",
      "rename d a/d => 0",
      "chown a 2001 2001",
      `${OWNER} rename a/d a/e => 0`,
      `${OWNER} rename a/e b/e => EACCES`,
      "chown a/e 2001 2001",
      `${OWNER} rename a/e b/e => 0`,
    ],
  },
  {
    call: "rename",
    name: "from and to directories that may not be written to",
    steps: [
      "mkdir a 0755",
      "mkdir b 0777",
      "make a/f 0644",
      "make b/f 0644",
      `${STRANGER} rename a/f b/g => EACCES`,
      `${STRANGER} rename b/f a/g => EACCES`,
      `${STRANGER} rename b/f b/g => 0`,
    ],
  },
  {
    call: "rename",
    name: "keeps what `..` means",
    steps: [
      "mkdir a 0755",
      "mkdir b 0755",
      "mkdir a/d 0755",
      "make b/mark 0644",
      "rename a/d b/d => 0",
      "stat b/d/../mark type => r",
      "mkdir a/e 0755",
      "make a/mark2 0644",
      "rename a/e b/d RENAME_EXCHANGE => 0",
      "stat a/e/../mark2 type => r",
      "stat b/d/../mark type => r",
      "stat a nlink => 3",
      "stat b nlink => 3",
    ],
  },
];

/** Cases of `rename`. */
export const renameCases: readonly PosixCase[] = [...overEach, ...others, ...loops, ...special];
