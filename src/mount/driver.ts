/**
 * What stands between a file system and the kernel: the wall behind which our own shim, and other ways to reach the
 * kernel, are interchangeable.
 *
 * @module
 */

import type { FileSystem } from "../core/fs/file-system.ts";
import type { AtimePolicy } from "../core/fs/fs-context.ts";
import type { CpuLatency } from "./cpu-latency.ts";

/** How a file system is mounted. */
export interface MountOptions {
  /** What stands as the source in the mount table: the vault's name, without secrets. */
  readonly source: string;
  /** Mounts read-only; a read-only file system always is. */
  readonly readOnly?: boolean;
  /** Lets other users in, as far as modes and ACLs allow; an ordinary user needs `user_allow_other` in fuse.conf. */
  readonly allowOther?: boolean;
  /** Has the kernel check modes and ACLs even where nobody but root gets in (mount.fuse3(8): default_permissions). */
  readonly defaultPermissions?: boolean;
  /** Honours set-ID bits and file capabilities; root only. */
  readonly suid?: boolean;
  /** Lets device nodes be opened; root only. */
  readonly devices?: boolean;
  /** Runs no program from it. */
  readonly noexec?: boolean;
  /** Says in the mount table that reading changes no access time; to see to that is the file system's part. */
  readonly atime?: AtimePolicy;
  /** How owners and modes are shown, when not as they are. */
  readonly shownAs?: ShownAs | undefined;
  /** Lets the kernel gather writes: fewer and larger requests, but it then decides sizes and times. */
  readonly writebackCache?: boolean;
  /** How long waking a processor may take while the mount is busy; `auto` unless said. */
  readonly cpuLatency?: CpuLatency;
  /** Takes lines about what went wrong: codes only, never names or contents. */
  readonly log?: (line: string) => void;
}

/** Owners and modes that stand for those of every file (mount.fuse3(8): uid, gid, umask). */
export interface ShownAs {
  readonly uid?: number;
  readonly gid?: number;
  /** Permission bits that no file has; all others are set. */
  readonly umask?: number;
}

/** A live mount. */
export interface Mount {
  /** Absolute path. */
  readonly mountpoint: string;
  /** Name of the driver. */
  readonly driver: string;
  /** Ends with 0 when the kernel has unmounted, else with a negative errno: nothing is served any more. */
  readonly ended: Promise<number>;
  readonly notifier: Notifier;
  /** Requests so far that are a use of the mount: asking how much room it has is none, nor what the kernel does itself. */
  uses(): number;
  /**
   * Unmounts, and resolves when the kernel has let go. Safe to call again.
   * @throws UsageError MOUNT_FAILED while files are open on the mount
   */
  unmount(): Promise<void>;
  /** Takes the mount out of sight and cuts off the programs that still use it: they get ENOTCONN from then on. */
  detach(): Promise<void>;
}

/**
 * Tells the kernel that something it may have cached was changed by others. Each call resolves when the kernel knows,
 * which may have to wait for requests under way; what it has not cached, or after the end, there is nothing to tell.
 */
export interface Notifier {
  /** Attributes changed, and the contents from `offset` on when one is given. */
  inode(ino: number, offset?: number, length?: number): Promise<void>;
  /** A name now means something else, or came to be. */
  entry(parent: number, name: Uint8Array): Promise<void>;
  /** A name went. */
  removed(parent: number, child: number, name: Uint8Array): Promise<void>;
}

/** A way to reach the kernel. */
export interface Driver {
  readonly name: string;
  /**
   * Mounts on a directory that was found fit, and resolves when the file system answers.
   * @throws UsageError MOUNT_FAILED
   */
  mount(fs: FileSystem, mountpoint: string, options: MountOptions): Promise<Mount>;
}
