/**
 * Making and removing names: what is in the way, who may, links, special files, the sticky bit.
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

const ATTRIBUTES = "type,mode,nlink,uid,gid,rdev";

const inTheWay: readonly PosixCase[] = TYPES.flatMap((type) => [
  ...TYPES.map((made) => ({
    call: `make a ${made}`,
    name: `where a ${type} is`,
    steps: [
      make(type, "a"),
      `${make(made, "a")} => ${made === "socket" ? "EADDRINUSE" : "EEXIST"}`,
    ],
  })),
  {
    call: "link",
    name: `where a ${type} is`,
    steps: [make(type, "a"), "make f 0644", "link f a => EEXIST", "stat f nlink => 1"],
  },
  {
    call: "unlink",
    name: `of a ${type}`,
    steps: [make(type, "a"), `unlink a => ${type === "directory" ? "EISDIR" : "0"}`, "list ."],
  },
  {
    call: "rmdir",
    name: `of a ${type}`,
    steps: [make(type, "a"), `rmdir a => ${type === "directory" ? "0" : "ENOTDIR"}`, "list ."],
  },
  {
    call: "rmdir",
    name: `of a directory with a ${type} in it`,
    steps: ["mkdir d 0755", make(type, "d/a"), "rmdir d => ENOTEMPTY", "list d"],
  },
  {
    call: "link",
    name: `of a ${type}`,
    steps: [
      make(type, "a"),
      `link a b => ${type === "directory" ? "EPERM" : "0"}`,
      `lstat a ${ATTRIBUTES}`,
      `lstat b ${ATTRIBUTES}`,
      ...(type === "directory" ? [] : ["unlink a => 0", `lstat b ${ATTRIBUTES}`, "list ."]),
    ],
  },
  {
    call: "open",
    name: `of a ${type} in each way`,
    steps: [
      make(type, "a"),
      ...["O_RDONLY|O_DIRECTORY", "O_RDONLY|O_NOFOLLOW|O_NONBLOCK", "O_WRONLY|O_NONBLOCK"].map(
        (flags) =>
          type === "block" && !flags.includes("DIRECTORY") ? "umask 0" : `open 0 a ${flags}`,
      ),
      "open 0 a O_RDWR|O_CREAT|O_EXCL 0644 => EEXIST",
      "open 1 a O_PATH|O_NOFOLLOW => 0",
      "fstat 1 type,mode,size",
      "read 1 0 1 => EBADF",
    ],
  },
]);

const made: readonly PosixCase[] = TYPES.flatMap((type) =>
  ["0", "022", "077", "0777"].flatMap((umask) =>
    ["0755", "02755"].map((mode) => ({
      call: `make a ${type}`,
      name: `in a directory of mode ${mode}, with umask ${umask}`,
      steps: [
        "mkdir d 0777",
        "chown d 2002 2002",
        `chmod d ${mode}`,
        `umask ${umask}`,
        make(type, "d/a"),
        "umask 0",
        `lstat d/a ${ATTRIBUTES}`,
        "stat d nlink",
        remove(type, "d/a"),
        "stat d nlink => 2",
      ],
    })),
  ),
);

const modes: readonly PosixCase[] = [
  "0",
  "0111",
  "0644",
  "01777",
  "02777",
  "04777",
  "06711",
  "07777",
].flatMap((mode) =>
  [`make a ${mode}`, `mkdir a ${mode}`, `mkfifo a ${mode}`, `mknod a S_IFSOCK|${mode}`].flatMap(
    (step) => [
      {
        call: step.split(" ")[0] ?? "",
        name: `with mode ${mode}`,
        steps: [step, `lstat a ${ATTRIBUTES}`],
      },
      ...[OWNER, MEMBER].map((user) => ({
        call: step.split(" ")[0] ?? "",
        name: `with mode ${mode}, ${user}, in a set-group-ID directory of another group`,
        steps: [
          "mkdir d 0777",
          "chown d 0 2001",
          "chmod d 02777",
          "chdir d",
          `${user} ${step}`,
          "chdir ..",
          `lstat d/a ${ATTRIBUTES}`,
        ],
      })),
    ],
  ),
);

/** In a sticky directory, entries belong to their owners, the directory's owner and root. */
const sticky: readonly PosixCase[] = [OWNER, MEMBER, STRANGER, ROOT].flatMap((user) =>
  ["2001", "2003", "0"].flatMap((directoryOwner) =>
    ["2001", "2003"].flatMap((owner) =>
      ["01777", "0777", "0755"].flatMap((mode) =>
        (mode === "01777" ? TYPES : ["file", "directory"]).map((type) => ({
          call: "sticky bit",
          name: `${user}; directory ${mode} of ${directoryOwner}, ${type} of ${owner}`,
          steps: [
            "mkdir d 0755",
            "mkdir free 0777",
            make(type, "d/a"),
            make(type, "d/b"),
            make(type, "d/c"),
            `lchown d/a ${owner} ${owner}`,
            `lchown d/b ${owner} ${owner}`,
            `lchown d/c ${owner} ${owner}`,
            `chown d ${directoryOwner} ${directoryOwner}`,
            `chmod d ${mode}`,
            `${user} ${remove(type, "d/a")}`,
            `${user} rename d/b free/b`,
            `${user} rename d/c d/e`,
            `${user} make free/f 0644`,
            `${user} rename free/f d/c`,
            `${user} ${remove(type, "d/e")}`,
            "list d",
            "list free",
          ],
        })),
      ),
    ),
  ),
);

