/**
 * A vault mounted for everybody, beside a plain directory of this machine, which shows what Linux does.
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

/** Where calls are made. */
export interface PosixPlace {
  /** The tool. */
  readonly program: string;
  readonly plain: string;
  readonly mountpoint: string;
  /** Unmounts the vault, and mounts it again, with further options if any are given. */
  remount(...options: readonly string[]): void;
}

/** Makes a vault and mounts it; all of it goes with the test. */
export async function posixPlace(t: Test): Promise<PosixPlace> {
  const dvault = await Program.start(t);
  chmodSync(dvault.home, 0o755);
  const vault = dvault.vault("vault.dvault");
  const mountpoint = dvault.directory("mount");
  const run = (...args: readonly string[]): void => {
    const { code, err } = dvault.run(args);
    if (code !== 0) throw new Error(err);
  };
  const mount = (...options: readonly string[]): void =>
    run("mount", vault, mountpoint, "--allow-other", "-o", "suid,dev", ...dvault.key, ...options);
  mount();
  t.teardown(() => run("unmount", mountpoint));
  return {
    program: buildPosixTool(t),
    plain: dvault.directory("plain"),
    mountpoint,
    remount: (...options) => {
      run("unmount", mountpoint);
      mount(...options);
    },
  };
}
