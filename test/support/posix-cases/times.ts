/**
 * Which calls change which times, and utimensat(2).
 *
 * @module
 */
import {
  MEMBER,
  make,
  OWNER,
  type PosixCase,
  ROOT,
  remove,
  STRANGER,
  TYPES,
} from "./posix-case.ts";

/** The times of paths around a call. */
function around(call: string, paths: readonly string[], after = paths): readonly string[] {
  return [...paths.map((path) => `times ${path}`), call, ...after.map((path) => `times ${path}`)];
}

const names: readonly PosixCase[] = TYPES.flatMap((type) => [
  {
    call: `make a ${type}`,
    name: "changes the directory",
    steps: ["mkdir d 0755", "times d", make(type, "d/a"), "times d => m+ c+"],
  },
  {
    call: `make a ${type}`,
    name: "in vain changes nothing",
    steps: ["mkdir d 0755", "make d/a 0644", ...around(make(type, "d/a"), ["d", "d/a"])],
  },
  {
    call: `remove a ${type}`,
    name: "changes the directory",
    steps: ["mkdir d 0755", make(type, "d/a"), "times d", remove(type, "d/a"), "times d => m+ c+"],
  },
  {
    call: "rename",
    name: `of a ${type} changes it and both directories`,
    steps: [
      "mkdir d 0755",
      "mkdir e 0755",
      make(type, "d/a"),
      ...around("rename d/a e/b", ["d", "e", "d/a"], ["d", "e", "e/b"]),
      ...around("rename e/b e/c", ["e", "e/b"], ["e", "e/c"]),
    ],
  },
  {
    call: "rename",
    name: `over a ${type} changes the directories and the last link`,
    steps: [
      "mkdir d 0755",
      "mkdir e 0755",
      make(type, "d/a"),
      type === "directory" ? "mkdir e/b 0755" : "make e/b 0644",
      ...(type === "directory" ? [] : ["link e/b e/other"]),
      ...around(
        "rename d/a e/b",
        ["d", "e", "d/a", ...(type === "directory" ? [] : ["e/other"])],
        ["d", "e", "e/b", ...(type === "directory" ? [] : ["e/other"])],
      ),
    ],
  },
  {
    call: "rename RENAME_EXCHANGE",
    name: `of a ${type} changes both`,
    steps: [
      "mkdir d 0755",
      "mkdir e 0755",
      make(type, "d/a"),
      "make e/b 0644",
      ...around("rename d/a e/b RENAME_EXCHANGE", ["d", "e", "d/a", "e/b"]),
    ],
  },
  {
    call: "chown",
    name: `of a ${type} changes its ctime`,
    steps: [make(type, "a"), ...around("lchown a 5 5", ["a", "."])],
  },
  {
    call: "chown",
    name: `of a ${type} to what it was`,
    steps: [make(type, "a"), ...around("lchown a 0 0", ["a"]), ...around("lchown a -1 -1", ["a"])],
  },
  {
    call: "chown",
    name: `of a ${type} by a stranger`,
    steps: [make(type, "a"), ...around(`${STRANGER} lchown a 5 5`, ["a"])],
  },
  ...(type === "link"
    ? []
    : [
        {
          call: "chmod",
          name: `of a ${type} changes its ctime`,
          steps: [
            make(type, "a"),
            ...around("chmod a 0711", ["a", "."]),
            ...around("chmod a 0711", ["a"]),
          ],
        },
        {
          call: "chmod",
          name: `of a ${type} by a stranger`,
          steps: [make(type, "a"), ...around(`${STRANGER} chmod a 0711`, ["a"])],
        },
      ]),
  ...(type === "directory"
    ? []
    : [
        {
          call: "link",
          name: `of a ${type} changes its ctime and the directory`,
          steps: [
            "mkdir d 0755",
            make(type, "a"),
            ...around("link a d/b", ["a", "d", "."]),
            ...around("link a d/b", ["a", "d"]),
            ...around("unlink d/b", ["a", "d"], ["a", "d"]),
          ],
        },
      ]),
  {
    call: "setxattr",
    name: `of a ${type} changes its ctime`,
    steps: [
      make(type, "a"),
      ...around("setxattr a trusted.x v", ["a"]),
      ...around("getxattr a trusted.x", ["a"]),
      ...around("removexattr a trusted.x", ["a"]),
      ...around("removexattr a trusted.x", ["a"]),
    ],
  },
  ...[
    "1 2",
    "now 2",
    "1 omit",
    "omit 2",
    "omit omit",
    "now now",
    "omit now",
    "now omit",
    "-5.5 4294967296.999999999",
  ].map((times) => ({
    call: "utimensat",
    name: `of a ${type} to ${times}`,
    steps: [
      make(type, "a"),
      "utimens a 10.000000001 20.000000002 AT_SYMLINK_NOFOLLOW => 0",
      "lstat a atime,mtime => 10.000000001 20.000000002",
      "times a",
      `utimens a ${times} AT_SYMLINK_NOFOLLOW`,
      ...(times.includes("now") ? [] : ["lstat a atime,mtime"]),
      "times a",
    ],
  })),
]);

