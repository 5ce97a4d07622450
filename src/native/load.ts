/**
 * Finds and loads the shim: the C of `native-shim/`, built here or shipped prebuilt.
 *
 * Loading is lazy: a machine where it cannot be loaded still lists and reads vaults through the CLI, and gets one
 * clear error where a call is really needed.
 *
 * @module
 */
import { createRequire } from "node:module";
import { arch } from "node:process";
import { fileURLToPath } from "node:url";
import { UsageError } from "../core/base/errors.ts";
import type { AeadHandle } from "./aead-handle.ts";
import type { FuseChannel } from "./fuse-channel.ts";

/** Everything the shim exports. Numbers returned are results, or a negative errno. Paths are bytes without a NUL. */
export interface Shim {
  readonly FuseChannel: new (fd: number) => FuseChannel;
  /** Opens /dev/fuse. @returns the descriptor */
  openFuse(): number;
  /** mount(2) of type `fuse.<subtype>`; `fd=` stands in the options. */
  mount(source: string, target: string, flags: number, options: string): number;
  /** umount2(2), off the event loop: the kernel may still send requests meanwhile. */
  umount(target: string, flags: number): Promise<number>;
  /** socketpair(2) of streams, close-on-exec. @returns two descriptors */
  socketpair(): readonly [number, number] | number;
  /** Receives a descriptor that was sent over a socket (SCM_RIGHTS), without waiting. */
  receiveDescriptor(socket: number): number;

  /** @returns undefined where this process carries no OpenSSL */
  aeadKey(key: Uint8Array): AeadHandle | undefined;
  aeadSeal(
    key: AeadHandle,
    nonce: Uint8Array,
    aad: Uint8Array,
    plain: Uint8Array,
    out: Uint8Array,
  ): boolean;
  aeadOpen(
    key: AeadHandle,
    nonce: Uint8Array,
    aad: Uint8Array,
    sealed: Uint8Array,
    out: Uint8Array,
  ): boolean;
  /** @returns whether it was done; head and nonce stand in the frame, `partLength` is 0 for one in one part */
  aeadSealFrame(
    key: AeadHandle,
    prefix: Uint8Array,
    headLength: number,
    frame: Uint8Array,
    length: number,
    partLength: number,
    plain: Uint8Array,
  ): boolean;
  /** @returns whether all tags were right */
  aeadOpenFrame(
    key: AeadHandle,
    prefix: Uint8Array,
    headLength: number,
    frame: Uint8Array,
    length: number,
    partLength: number,
  ): boolean;
  /** @returns a bit for each frame that failed; `lengths` has two a frame, of the plaintext and of a part */
  aeadSealFrames(
    key: AeadHandle,
    prefix: Uint8Array,
    headLength: number,
    frames: readonly Uint8Array[],
    lengths: readonly number[],
    plains: readonly Uint8Array[],
  ): Promise<number>;
  /** @returns as {@link Shim.aeadSealFrames} */
  aeadOpenFrames(
    key: AeadHandle,
    prefix: Uint8Array,
    headLength: number,
    frames: readonly Uint8Array[],
    lengths: readonly number[],
  ): Promise<number>;
  aeadClose(key: AeadHandle): void;

  /** Zeros, in huge pages where there are some, and without weight for the garbage collector. */
  lastingMemory(bytes: number): Uint8Array;
  /** memfd_create(2). @returns the descriptor */
  memoryFile(): number;

  flock(fd: number, operation: number): number;
  lseek(fd: number, offset: number, whence: number): number;
  fallocate(fd: number, mode: number, offset: number, length: number): number;
  mknod(path: Uint8Array, mode: number, device: number): number;
  /** utimensat(2) with AT_SYMLINK_NOFOLLOW; `times` is atime and mtime as sec, nsec, sec, nsec. */
  utimens(path: Uint8Array, times: Float64Array): number;
  lgetxattr(path: Uint8Array, name: Uint8Array): Uint8Array | number;
  lsetxattr(path: Uint8Array, name: Uint8Array, value: Uint8Array, flags: number): number;
  /** @returns names, each ended by a NUL */
  llistxattr(path: Uint8Array): Uint8Array | number;
  lremovexattr(path: Uint8Array, name: Uint8Array): number;
  /** pread(2) of up to 64 pieces on another thread, which sets what of each was read. The arrays must be kept alive. */
  readScattered(
    fd: number,
    pieces: readonly Uint8Array[],
    offsets: Float64Array,
    lengths: Float64Array,
  ): Promise<number>;
}

let loaded: Shim | undefined;

/**
 * The shim, loaded at the first call.
 *
 * @throws UsageError USAGE when no build of it loads on this machine, naming what was tried
 */
export function shim(): Shim {
  loaded ??= load();
  return loaded;
}

/** As {@link shim}; undefined where it cannot be loaded. */
export function tryShim(): Shim | undefined {
  try {
    return shim();
  } catch {
    return undefined;
  }
}

function load(): Shim {
  const require = createRequire(import.meta.url);
  const failures: Error[] = [];
  for (const place of ["build", `prebuilds/linux-${arch}`]) {
    const file = fileURLToPath(new URL(`../../${place}/dvault-shim.node`, import.meta.url));
    try {
      return require(file) as Shim;
    } catch (error) {
      failures.push(error as Error);
    }
  }
  const reasons = failures.map((failure) => failure.message.split("\n", 1)[0]).join("; ");
  throw new UsageError(
    "USAGE",
    `cannot load the native shim for linux-${arch}; build it with \`npm run build:shim\` (needs cc and the headers of Node): ${reasons}`,
    { cause: new AggregateError(failures) },
  );
}
