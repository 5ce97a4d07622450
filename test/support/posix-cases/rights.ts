/**
 * Who may do what: permission bits, access control lists, owners, set-ID bits.
 *
 * @module
 */
import { MEMBER, make, OWNER, type PosixCase, ROOT, STRANGER, TYPES } from "./posix-case.ts";

const USERS = [OWNER, MEMBER, STRANGER, ROOT];
const DIGITS = ["0", "1", "2", "3", "4", "5", "6", "7"];

/** Every class of users with every triple of bits. */
const bits: readonly PosixCase[] = DIGITS.flatMap((digit) =>
  [`0${digit}00`, `00${digit}0`, `000${digit}`].flatMap((mode) =>
    USERS.flatMap((user) => [
      {
        call: "open",
        name: `${user} of a file of mode ${mode}`,
        steps: [
          "make f 0",
          "chown f 2001 2001",
          `chmod f ${mode}`,
          ...["O_RDONLY", "O_WRONLY", "O_RDWR", "O_RDONLY|O_TRUNC", "O_WRONLY|O_APPEND"].map(
            (flags) => `${user} open 0 f ${flags}`,
          ),
          ...["R_OK", "W_OK", "X_OK", "R_OK|W_OK", "R_OK|X_OK"].map(
            (right) => `${user} access f ${right}`,
          ),
          `${user} truncate f 3`,
        ],
      },
      {
        call: "directory",
        name: `${user} in one of mode ${mode}`,
        steps: [
          "mkdir d 0755",
          "make d/f 0666",
          "make d/g 0666",
          "mkdir d/e 0777",
          "chown d 2001 2001",
          `chmod d ${mode}`,
          `${user} list d`,
          `${user} stat d/f type`,
          `${user} make d/h 0644`,
          `${user} mkdir d/i 0755`,
          `${user} symlink x d/l`,
          `${user} mkfifo d/p 0644`,
          `${user} bind d/s`,
          `${user} link d/f d/k`,
          `${user} rename d/f d/m`,
          `${user} unlink d/g`,
          `${user} rmdir d/e`,
          `${user} open 0 d O_TMPFILE|O_RDWR 0600`,
          `${user} open 1 d/missing O_RDONLY`,
          `${user} readlink d/l`,
          "list d",
        ],
      },
    ]),
  ),
);

const accesses: readonly PosixCase[] = TYPES.flatMap((type) =>
  ["0", "0666", "0100", "0010", "0001"].map((mode) => ({
    call: "access",
    name: `root on a ${type} of mode ${mode}`,
    steps: [
      make(type, "a"),
      `chmod a ${mode}`,
      ...["F_OK", "R_OK", "W_OK", "X_OK", "R_OK|X_OK"].map((right) => `access a ${right}`),
      "chdir a",
    ],
  })),
);

const chmods: readonly PosixCase[] = USERS.flatMap((user) =>
  ["0", "0644", "01777", "02755", "04755", "06777", "02644"].flatMap((mode) =>
    ["file", "directory", "fifo"].flatMap((type) =>
      ["2001", "2003"].map((group) => ({
        call: "chmod",
        name: `${user} of a ${type} of 2001:${group} to ${mode}`,
        steps: [
          make(type, "a"),
          `chown a 2001 ${group}`,
          `${user} chmod a ${mode}`,
          "stat a mode,uid,gid",
        ],
      })),
    ),
  ),
);

const chowns: readonly PosixCase[] = [...USERS, "as 2001:2001,2002"].flatMap((user) =>
  [
    "-1 -1",
    "2001 -1",
    "-1 2001",
    "-1 2002",
    "-1 2003",
    "2002 -1",
    "2001 2002",
    "0 0",
    "2001 2001",
  ].flatMap((to) => [
    ...["0644", "04755", "02755", "06777", "02666", "06644"].flatMap((mode) =>
      ["file", "directory", "fifo"].flatMap((type) =>
        // See ROOT_ONLY in posix-sequence.ts.
        to === "-1 -1" && !user.includes("2001:") && user !== ROOT
          ? []
          : [
              {
                call: "chown",
                name: `${user} of a ${type} of mode ${mode} to ${to}`,
                steps: [
                  make(type, "a"),
                  "chown a 2001 2001",
                  `chmod a ${mode}`,
                  `${user} chown a ${to}`,
                  "stat a mode,uid,gid",
                ],
              },
            ],
      ),
    ),
    ...TYPES.map((type) => ({
      call: "lchown",
      name: `${user} of a ${type} to ${to}`,
      steps: [
        make(type, "a"),
        "lchown a 2001 2001",
        "times a",
        `${user} lchown a ${to}`,
        "lstat a mode,uid,gid",
        "times a",
      ],
    })),
  ]),
);