const links: readonly PosixCase[] = [
  ...[1, 2, 59, 60, 61, 255, 1024, 4094, 4095].map((length) => ({
    call: "symlink",
    name: `to ${length} bytes`,
    steps: [
      `symlink ${"t".repeat(length)} l => 0`,
      `lstat l size,mode,nlink => ${length} 0777 1`,
      `readlink l => ${"t".repeat(length)}`,
      "readlink l 1 => t",
    ],
  })),
  {
    call: "symlink",
    name: "to 4096 bytes",
    steps: [`symlink ${"t".repeat(4096)} l => ENAMETOOLONG`],
  },
  { call: "symlink", name: "to nothing", steps: ["symlink '' l => ENOENT"] },
  { call: "readlink", name: "of a file", steps: ["make f 0644", "readlink f => EINVAL"] },
  { call: "readlink", name: "of a directory", steps: ["readlink . => EINVAL"] },
  {
    call: "link",
    name: "through a link",
    steps: [
      "make f 0644",
      "symlink f l",
      "link l hard 0",
      "lstat hard type => l",
      "link l followed AT_SYMLINK_FOLLOW",
      "lstat followed type,nlink => r 2",
    ],
  },
  {
    call: "link",
    name: "to another file system",
    steps: ["make f 0644", "link f /dev/shm/dvault-no-link => EXDEV"],
  },
  {
    call: "rmdir",
    name: "of `.` and `..`",
    steps: ["mkdir d 0755", "rmdir d/. => EINVAL", "mkdir d/e 0755", "rmdir d/e/.. => ENOTEMPTY"],
  },
  {
    call: "unlink",
    name: "of an open file",
    steps: [
      "open 0 f O_RDWR|O_CREAT 0644",
      "write 0 0 100 1 => 100",
      "unlink f => 0",
      "fstat 0 nlink,size => 0 100",
      "read 0 0 100",
      "write 0 50 100 2 => 100",
      "fstat 0 size => 150",
      "fchmod 0 0600 => 0",
      "ftruncate 0 5 => 0",
      "fstat 0 mode,size => 0600 5",
      "linkfile 0 again => ENOENT",
      "close 0 => 0",
      "list .",
    ],
  },
  {
    call: "unlink",
    name: "of a file another link of which is open",
    steps: [
      "open 0 f O_RDWR|O_CREAT 0644",
      "link f g",
      "unlink f",
      "fstat 0 nlink => 1",
      "unlink g",
      "fstat 0 nlink => 0",
    ],
  },
  {
    call: "rmdir",
    name: "of the working directory",
    steps: [
      "mkdir d 0755",
      "chdir d",
      "open 0 . O_RDONLY|O_DIRECTORY",
      "rmdir ../d => 0",
      "make f 0644 => ENOENT",
      "mkdir e 0755 => ENOENT",
      "symlink a l => ENOENT",
      "list .",
      "fstat 0 nlink => 0",
      "chdir .. => 0",
    ],
  },
  {
    call: "rename",
    name: "over an open file",
    steps: [
      "open 0 f O_RDWR|O_CREAT 0644",
      "write 0 0 10 1",
      "make g 0644",
      "rename g f => 0",
      "fstat 0 nlink,size => 0 10",
      "read 0 0 10",
    ],
  },
  {
    call: "open O_TMPFILE",
    name: "and a name for it",
    steps: [
      "open 0 . O_TMPFILE|O_RDWR 0640 => 0",
      "fstat 0 mode,nlink => 0640 0",
      "write 0 0 1000 1 => 1000",
      "list . => ..:d .:d",
      "linkfile 0 f => 0",
      "fstat 0 nlink,size => 1 1000",
      "sum f",
      "linkfile 0 g => 0",
      "unlink f",
      "unlink g",
      "fstat 0 nlink => 0",
    ],
  },
  {
    call: "open O_TMPFILE",
    name: "that may not get a name",
    steps: ["open 0 . O_TMPFILE|O_RDWR|O_EXCL 0640 => 0", "linkfile 0 f => ENOENT"],
  },
  {
    call: "open O_TMPFILE",
    name: "only for writing, and only in directories",
    steps: [
      "open 0 . O_TMPFILE|O_RDONLY 0640 => EINVAL",
      "make f 0644",
      "open 0 f O_TMPFILE|O_RDWR 0640 => ENOTDIR",
    ],
  },
  {
    call: "open",
    name: "flags that do not go together",
    steps: [
      "open 0 d O_CREAT|O_DIRECTORY|O_RDWR 0644 => EINVAL",
      "open 0 . O_RDWR => EISDIR",
      "open 0 . O_WRONLY|O_CREAT 0644 => EISDIR",
      "symlink f l",
      "open 0 l O_RDWR|O_NOFOLLOW => ELOOP",
      "open 0 l O_RDWR|O_CREAT|O_EXCL 0644 => EEXIST",
      "open 0 l O_RDWR|O_CREAT 0644 => 0",
      "list .",
    ],
  },
  {
    call: "mknod",
    name: "of devices by an ordinary user",
    steps: [
      "chmod . 0777",
      ...["S_IFCHR", "S_IFBLK"].map((type) => `${OWNER} mknod a ${type}|0644 1 3 => EPERM`),
      `${OWNER} mknod f S_IFIFO|0644 => 0`,
      `${OWNER} mknod s S_IFSOCK|0644 => 0`,
      `${OWNER} mknod r S_IFREG|0644 => 0`,
      "mknod d S_IFDIR|0755 => EPERM",
      "mknod l S_IFLNK|0644 => EINVAL",
    ],
  },
  ...[
    [0, 0],
    [1, 3],
    [255, 255],
    [256, 0],
    [4095, 1048575],
    [7, 65536],
  ].map(([major, minor]) => ({
    call: "mknod",
    name: `of device ${major}:${minor}`,
    steps: [
      `mknod a S_IFBLK|0600 ${major} ${minor} => 0`,
      `stat a type,rdev => b ${major}:${minor}`,
    ],
  })),
  {
    call: "mkdir",
    name: "counts links",
    steps: [
      "mkdir d 0755",
      "stat d nlink => 2",
      "mkdir d/a 0755",
      "mkdir d/b 0755",
      "stat d nlink => 4",
      "mkdir d/a/c 0755",
      "stat d nlink => 4",
      "rename d/a/c d/c => 0",
      "stat d nlink => 5",
      "stat d/a nlink => 2",
      "rmdir d/c",
      "stat d nlink => 4",
    ],
  },
  {
    call: "statx",
    name: "knows the time of birth",
    steps: TYPES.flatMap((type) => [make(type, type), `born ${type} => yes`]),
  },
  { call: "statvfs", name: "knows the longest name", steps: ["namemax . => 255"] },
  {
    call: "ETXTBSY",
    name: "of a program that runs",
    steps: [
      "open 0 sleep O_WRONLY|O_CREAT 0755",
      "load 0 /bin/sleep => 0",
      "exec sleep => ETXTBSY",
      "close 0",
      "start sleep => 0",
      "open 1 sleep O_WRONLY => ETXTBSY",
      "open 1 sleep O_RDWR => ETXTBSY",
      "truncate sleep 10 => ETXTBSY",
      "open 1 sleep O_WRONLY|O_TRUNC => ETXTBSY",
      "rename sleep other => 0",
      "unlink other => 0",
      "stop => 0",
    ],
  },
  {
    call: "exec",
    name: "needs the right to",
    steps: [
      "open 0 true O_WRONLY|O_CREAT 0644",
      "load 0 /bin/true => 0",
      "close 0",
      "exec true => EACCES",
      "chmod true 0711",
      "exec true => 0",
      `${STRANGER} exec true => 0`,
      "chmod true 0700",
      `${STRANGER} exec true => EACCES`,
    ],
  },
];

/** Cases about names. */
export const nameCases: readonly PosixCase[] = [
  ...inTheWay,
  ...made,
  ...modes,
  ...sticky,
  ...links,
];