const contents: readonly PosixCase[] = [
  ["write", "write 0 0 10 1"],
  ["write of nothing", "write 0 0 0 1"],
  ["write in vain", "write 1 0 10 1"],
  ["read", "read 0 0 10"],
  ["ftruncate to less", "ftruncate 0 1"],
  ["ftruncate to more", "ftruncate 0 1000"],
  ["ftruncate to the same", "ftruncate 0 5"],
  ["truncate to less", "truncate f 1"],
  ["truncate to the same", "truncate f 5"],
  ["truncate to more", "truncate f 100000"],
  ["truncate in vain", "truncate f -1"],
  ["open O_TRUNC", "open 2 f O_WRONLY|O_TRUNC"],
  ["open O_TRUNC|O_CREAT", "open 2 f O_WRONLY|O_TRUNC|O_CREAT 0644"],
  ["open", "open 2 f O_RDWR"],
  ["fsync", "fsync 0"],
  ["fallocate", "fallocate 0 0 0 1000"],
  ["fallocate within", "fallocate 0 0 0 2"],
  ["fallocate beyond the end", "fallocate 0 FALLOC_FL_KEEP_SIZE 100000 10"],
  ["fallocate of a hole", "fallocate 0 FALLOC_FL_PUNCH_HOLE|FALLOC_FL_KEEP_SIZE 0 3"],
  ["fallocate of zeros", "fallocate 0 FALLOC_FL_ZERO_RANGE 0 3"],
  ["copy_file_range", "copy 3 0 0 0 4"],
  ["copy_file_range from it", "copy 0 0 3 0 4"],
  ["flock", "flock 0 LOCK_EX"],
  ["seek", "seek 0 1 SEEK_DATA"],
  ["stat", "stat f size"],
].map(([name = "", call = ""]) => ({
  call: name,
  name: "and the times of the file",
  steps: [
    "open 0 f O_RDWR|O_CREAT 0644",
    "write 0 0 5 1",
    "open 1 f O_RDONLY",
    "open 3 g O_RDWR|O_CREAT 0644",
    "write 3 0 5 2",
    ...around(call, ["f", "."]),
    "stat f size",
  ],
}));

/** Who may set times how: owners anything; who may write, both to now. */
const rights: readonly PosixCase[] = [OWNER, MEMBER, STRANGER, ROOT].flatMap((user) =>
  ["0600", "0660", "0666", "0444"].flatMap((mode) =>
    ["", "now now", "now omit", "omit now", "1 2", "1 omit", "omit omit"].map((times) => ({
      call: "utimensat",
      name: `${user} sets ${times === "" ? "both to now" : times} of a file of mode ${mode}`,
      steps: [
        "make f 0",
        "chown f 2001 2001",
        `chmod f ${mode}`,
        ...around(`${user} utimens f${times === "" ? "" : ` ${times}`}`, ["f"]),
      ],
    })),
  ),
);

const range: readonly PosixCase[] = [
  "0",
  "0.000000001",
  "0.999999999",
  "-1",
  "-1.999999999",
  "2147483647",
  "2147483648",
  "4294967295.5",
  "4294967296",
  "8589934592.123456789",
].map((time) => ({
  call: "utimensat",
  name: `to ${time}`,
  steps: [
    "make f 0644",
    `utimens f ${time} ${time} => 0`,
    "stat f atime,mtime",
    "open 0 f O_RDWR",
    "fstat 0 mtime",
  ],
}));

const beyond: readonly PosixCase[] = ["4611686018427387904", "-4611686018427387904"].map(
  (time) => ({
    call: "utimensat",
    name: `to ${time}, which nothing can keep, leaves a file that can be used`,
    steps: [
      "make f 0644",
      `utimens f ${time} ${time} => 0`,
      "chmod f 0600 => 0",
      "utimens f 1 2 => 0",
      "stat f mode,atime,mtime => 0600 1.000000000 2.000000000",
    ],
  }),
);

/** What reads, with and without O_NOATIME, make of an access time before the last change. */
const accesses: readonly PosixCase[] = [
  {
    call: "O_NOATIME",
    name: "leaves the access time of a file",
    steps: [
      "open 0 f O_RDWR|O_CREAT 0644",
      "write 0 0 10 1",
      "utimens f 1 2",
      "open 1 f O_RDONLY|O_NOATIME",
      "read 1 0 10",
      "stat f atime => 1.000000000",
    ],
  },
  {
    call: "O_NOATIME",
    name: "leaves the access time of a directory",
    steps: [
      "mkdir d 0755",
      "make d/a 0644",
      "utimens d 1 2",
      "list d O_NOATIME => ..:d .:d a:r",
      "stat d atime => 1.000000000",
    ],
  },
  {
    call: "O_NOATIME",
    name: "is for owners",
    steps: [
      "make f 0666",
      "chown f 2001 2001",
      `${OWNER} open 0 f O_RDONLY|O_NOATIME => 0`,
      `${STRANGER} open 0 f O_RDONLY|O_NOATIME => EPERM`,
    ],
  },
];

const invalid: readonly PosixCase[] = [
  {
    call: "utimensat",
    name: "nanoseconds that are too many",
    steps: [
      "make f 0644",
      "utimens f 1.1000000000 1 => EINVAL",
      "utimens f 1 1.2000000000 => EINVAL",
    ],
  },
];

/** Cases about times. */
export const timeCases: readonly PosixCase[] = [
  ...names,
  ...contents,
  ...rights,
  ...range,
  ...beyond,
  ...accesses,
  ...invalid,
];
