/**
 * Cases for `posix-tool.ts`: calls in a directory of their own, and what they must answer.
 *
 * @module
 */

/** One case. */
export interface PosixCase {
  /** System call on trial, as in its man page. */
  readonly call: string;
  /** What is shown. */
  readonly name: string;
  /**
   * Calls of the tool, in order. One that ends in ` => ` and an answer must give that answer; what the others answer
   * is whatever a plain directory of this machine answers.
   */
  readonly steps: readonly string[];
}

/** An owner, somebody in the owner's group, and somebody who is neither. */
export const OWNER = "as 2001:2001";
export const MEMBER = "as 2002:2002,2001";
export const STRANGER = "as 2003:2003";
export const ROOT = "as 0:0";

/** Whether all of a case is done by root. */
export function isRootsAlone({ steps }: PosixCase): boolean {
  return !steps.some((step) => step.startsWith("as ") && !step.startsWith(`${ROOT} `));
}

/** How to make an inode of each type. */
export const MAKE: Readonly<Record<string, (path: string) => string>> = {
  file: (path) => `make ${path} 0644`,
  directory: (path) => `mkdir ${path} 0755`,
  fifo: (path) => `mkfifo ${path} 0644`,
  character: (path) => `mknod ${path} S_IFCHR|0644 1 3`,
  block: (path) => `mknod ${path} S_IFBLK|0644 7 200`,
  socket: (path) => `bind ${path}`,
  link: (path) => `symlink nowhere ${path}`,
};

/** The types of {@link MAKE}. */
export const TYPES: readonly string[] = Object.keys(MAKE);

/** Makes an inode of a type. */
export function make(type: string, path: string): string {
  const maker = MAKE[type];
  if (maker === undefined) throw new Error(`no such type: ${type}`);
  return maker(path);
}

/** Removes an inode of a type. */
export function remove(type: string, path: string): string {
  return type === "directory" ? `rmdir ${path}` : `unlink ${path}`;
}
