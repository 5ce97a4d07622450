/**
 * Contents: writing, truncating, fallocate(2), copying, seeking, mapping, locks, limits.
 *
 * @module
 */
import { make, type PosixCase, STRANGER, TYPES } from "./posix-case.ts";

const PLACES = [0, 1, 4095, 4096, 65_535, 65_536, 65_537, 200_000];
const LENGTHS = [1, 4096, 65_536, 100_000];
const PUNCH = "FALLOC_FL_PUNCH_HOLE|FALLOC_FL_KEEP_SIZE";
const ALLOCATIONS = [
  "0",
  "FALLOC_FL_KEEP_SIZE",
  PUNCH,
  "FALLOC_FL_ZERO_RANGE",
  "FALLOC_FL_ZERO_RANGE|FALLOC_FL_KEEP_SIZE",
];

const NEW = "open 0 f O_RDWR|O_CREAT 0644";

const ranges: readonly PosixCase[] = PLACES.flatMap((offset) =>
  LENGTHS.flatMap((length) => [
    {
      call: "write",
      name: `${length} bytes at ${offset}`,
      steps: [
        NEW,
        `write 0 ${offset} ${length} 1 => ${length}`,
        `stat f size => ${offset + length}`,
        "sum f",
        `write 0 ${offset >> 1} ${length} 2 => ${length}`,
        "sum f",
        `read 0 ${offset} ${length}`,
        `read 0 ${offset + length} 10 => 0 cbf29ce484222325`,
        "fsync 0 => 0",
        "sum f",
      ],
    },
    {
      call: "ftruncate",
      name: `from ${offset + length} to ${offset} and back`,
      steps: [
        NEW,
        `write 0 0 ${offset + length} 1`,
        `ftruncate 0 ${offset} => 0`,
        `stat f size => ${offset}`,
        "sum f",
        `truncate f ${offset + length} => 0`,
        "sum f",
      ],
    },
    {
      call: "copy_file_range",
      name: `${length} bytes at ${offset}`,
      steps: [
        NEW,
        "write 0 0 300000 1",
        "open 1 g O_RDWR|O_CREAT 0644",
        "write 1 0 100000 2",
        `copy 0 ${offset} 1 ${offset} ${length} => ${length}`,
        "sum g",
        `copy 0 ${offset} 1 7 ${length} => ${length}`,
        "sum g",
        `copy 0 ${300_000 - length} 1 0 ${length * 2} => ${length}`,
        "sum g",
        "fsync 1",
        "sum g",
        "write 0 0 300000 3",
        "sum g",
      ],
    },
    ...ALLOCATIONS.map((mode) => ({
      call: `fallocate ${mode}`,
      name: `${length} bytes at ${offset}`,
      steps: [
        NEW,
        "write 0 0 150000 1",
        `fallocate 0 ${mode} ${offset} ${length} => 0`,
        "stat f size",
        "sum f",
        "fsync 0",
        "sum f",
        `write 0 ${offset} 10 2`,
        "sum f",
        "ftruncate 0 250000",
        "sum f",
      ],
    })),
  ]),
);

