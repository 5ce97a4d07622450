/**
 * The package `fuse-native` (libfuse 2 for Node), which is not installed with dvault: found beside it, or on NODE_PATH.
 *
 * @module
 */
import { createRequire } from "node:module";
import { UsageError } from "../../core/base/errors.ts";

const NAME = "fuse-native";

/** Answers a call: 0 or a count, or a negative errno, then what was asked for. */
export type Respond = (status: number, ...values: unknown[]) => void;

/** A file system as the package wants it: a function a call, the last argument of each being a {@link Respond}. */
export type Callbacks = Readonly<Record<string, (...args: never[]) => void>>;

/** One mount of the package; the members with an underscore are those its handlers look up. */
export interface FuseHandle {
  mount(done: (error?: Error | null) => void): void;
  /** State of the thread that serves; the native code points into it for as long as the process lives. */
  readonly _thread: Uint8Array;
  _fuseOptions: () => string;
  _op_getxattr: (respond: Respond, path: string, name: string, room: Buffer) => void;
  _op_listxattr: (respond: Respond, path: string, room: Buffer) => void;
}

/** What the package offers, as far as it is used. */
export interface FuseNative {
  make(mountpoint: string, callbacks: Callbacks): FuseHandle;
  /** Lets the event loop end; to be called once the kernel has unmounted. */
  release(mountpoint: string, handle: FuseHandle): void;
}

type FuseClass = new (
  mountpoint: string,
  callbacks: Callbacks,
  options: { readonly timeout: false },
) => FuseHandle;

interface Binding {
  fuse_native_unmount(mountpoint: string, thread: Uint8Array): void;
}

/** @throws UsageError MOUNT_FAILED when the package is missing or does not run on this machine */
export function loadFuseNative(): FuseNative {
  const require = createRequire(import.meta.url);
  try {
    const Fuse = require(NAME) as FuseClass;
    const home = require.resolve(`${NAME}/package.json`);
    const findBinding = createRequire(home)("node-gyp-build") as (directory: string) => Binding;
    const binding = findBinding(home.slice(0, -"/package.json".length));
    return {
      make: (mountpoint, callbacks) => new Fuse(mountpoint, callbacks, { timeout: false }),
      release: (mountpoint, handle) => binding.fuse_native_unmount(mountpoint, handle._thread),
    };
  } catch (cause) {
    throw unusable(cause);
  }
}

function unusable(cause: unknown): UsageError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const isMissing = code === "MODULE_NOT_FOUND" && message.includes(`'${NAME}'`);
  const problem = isMissing
    ? "needs the package of that name: npm install -g fuse-native@2.2.6"
    : `does not run on this machine: ${message.split("\n", 1)[0]}`;
  return new UsageError("MOUNT_FAILED", `the driver fuse-native ${problem}`, { cause });
}
