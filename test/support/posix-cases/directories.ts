/**
 * Reading directories while they change, and reaching inodes by handle (open_by_handle_at(2)).
 *
 * @module
 */
import { make, type PosixCase, remove, STRANGER, TYPES } from "./posix-case.ts";

const COUNTS = [0, 1, 100, 300];

const walks: readonly PosixCase[] = COUNTS.flatMap((count) => [
  {
    call: "seekdir",
    name: `finds ${count} entries again, in any order`,
    steps: ["mkdir d 0755", `fill d ${count}`, `walk d => ${count + 2} 0 ${count + 2}`],
  },
  {
    call: "readdir",
    name: `shows ${count} entries that are removed meanwhile`,
    steps: ["mkdir d 0755", `fill d ${count}`, `walk d unlink => ${count + 2} 0 2`, "rmdir d => 0"],
  },
  {
    call: "readdir",
    name: `comes to an end while ${count} entries are renamed`,
    steps: ["mkdir d 0755", `fill d ${count}`, `walk d rename => ${count + 2} 0 ${count + 2}`],
  },
]);

const open: readonly PosixCase[] = [
  {
    call: "rename",
    name: "over an open directory leaves it without links",
    steps: [
      "mkdir a 0755",
      "mkdir b 0755",
      "open 0 b O_RDONLY|O_DIRECTORY",
      "rename a b => 0",
      "fstat 0 nlink => 0",
      "fsync 0 => 0",
      "stat b nlink => 2",
      "stat . nlink => 3",
    ],
  },
  {
    call: "open",
    name: "with O_CREAT through links that lead nowhere",
    steps: [
      "symlink to l",
      "symlink nodir/to m",
      "open 0 l O_WRONLY|O_CREAT|O_EXCL 0644 => EEXIST",
      "open 0 l O_WRONLY|O_CREAT|O_NOFOLLOW 0644 => ELOOP",
      "open 0 l O_RDONLY|O_CREAT|O_DIRECTORY 0644 => EINVAL",
      "open 0 m O_WRONLY|O_CREAT 0644 => ENOENT",
      "open 0 l O_PATH => ENOENT",
      "open 1 l O_PATH|O_NOFOLLOW => 0",
      "fstat 1 type,size => l 2",
      "open 2 l O_WRONLY|O_CREAT 0644 => 0",
      "list . => ..:d .:d l:l m:l to:r",
    ],
  },
];

const handles: readonly PosixCase[] = TYPES.flatMap((type) => [
  {
    call: "open_by_handle_at",
    name: `of a ${type}`,
    steps: [
      "mkdir d 0755",
      "mkdir e 0755",
      make(type, "d/a"),
      "handle 0 d/a => 0",
      "openhandle 0 O_PATH => 0",
      "openhandle 0 O_RDONLY|O_NONBLOCK|O_DIRECTORY",
      "rename d/a e/b => 0",
      "openhandle 0 O_PATH => 0",
      ...(type === "directory" ? [] : ["link e/b c", "unlink e/b", "openhandle 0 O_PATH => 0"]),
      remove(type, type === "directory" ? "e/b" : "c"),
      "openhandle 0 O_PATH => ESTALE",
      make(type, "d/a"),
      "openhandle 0 O_PATH => ESTALE",
    ],
  },
]);

const byHandle: readonly PosixCase[] = [
  {
    call: "open_by_handle_at",
    name: "of a file that is open and has no name",
    steps: [
      "open 0 f O_RDWR|O_CREAT 0644",
      "handle 0 f",
      "unlink f",
      "openhandle 0 O_RDWR => 0",
      "close 0",
      "openhandle 0 O_RDWR => ESTALE",
    ],
  },
  {
    call: "open_by_handle_at",
    name: "is for those who may read everything",
    steps: [
      "chmod . 0777",
      "make f 0666",
      "handle 0 f",
      `${STRANGER} handle 1 f => 0`,
      `${STRANGER} openhandle 1 O_RDONLY => EPERM`,
    ],
  },
];

/** Cases about directories that are read, and handles. */
export const directoryCases: readonly PosixCase[] = [...walks, ...open, ...handles, ...byHandle];