const refusals: readonly PosixCase[] = [
  ...ALLOCATIONS.flatMap((mode) => [
    {
      call: `fallocate ${mode}`,
      name: "of what cannot be",
      steps: [
        NEW,
        `fallocate 0 ${mode} 0 0 => EINVAL`,
        `fallocate 0 ${mode} -1 10 => EINVAL`,
        `fallocate 0 ${mode} 0 -1 => EINVAL`,
        `fallocate 0 ${mode} 10 -20 => EINVAL`,
        "open 1 f O_RDONLY",
        `fallocate 1 ${mode} 0 10 => EBADF`,
        "mkfifo p 0644",
        "open 2 p O_RDWR",
        `fallocate 2 ${mode} 0 10 => ESPIPE`,
        `fallocate 0 ${mode} 0x7fffffffffffffff 10 => EFBIG`,
        "sum f",
      ],
    },
  ]),
  {
    call: "fallocate",
    name: "modes that do not go together",
    steps: [
      NEW,
      "fallocate 0 FALLOC_FL_PUNCH_HOLE 0 10 => EOPNOTSUPP",
      "fallocate 0 FALLOC_FL_PUNCH_HOLE|FALLOC_FL_ZERO_RANGE|FALLOC_FL_KEEP_SIZE 0 10 => EOPNOTSUPP",
    ],
  },
  {
    call: "posix_fallocate",
    name: "grows a file with zeros",
    steps: [
      NEW,
      "posix_fallocate 0 0 1000 => 0",
      "stat f size => 1000",
      "sum f",
      "posix_fallocate 0 567 20000 => 0",
      "stat f size => 20567",
      "posix_fallocate 0 0 0 => EINVAL",
      "posix_fallocate 0 -1 10 => EINVAL",
      "posix_fallocate 0 0 10 => 0",
      "stat f size => 20567",
    ],
  },
  {
    call: "truncate",
    name: "of what cannot be",
    steps: [
      "mkdir d 0755",
      "truncate d 0 => EISDIR",
      "make f 0644",
      "truncate f -1 => EINVAL",
      `${STRANGER} truncate f 0 => EACCES`,
      "open 0 f O_RDONLY",
      "ftruncate 0 0 => EINVAL",
      "open 1 d O_RDONLY|O_DIRECTORY",
      "ftruncate 1 0 => EINVAL",
      "mkfifo p 0644",
      "truncate p 0 => EINVAL",
    ],
  },
  ...TYPES.filter((type) => type !== "block").map((type) => ({
    call: "truncate",
    name: `of a ${type}`,
    steps: [make(type, "a"), "truncate a 0", "truncate a 10", "lstat a type"],
  })),
  {
    call: "write",
    name: "of what cannot be",
    steps: [
      "make f 0644",
      "open 0 f O_RDONLY",
      "write 0 0 1 1 => EBADF",
      "open 1 f O_WRONLY",
      "read 1 0 1 => EBADF",
      "write 1 -2 1 1 => EINVAL",
      "open 2 . O_RDONLY|O_DIRECTORY",
      "read 2 0 1 => EISDIR",
      "seek 1 -1 SEEK_SET => EINVAL",
    ],
  },
  {
    call: "copy_file_range",
    name: "of what cannot be",
    steps: [
      NEW,
      "write 0 0 10000 1",
      "open 1 g O_RDWR|O_CREAT 0644",
      "copy 0 0 0 100 200 => EINVAL",
      "copy 0 0 0 5000 1000 => 1000",
      "sum f",
      "open 2 f O_RDONLY",
      "copy 0 0 2 0 10 => EBADF",
      "open 3 g O_WRONLY",
      "copy 3 0 0 0 10 => EBADF",
      "open 4 g O_RDWR|O_APPEND",
      "copy 0 0 4 0 10 => EBADF",
      "open 5 . O_RDONLY|O_DIRECTORY",
      "copy 5 0 0 0 10 => EISDIR",
      "copy 0 10000 1 0 10 => 0",
      "copy 0 20000 1 0 10 => 0",
      "mkfifo p 0644",
      "open 6 p O_RDWR",
      "copy 6 0 0 0 10 => EINVAL",
      "copy 0 0 1 0 0 => 0",
      "stat g size => 0",
      "copy 0 -1 1 0 10",
    ],
  },
  {
    call: "RLIMIT_FSIZE",
    name: "is kept",
    steps: [
      NEW,
      "limit 1000",
      "write 0 0 2000 1 => 1000",
      "write 0 1000 1 1 => EFBIG",
      "ftruncate 0 1001 => EFBIG",
      "truncate f 1001 => EFBIG",
      "ftruncate 0 1000 => 0",
      "fallocate 0 0 0 2000 => EFBIG",
      "write 0 999 10 1 => 1",
      "limit -1",
      "stat f size => 1000",
    ],
  },
  ...["0x7fffffffffffffff", "0x8000000000000000", "0x7ffffffffffff000"].map((size) => ({
    call: "write",
    name: `at the end of all files, ${size}`,
    steps: [NEW, `write 0 ${size.startsWith("0x8") ? "-9" : size} 2 1`, "stat f size"],
  })),
];

/** Whether a file has blocks, which is seen after each step. */
function blocks(...calls: readonly string[]): readonly string[] {
  return [NEW, ...calls.flatMap((call) => [call, "fstat 0 allocated,size"])];
}

const allocated: readonly PosixCase[] = [
  {
    call: "st_blocks",
    name: "of a file that is written and truncated",
    steps: blocks("ftruncate 0 1048576", "write 0 524288 4096 1", "fsync 0", "ftruncate 0 0"),
  },
  {
    call: "st_blocks",
    name: "of a file with holes punched",
    steps: blocks("write 0 0 262144 1", `fallocate 0 ${PUNCH} 0 262144`, "fsync 0"),
  },
  ...["0", "100000", "262144"].map((size) => ({
    call: "st_blocks",
    name: `of a file of ${size} bytes with room behind its end`,
    steps: blocks(
      `ftruncate 0 ${size}`,
      "fallocate 0 FALLOC_FL_KEEP_SIZE 524288 524288",
      "fsync 0",
      `ftruncate 0 ${size}`,
    ),
  })),
];

/** Cases about contents. */
export const contentCases: readonly PosixCase[] = [...ranges, ...refusals, ...allocated];
