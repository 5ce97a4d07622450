/**
 * What path_resolution(7) says of every call that takes a path.
 *
 * @module
 */
import { MAKE, type PosixCase, STRANGER } from "./posix-case.ts";

/** A call on a path. */
interface PathCall {
  readonly call: string;
  readonly of: (path: string) => string;
  /** Whether a link at the end of the path is followed. */
  readonly follows: boolean;
  /** Whether the path must not exist yet. */
  readonly makes?: boolean;
  /** What is to be done before, for a path that must exist. */
  readonly before?: (path: string) => string;
}

const aFile = (path: string): string => `make ${path} 0644`;
const aDirectory = (path: string): string => `mkdir ${path} 0755`;
const aLink = (path: string): string => `symlink x ${path}`;

const CALLS: readonly PathCall[] = [
  { call: "open", of: (p) => `open 0 ${p} O_RDONLY`, follows: true, before: aFile },
  { call: "open O_TRUNC", of: (p) => `open 0 ${p} O_WRONLY|O_TRUNC`, follows: true, before: aFile },
  {
    call: "open O_CREAT",
    of: (p) => `open 0 ${p} O_WRONLY|O_CREAT 0644`,
    follows: true,
    makes: true,
  },
  { call: "open O_EXCL", of: aFile, follows: false, makes: true },
  { call: "opendir", of: (p) => `list ${p}`, follows: true, before: aDirectory },
  { call: "mkdir", of: aDirectory, follows: false, makes: true },
  { call: "mkfifo", of: (p) => `mkfifo ${p} 0644`, follows: false, makes: true },
  { call: "mknod", of: (p) => `mknod ${p} S_IFREG|0644`, follows: false, makes: true },
  { call: "mknod S_IFCHR", of: (p) => `mknod ${p} S_IFCHR|0644 1 3`, follows: false, makes: true },
  { call: "symlink", of: aLink, follows: false, makes: true },
  { call: "link to", of: (p) => `link there ${p}`, follows: false, makes: true },
  { call: "link from", of: (p) => `link ${p} new`, follows: false, before: aFile },
  { call: "rename to", of: (p) => `rename there ${p}`, follows: false, makes: true },
  { call: "rename from", of: (p) => `rename ${p} new`, follows: false, before: aFile },
  { call: "unlink", of: (p) => `unlink ${p}`, follows: false, before: aFile },
  { call: "rmdir", of: (p) => `rmdir ${p}`, follows: false, before: aDirectory },
  { call: "stat", of: (p) => `stat ${p} type`, follows: true, before: aFile },
  { call: "lstat", of: (p) => `lstat ${p} type`, follows: false, before: aFile },
  { call: "access", of: (p) => `access ${p} F_OK`, follows: true, before: aFile },
  { call: "readlink", of: (p) => `readlink ${p}`, follows: false, before: aLink },
  { call: "chmod", of: (p) => `chmod ${p} 0600`, follows: true, before: aFile },
  { call: "chown", of: (p) => `chown ${p} 1 1`, follows: true, before: aFile },
  { call: "lchown", of: (p) => `lchown ${p} 1 1`, follows: false, before: aFile },
  { call: "truncate", of: (p) => `truncate ${p} 10`, follows: true, before: aFile },
  { call: "utimensat", of: (p) => `utimens ${p} 1 2`, follows: true, before: aFile },
  { call: "setxattr", of: (p) => `setxattr ${p} trusted.x v`, follows: false, before: aFile },
  { call: "getxattr", of: (p) => `getxattr ${p} trusted.x`, follows: false, before: aFile },
  { call: "listxattr", of: (p) => `listxattr ${p}`, follows: false, before: aFile },
  { call: "removexattr", of: (p) => `removexattr ${p} trusted.x`, follows: false, before: aFile },
];

const LONGEST = "n".repeat(255);
/** 4095 bytes: as long as a path may be. */
const LONG_PATH = `${"./".repeat(2047)}p`;

function casesOf({ call, of, follows, makes = false, before }: PathCall): readonly PosixCase[] {
  const is = (name: string, ...steps: readonly string[]): PosixCase => {
    return { call, name, steps: ["make there 0644", ...steps] };
  };
  const there = (path: string): readonly string[] => (before === undefined ? [] : [before(path)]);
  const notDirectories = Object.entries(MAKE).filter(
    ([type]) => type !== "directory" && type !== "link",
  );
  return [
    ...notDirectories.map(([type, made]) =>
      is(`no way through a ${type}`, made("f"), `${of("f/x")} => ENOTDIR`),
    ),
    is("no way through what is missing", `${of("missing/x")} => ENOENT`),
    is("no way through a link to nowhere", "symlink nowhere l", `${of("l/x")} => ENOENT`),
    is("the empty path", `${of("''")} => ENOENT`),
    is("an address that is none", `${of("@bad")} => EFAULT`),
    is("a name of 255 bytes", ...there(LONGEST), of(LONGEST), `lstat ${LONGEST} type`),
    is("a name of 256 bytes", `${of(`${LONGEST}n`)} => ENAMETOOLONG`),
    is("a directory's name of 256 bytes", `${of(`${LONGEST}n/x`)} => ENAMETOOLONG`),
    is("a path of 4095 bytes", ...there("p"), of(LONG_PATH), "lstat p type"),
    is("a path of 4096 bytes", `${of(`./${LONG_PATH.slice(1)}pp`)} => ENAMETOOLONG`),
    is("links in a circle", "symlink a b", "symlink b a", `${of("a/x")} => ELOOP`),
    is("a link to itself", "symlink a a", of("a")),
    is("links one after the other, 39", ...chain(39, before), of("l39/x")),
    is("links one after the other, 41", ...chain(41, before), `${of("l41/x")} => ELOOP`),
    is(
      "a directory that may not be searched",
      ...["mkdir d 0600", ...there("d/x"), "chown d 2003 2003"],
      `${STRANGER} ${of("d/x")} => EACCES`,
    ),
    is("a slash at the end, of a file", "make f 0644", of("f/")),
    is("a slash at the end, of a directory", "mkdir d 0755", of("d/"), "list ."),
    is(
      "a slash at the end, of a link to a directory",
      "mkdir d 0755",
      "symlink d l",
      of("l/"),
      "list .",
    ),
    is("a slash at the end, of nothing", of("new/"), "list ."),
    is("the directory itself", of("."), "list ."),
    is("the directory above", "mkdir d 0755", "chdir d", of("d/.."), "chdir ..", "list ."),
    ...(makes ? [] : [is("what is missing", `${of("missing")} => ENOENT`)]),
    ...(follows
      ? [
          is(
            "through a link to it",
            ...there("t"),
            "symlink t l",
            of("l"),
            "lstat l type",
            "lstat t type",
          ),
        ]
      : [
          is(
            "a link is not followed",
            "symlink there l",
            of("l"),
            "list .",
            "lstat there type,nlink,mode,uid",
          ),
        ]),
  ];
}

/** A directory behind so many links, with what the call needs in it. */
function chain(count: number, before: PathCall["before"]): readonly string[] {
  const links = Array.from(
    { length: count },
    (_, i) => `symlink ${i === 0 ? "d" : `l${i}`} l${i + 1}`,
  );
  return ["mkdir d 0755", ...links, ...(before === undefined ? [] : [before("d/x")])];
}

/** Cases of every call that takes a path. */
export const pathCases: readonly PosixCase[] = CALLS.flatMap(casesOf);
