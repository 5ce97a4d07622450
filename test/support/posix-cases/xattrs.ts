/**
 * Extended attributes (xattr(7)).
 *
 * @module
 */
import { MEMBER, make, OWNER, type PosixCase, STRANGER, TYPES } from "./posix-case.ts";

const SPACES = [
  "user.x",
  "trusted.x",
  "security.x",
  "system.x",
  "foo.x",
  "x",
  "user.",
  "trusted.",
  "security.",
  "user",
];

const spaces: readonly PosixCase[] = TYPES.flatMap((type) =>
  SPACES.map((name) => ({
    call: "setxattr",
    name: `${name} of a ${type}`,
    steps: [
      make(type, "a"),
      `setxattr a ${name} value`,
      `getxattr a ${name}`,
      "listxattr a",
      `removexattr a ${name}`,
      `getxattr a ${name}`,
    ],
  })),
);

const users: readonly PosixCase[] = [OWNER, MEMBER, STRANGER].flatMap((user) =>
  ["user.x", "trusted.x", "security.x"].flatMap((name) =>
    ["0644", "0666", "0600", "0640"].map((mode) => ({
      call: "setxattr",
      name: `${user} sets ${name} where the mode is ${mode}`,
      steps: [
        "make f 0",
        "chown f 2001 2001",
        `chmod f ${mode}`,
        `setxattr f ${name} old`,
        `${user} getxattr f ${name}`,
        `${user} setxattr f ${name} new`,
        `${user} listxattr f`,
        `${user} removexattr f ${name}`,
        "listxattr f",
      ],
    })),
  ),
);

const values: readonly PosixCase[] = [
  ...[0, 1, 100, 1000, 3000].map((length) => ({
    call: "setxattr",
    name: `${length} bytes`,
    steps: [
      "make f 0644",
      `setxattr f user.x ${length === 0 ? "''" : `#${length}`} => 0`,
      `getxattr f user.x 0 => ${length}`,
      "getxattr f user.x",
      ...(length > 1 ? [`getxattr f user.x ${length - 1} => ERANGE`] : []),
      ...(length > 0 ? [`getxattr f user.x ${length}`] : []),
      "setxattr f user.x again => 0",
      "getxattr f user.x",
    ],
  })),
  {
    call: "setxattr",
    name: "flags",
    steps: [
      "make f 0644",
      "setxattr f user.x v XATTR_REPLACE => ENODATA",
      "setxattr f user.x v XATTR_CREATE => 0",
      "setxattr f user.x w XATTR_CREATE => EEXIST",
      "setxattr f user.x w XATTR_REPLACE => 0",
      "getxattr f user.x",
      "setxattr f user.x w 0x4 => EINVAL",
      "setxattr f user.x #65537 0 => E2BIG",
      `setxattr f user.${"n".repeat(250)} v 0 => 0`,
      `setxattr f user.${"n".repeat(251)} v 0 => ERANGE`,
      `getxattr f user.${"n".repeat(251)} => ERANGE`,
      "removexattr f user.none => ENODATA",
    ],
  },
  {
    call: "listxattr",
    name: "of many",
    steps: [
      "make f 0644",
      ...Array.from({ length: 40 }, (_, i) => `setxattr f user.name${i} v => 0`),
      "listxattr f",
      "removexattr f user.name7",
      "listxattr f",
    ],
  },
  {
    call: "setxattr",
    name: "on a sticky directory",
    steps: [
      "mkdir d 0777",
      "chmod d 01777",
      `${STRANGER} setxattr d user.x v => EPERM`,
      "chmod d 0777",
      `${STRANGER} setxattr d user.x v => 0`,
    ],
  },
  {
    call: "setxattr",
    name: "keeps to its inode",
    steps: [
      "make f 0644",
      "setxattr f user.x v",
      "link f g",
      "getxattr g user.x",
      "rename f h",
      "getxattr h user.x",
      "unlink h",
      "getxattr g user.x",
      "unlink g",
      "make g 0644",
      "listxattr g",
    ],
  },
];

const capabilities: readonly PosixCase[] = [
  "write 0 0 1 1",
  "ftruncate 0 0",
  "chown f 2001 2001",
  "chmod f 0700",
].map((call) => ({
  call: "security.capability",
  name: `and ${call}`,
  steps: [
    "open 0 f O_RDWR|O_CREAT 0777",
    "write 0 0 10 1",
    "setxattr f security.capability v",
    `${OWNER} ${call}`,
    call,
    "listxattr f",
  ],
}));

/** Cases about extended attributes. */
export const xattrCases: readonly PosixCase[] = [...spaces, ...users, ...values, ...capabilities];