const setIds: readonly PosixCase[] = USERS.flatMap((user) =>
  ["06777", "02666", "04666", "02676", "01777"].flatMap((mode) =>
    [
      ["write", "write 0 0 10 1"],
      ["write of nothing", "write 0 0 0 1"],
      ["append", "write 1 -1 10 1"],
      ["ftruncate", "ftruncate 0 3"],
      ["ftruncate to the same", "ftruncate 0 20"],
      ["truncate", "truncate f 3"],
      ["fallocate", "fallocate 0 0 0 1000"],
      ["fallocate of a hole", "fallocate 0 FALLOC_FL_PUNCH_HOLE|FALLOC_FL_KEEP_SIZE 0 3"],
      ["fallocate of zeros", "fallocate 0 FALLOC_FL_ZERO_RANGE 0 3"],
      ["copy_file_range", "copy 2 0 0 0 10"],
      ["open O_TRUNC", "open 3 f O_WRONLY|O_TRUNC"],
      ["read", "read 0 0 5"],
      ["setxattr", "setxattr f user.x v"],
      ["utimensat", "utimens f"],
    ].map(([name = "", call = ""]) => ({
      call: `set-ID bits, ${name}`,
      name: `${user} of mode ${mode}`,
      steps: [
        "make f 0644",
        "make g 0666",
        "open 0 f O_RDWR",
        "open 1 f O_WRONLY|O_APPEND",
        "open 2 g O_RDWR",
        "write 0 0 20 1",
        "write 2 0 20 2",
        "chown f 2001 2001",
        `chmod f ${mode}`,
        `${user} ${call}`,
        "stat f mode,size",
        "fstat 0 mode",
      ],
    })),
  ),
);

const LISTS = [
  "acl:1:0:7,4:0:7,32:0:7",
  "acl:1:0:6,4:0:4,32:0:0",
  "acl:1:0:7,2:2002:6,4:0:0,16:0:7,32:0:0",
  "acl:1:0:7,2:2002:7,4:0:5,16:0:4,32:0:5",
  "acl:1:0:7,4:0:0,8:2001:6,16:0:6,32:0:0",
  "acl:1:0:0,2:2003:7,4:0:7,16:0:7,32:0:7",
];

const lists: readonly PosixCase[] = LISTS.flatMap((list) => [
  ...["0", "027"].flatMap((umask) =>
    [
      "make d/a 0777",
      "make d/a 0640",
      "mkdir d/a 0777",
      "mkdir d/a 02750",
      "mkfifo d/a 0666",
      "mknod d/a S_IFSOCK|0622",
      "symlink x d/a",
      "open 0 d/a O_CREAT|O_RDWR 06755",
    ].map((step) => ({
      call: "default access control list",
      name: `${list}, umask ${umask}, ${step}`,
      steps: [
        "mkdir d 0777",
        `setxattr d system.posix_acl_default ${list} => 0`,
        `umask ${umask}`,
        `${OWNER} ${step}`,
        "umask 0",
        "lstat d/a type,mode,uid,gid",
        "getxattr d/a system.posix_acl_access",
        "getxattr d/a system.posix_acl_default",
        "listxattr d/a",
        "getxattr d system.posix_acl_default",
      ],
    })),
  ),
  {
    call: "default access control list",
    name: `${list} and O_TMPFILE`,
    steps: [
      "mkdir d 0777",
      `setxattr d system.posix_acl_default ${list} => 0`,
      "umask 022",
      "open 0 d O_TMPFILE|O_RDWR 0666",
      "umask 0",
      "fstat 0 mode",
      "linkfile 0 d/f",
      "getxattr d/f system.posix_acl_access",
    ],
  },
  ...USERS.map((user) => ({
    call: "access control list",
    name: `${list} and ${user}`,
    steps: [
      "make f 0600",
      "chown f 2001 2001",
      `setxattr f system.posix_acl_access ${list} => 0`,
      "stat f mode",
      "getxattr f system.posix_acl_access",
      "listxattr f",
      ...["R_OK", "W_OK", "X_OK"].map((right) => `${user} access f ${right}`),
      ...["O_RDONLY", "O_WRONLY"].map((flags) => `${user} open 0 f ${flags}`),
      "chmod f 0640 => 0",
      "getxattr f system.posix_acl_access",
      `${user} open 0 f O_RDONLY`,
      `${user} setxattr f system.posix_acl_access ${list}`,
      `${user} removexattr f system.posix_acl_access`,
      "stat f mode",
      "listxattr f",
    ],
  })),
  ...["02755", "02775", "06777"].flatMap((mode) =>
    [OWNER, "as 2001:2001,2003", ROOT].map((user) => ({
      call: "access control list",
      name: `${list} set by ${user} on mode ${mode} of another group`,
      steps: [
        "make f 0600",
        "chown f 2001 2003",
        `chmod f ${mode}`,
        `${user} setxattr f system.posix_acl_access ${list}`,
        "stat f mode",
      ],
    })),
  ),
]);

