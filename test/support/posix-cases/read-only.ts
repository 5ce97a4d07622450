/**
 * A file system that is mounted read-only: what is made before, and calls that would change it.
 *
 * @module
 */
import { make, OWNER, TYPES } from "./posix-case.ts";

/** Makes something of each type, a program and a full directory. */
export const madeBefore: readonly string[] = [
  "umask 0",
  "chmod . 0777",
  ...TYPES.map((type) => make(type, type)),
  "make directory/x 0666",
  "mkdir empty 0777",
  "symlink /dev/null device",
  "setxattr file user.x v",
  "chmod file 0666",
];

/** Calls that change what is there; `root` is not the only one who may not. */
const CHANGES: readonly string[] = [
  "make new 0644",
  "mkdir new 0755",
  "mkfifo new 0644",
  "mknod new S_IFREG|0644",
  "symlink to new",
  "bind new",
  "link file new",
  "rename file new",
  "rename file link",
  "rename directory new",
  "rename file new RENAME_NOREPLACE",
  "rename file fifo RENAME_EXCHANGE",
  "unlink file",
  "unlink link",
  "rmdir empty",
  "open 0 file O_WRONLY",
  "open 0 file O_RDWR",
  "open 0 file O_RDONLY|O_TRUNC",
  "open 0 new O_RDWR|O_CREAT 0644",
  "open 0 . O_TMPFILE|O_RDWR 0644",
  "truncate file 0",
  "chmod file 0600",
  "chown file 1 1",
  "lchown link 1 1",
  "utimens file",
  "utimens file 1 2",
  "utimens link 1 2 AT_SYMLINK_NOFOLLOW",
  "setxattr file user.y v",
  "removexattr file user.x",
  "access file W_OK",
];

/** Calls that are refused for another reason, and calls that change nothing. */
const OTHERS: readonly string[] = [
  "mkdir file 0755 => EEXIST",
  "symlink to link => EEXIST",
  "make directory 0644 => EEXIST",
  "open 0 none O_RDONLY => ENOENT",
  "open 0 file O_RDONLY|O_CREAT 0644 => 0",
  "fsync 0 => 0",
  "lock 0 F_RDLCK 0 10 => 0",
  "flock 0 LOCK_EX => 0",
  "open 1 device O_WRONLY => 0",
  "open 2 fifo O_RDWR => 0",
  "access file R_OK => 0",
  "list empty => ..:d .:d",
];

/** Each call, and what it must answer on a read-only mount. */
export const readOnlySteps: readonly string[] = [
  ...CHANGES.map((call) => `${call} => EROFS`),
  ...CHANGES.filter((call) => !/^(chmod|l?chown|utimens)/.test(call)).map(
    (call) => `${OWNER} ${call} => EROFS`,
  ),
  ...OTHERS,
];
