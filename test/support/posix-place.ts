/**
 * Mounted vaults beside a plain directory of this machine, which shows what Linux does.
 *
 * @module
 */
import { chmodSync } from "node:fs";
import type { Test } from "tap";
import { Program } from "./dvault-program.ts";
import { cannotMount } from "./mounted-memory.ts";
import { buildPosixTool } from "./posix-tool.ts";

/** Why the calls cannot be made here, or false. */
export function cannotCompare(): string | false {
  return cannotMount() || (process.getuid?.() === 0 ? false : "needs root, to be other users");
}

/** A vault that is mounted. */
export interface MountedVault {
  readonly mountpoint: string;
  /** Unmounts the vault, and mounts it again, with further options if any are given. */
  remount(...options: readonly string[]): void;
}

/** Where calls are made. */
export interface PosixPlace {
  /** The tool. */
  readonly program: string;
  readonly plain: string;
  /** For everybody: the kernel checks permissions. */
  readonly shared: MountedVault;
  /** For root alone: nobody does. */
  readonly alone: MountedVault;
}

/** Makes two vaults and mounts them; all of it goes with the test. */
export async function posixPlace(t: Test): Promise<PosixPlace> {
  const dvault = await Program.start(t);
  chmodSync(dvault.home, 0o755);
  const run = (...args: readonly string[]): void => {
    const { code, err } = dvault.run(args);
    if (code !== 0) throw new Error(err);
  };
  const mounted = (name: string, words: string): MountedVault => {
    const vault = dvault.vault(`${name}.dvault`);
    const mountpoint = dvault.directory(name);
    const mount = (...options: readonly string[]): void =>
      run("mount", vault, mountpoint, "-o", words, ...dvault.key, ...options);
    mount();
    t.teardown(() => run("unmount", mountpoint));
    const remount = (...options: readonly string[]): void => {
      run("unmount", mountpoint);
      mount(...options);
    };
    return { mountpoint, remount };
  };
  return {
    program: buildPosixTool(t),
    plain: dvault.directory("plain"),
    shared: mounted("shared", "allow_other,suid,dev"),
    alone: mounted("alone", "suid,dev"),
  };
}
