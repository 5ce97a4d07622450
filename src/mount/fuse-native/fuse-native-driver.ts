/**
 * Reaches the kernel through the package `fuse-native`: libfuse 2 and its path-based interface. docs/MOUNT.md lists what
 * it cannot do.
 *
 * @module
 */
import { DvaultError, FsError, UsageError } from "../../core/base/errors.ts";
import { isPending, type MaybePromise } from "../../core/base/maybe-promise.ts";
import type { FileSystem } from "../../core/fs/file-system.ts";
import type { Driver, Mount, MountOptions, Notifier } from "../driver.ts";
import { Errno, errnoOf } from "../protocol/errno.ts";
import { unmountPath } from "../unmount.ts";
import { type UnmountWatch, watchUnmount } from "../watch-unmount.ts";
import { type CallbackContext, callbacksOf, type Perform, xattrReaders } from "./callbacks.ts";
import { type FuseHandle, type FuseNative, loadFuseNative } from "./library.ts";

const NAME = "fuse-native";

/** Largest read and write that libfuse 2 speaks of, bytes. */
const MAX_TRANSFER = 131_072;
/** How long the kernel may keep names and attributes of a mount that is the only writer. */
const YEAR_SECONDS = 31_536_000;
/** How long where others may write, of which the kernel cannot be told. */
const SHORT_SECONDS = 1;

/** @throws UsageError MOUNT_FAILED when the package is missing or does not run here */
export function loadFuseNativeDriver(): Driver {
  const library = loadFuseNative();
  return {
    name: NAME,
    mount: (fs, mountpoint, options) => mountThrough(library, fs, { mountpoint, ...options }),
  };
}

type Settings = MountOptions & { readonly mountpoint: string };

async function mountThrough(
  library: FuseNative,
  fs: FileSystem,
  settings: Settings,
): Promise<Mount> {
  if (settings.allowOther) {
    throw new UsageError(
      "MOUNT_FAILED",
      "fuse-native does not tell who makes a call, so others cannot be let in: use the driver kernel",
    );
  }
  if (typeof settings.cpuLatency === "number") {
    throw new UsageError(
      "MOUNT_FAILED",
      `fuse-native does not keep processors awake, as cpu_latency=${settings.cpuLatency} asks: use the driver kernel`,
    );
  }
  const calls = new Calls(settings.log ?? (() => undefined));
  const context: CallbackContext = {
    fs,
    perform: calls.perform,
    answer: calls.answer,
    uid: process.geteuid?.() ?? 0,
    gid: process.getegid?.() ?? 0,
  };
  const { mountpoint } = settings;
  const readers = xattrReaders(context);
  // Among the callbacks they only say that there are such calls; the handlers are what runs.
  const handle = library.make(mountpoint, { ...callbacksOf(context), ...readers });
  handle._op_getxattr = readers.getxattr;
  handle._op_listxattr = readers.listxattr;
  handle._fuseOptions = () => `-o${optionsOf(fs, settings).join(",")}`;
  await begin(handle, mountpoint);
  const watch = await watchUnmount(mountpoint);
  return new FuseNativeMount(mountpoint, calls, watch, () => library.release(mountpoint, handle));
}

/** Options of libfuse 2 and of the kernel. */
function optionsOf(fs: FileSystem, settings: Settings): readonly string[] {
  const isReader = settings.readOnly || fs.readOnly;
  const kept = isReader ? SHORT_SECONDS : YEAR_SECONDS;
  return [
    isReader ? "ro" : "rw",
    ...(settings.suid ? ["suid"] : []),
    ...(settings.devices ? ["dev"] : []),
    ...(settings.noexec ? ["noexec"] : []),
    ...(settings.atime === "noatime" ? ["noatime"] : []),
    `fsname=${settings.source.replace(/[\\,]/g, "\\$&")}`,
    ...["subtype=dvault", "default_permissions", "use_ino", "big_writes"],
    isReader ? "auto_cache" : "kernel_cache",
    ...[`max_read=${MAX_TRANSFER}`, `max_write=${MAX_TRANSFER}`, `max_readahead=${MAX_TRANSFER}`],
    ...[`entry_timeout=${kept}`, `attr_timeout=${kept}`],
  ];
}

function begin(handle: FuseHandle, mountpoint: string): Promise<void> {
  return new Promise((resolve, reject) => {
    handle.mount((error) => {
      if (!error) resolve();
      else reject(refused(mountpoint, error));
    });
  });
}

function refused(mountpoint: string, cause: Error): UsageError {
  const message = `cannot mount on ${mountpoint}: libfuse refused (${cause.message})`;
  return new UsageError("MOUNT_FAILED", message, { cause });
}

/** Runs calls as they come, and counts those that are a use of the mount. */
class Calls {
  readonly #log: (line: string) => void;
  #count = 0;

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  get count(): number {
    return this.#count;
  }

  readonly perform: Perform = (respond, call, say) => {
    this.#count += 1;
    this.answer(respond, call, say);
  };

  readonly answer: Perform = (respond, call, say) => {
    const refuse = (error: unknown): void => respond(-this.#errnoOf(error));
    try {
      const result: MaybePromise<Parameters<typeof say>[0]> = call();
      if (!isPending(result)) respond(...say(result));
      else result.then((value) => respond(...say(value))).catch(refuse);
    } catch (error) {
      refuse(error);
    }
  };

  #errnoOf(error: unknown): number {
    const errno = errnoOf(error);
    if (!(error instanceof FsError) || errno === Errno.EIO) {
      const code = error instanceof DvaultError ? error.code : (error as Error | undefined)?.name;
      this.#log(`a call failed: ${code}`);
    }
    return errno;
  }
}

class FuseNativeMount implements Mount {
  readonly mountpoint: string;
  readonly driver: string = NAME;
  readonly ended: Promise<number>;
  readonly notifier: Notifier = silentNotifier;
  readonly #calls: Calls;
  readonly #watch: UnmountWatch;
  #isOver = false;

  constructor(mountpoint: string, calls: Calls, watch: UnmountWatch, release: () => void) {
    this.mountpoint = mountpoint;
    this.#calls = calls;
    this.#watch = watch;
    this.ended = watch.gone.then(() => {
      this.#isOver = true;
      release();
      return 0;
    });
  }

  uses(): number {
    return this.#calls.count;
  }

  async unmount(): Promise<void> {
    if (this.#isOver) return;
    await unmountPath(this.mountpoint, "clean");
    this.#watch.stop();
    await this.ended;
  }

  async detach(): Promise<void> {
    if (this.#isOver) return;
    await unmountPath(this.mountpoint, "detach");
    this.#watch.stop();
    await this.ended;
  }
}

/** libfuse's high-level interface has no way to tell the kernel. */
const silentNotifier: Notifier = {
  inode: async () => undefined,
  entry: async () => undefined,
  removed: async () => undefined,
};
