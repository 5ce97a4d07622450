/**
 * Which files with several hard links were copied out already, so that the other names become links too.
 *
 * @module
 */
import { linkSync, lstatSync } from "node:fs";
import { isSystemError } from "../report-error.ts";
import type { HostDirectory } from "./host-directory.ts";

interface Copied {
  readonly trail: readonly Uint8Array[];
  /** Device and inode on the host. */
  readonly identity: string;
}

/** Files below one directory of the host, by inode in the vault. */
export class LinkedFiles {
  readonly #target: HostDirectory;
  readonly #copied = new Map<number, Copied>();

  /** @param target - the directory that all trails begin in; stays the caller's to close */
  constructor(target: HostDirectory) {
    this.#target = target;
  }

  /**
   * Notes a copy.
   * @param path - where it stands now
   * @param trail - names below the target where it will stand
   */
  remember(ino: number, path: Buffer, trail: readonly Uint8Array[]): void {
    this.#copied.set(ino, { trail, identity: identityOf(path) });
  }

  /**
   * Makes `path` a link to the copy of an inode.
   * @returns false when there is none, it is no longer where it was, or it cannot have another link
   */
  tryLink(ino: number, path: Buffer): boolean {
    const copied = this.#copied.get(ino);
    if (copied === undefined) return false;
    try {
      return this.#link(copied, path);
    } catch (error) {
      if (isSystemError(error)) return false;
      throw error;
    }
  }

  #link({ trail, identity }: Copied, path: Buffer): boolean {
    let directory = this.#target;
    try {
      for (const [index, name] of trail.entries()) {
        if (index === trail.length - 1) {
          const place = directory.path(name);
          if (identityOf(place) !== identity) return false;
          linkSync(place, path);
          return identityOf(path) === identity;
        }
        const below = directory.enter(name);
        if (directory !== this.#target) directory.close();
        directory = below;
      }
      return false;
    } finally {
      if (directory !== this.#target) directory.close();
    }
  }
}

function identityOf(path: Buffer): string {
  const stat = lstatSync(path, { bigint: true });
  return `${stat.dev}:${stat.ino}`;
}