const programsByList: readonly PosixCase[] = [
  ["0755", "acl:1:0:6,4:0:4,32:0:4", "ENOEXEC", "EACCES"],
  ["0644", "acl:1:0:6,2:2002:1,4:0:4,16:0:5,32:0:4", "EACCES", "ENOEXEC"],
].map(([mode = "", list = "", before = "", after = ""]) => ({
  call: "access control list",
  name: `${list} on an empty program of mode ${mode}`,
  steps: [
    `make f ${mode}`,
    `exec f => ${before}`,
    `setxattr f system.posix_acl_access ${list} => 0`,
    `exec f => ${after}`,
  ],
}));

const setIdsByList: readonly PosixCase[] = USERS.flatMap((user) =>
  [
    ["write", "write 0 0 10 1"],
    ["ftruncate", "ftruncate 0 3"],
    ["fallocate", "fallocate 0 0 0 1000"],
    ["fallocate of a hole", "fallocate 0 FALLOC_FL_PUNCH_HOLE|FALLOC_FL_KEEP_SIZE 0 3"],
    ["fallocate of zeros", "fallocate 0 FALLOC_FL_ZERO_RANGE 0 3"],
    ["copy_file_range", "copy 2 0 0 0 10"],
  ].map(([name = "", call = ""]) => ({
    call: `set-ID bits, ${name}`,
    name: `${user} after a list let the group execute`,
    steps: [
      ...["make f 0644", "make g 0666", "open 0 f O_RDWR", "open 2 g O_RDWR"],
      ...["write 0 0 20 1", "write 2 0 20 2", "chown f 2001 2001", "chmod f 02644"],
      "stat f mode",
      "setxattr f system.posix_acl_access acl:1:0:7,4:0:7,32:0:7",
      `${user} ${call}`,
      "stat f mode,size",
      "fstat 0 mode",
    ],
  })),
);

const setgidDirectories: readonly PosixCase[] = ["access", "default"].flatMap((kind) =>
  USERS.map((user) => ({
    call: "access control list",
    name: `${kind} of a set-group-ID directory of another group, set by ${user}`,
    steps: [
      ...["mkdir d 0755", "chown d 2001 2003", "chmod d 02775"],
      `${user} setxattr d system.posix_acl_${kind} ${LISTS[0]}`,
      "stat d mode,uid,gid",
      `${user} removexattr d system.posix_acl_${kind}`,
      "stat d mode",
    ],
  })),
);

const badLists: readonly PosixCase[] = [
  "acl:",
  "acl:1:0:7",
  "acl:1:0:7,4:0:7",
  "acl:1:0:9,4:0:7,32:0:7",
  "acl:1:0:7,2:2002:7,4:0:7,32:0:7",
  "acl:4:0:7,1:0:7,32:0:7",
  "acl:1:0:7,4:0:7,32:0:7,32:0:7",
  "acl:1:0:7,4:0:7,64:0:7,32:0:7",
  "acl:1:0:7,2:2002:7,2:2002:6,4:0:7,16:0:7,32:0:7",
  "short",
  "''",
  "acl:1:0:7,4:0:7,16:0:7,32:0:7",
].flatMap((list) =>
  ["access", "default"].flatMap((kind) =>
    ["make f 0644", "mkdir f 0755", "mkfifo f 0644", "symlink g f"].map((step) => ({
      call: "access control list",
      name: `${list} as ${kind} of ${step}`,
      steps: [
        step,
        `setxattr f system.posix_acl_${kind} ${list}`,
        "lstat f mode",
        `getxattr f system.posix_acl_${kind}`,
        `removexattr f system.posix_acl_${kind}`,
      ],
    })),
  ),
);

/** Cases about rights. */
export const rightCases: readonly PosixCase[] = [
  ...bits,
  ...accesses,
  ...chmods,
  ...chowns,
  ...setIds,
  ...setIdsByList,
  ...programsByList,
  ...lists,
  ...setgidDirectories,
  ...badLists,
];
