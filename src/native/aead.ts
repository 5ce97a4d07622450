/**
 * AES-256-GCM by the OpenSSL inside Node, without an object or a buffer a message; see `native-shim/aead.c`.
 *
 * @module
 */
import type { AeadFraming } from "../core/base/platform.ts";
import type { AeadHandle } from "./aead-handle.ts";
import { tryShim } from "./load.ts";

/** A key that OpenSSL has scheduled. Arrays are as `AeadKey` of the core wants them. */
export interface NativeAeadKey {
  /** For calls into the shim that open messages by themselves. */
  readonly handle: AeadHandle;
  seal(nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array, out: Uint8Array): void;
  /** @returns whether the tag was right; `out` is zeros otherwise */
  open(nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array, out: Uint8Array): boolean;
  openFrame(framing: AeadFraming, frame: Uint8Array, length: number): boolean;
  /**
   * Many messages on another thread.
   * @param list - nonce, aad, input, output of each message; up to {@link NATIVE_BATCH_MAX} messages
   * @returns a bit for each message that failed
   */
  sealMany(list: readonly Uint8Array[]): Promise<number>;
  /** As many frames at most. @returns a bit for each that failed */
  openFrames(
    framing: AeadFraming,
    frames: readonly Uint8Array[],
    lengths: readonly number[],
  ): Promise<number>;
  /** Wipes the key; it must not be used any more. */
  close(): void;
}

/** Most messages of a batch. */
export const NATIVE_BATCH_MAX = 32;

/**
 * Schedules a key of 32 bytes, borrowed.
 * @returns undefined when the shim cannot be loaded or finds no OpenSSL in this process
 */
export function nativeAeadKey(key: Uint8Array): NativeAeadKey | undefined {
  const native = tryShim();
  const handle = native?.aeadKey(key);
  if (native === undefined || handle === undefined) return undefined;
  return {
    handle,
    seal(nonce, aad, plain, out) {
      if (!native.aeadSeal(handle, nonce, aad, plain, out)) throw new Error("sealing failed");
    },
    open: (nonce, aad, sealed, out) => native.aeadOpen(handle, nonce, aad, sealed, out),
    openFrame: ({ prefix, headLength }, frame, length) =>
      native.aeadOpenFrame(handle, prefix, frame, headLength, length),
    sealMany: (list) => keepAlive(list, native.aeadSealMany(handle, list)),
    openFrames: ({ prefix, headLength }, frames, lengths) =>
      keepAlive(
        [prefix, ...frames],
        native.aeadOpenFrames(handle, prefix, frames, headLength, lengths),
      ),
    close: () => native.aeadClose(handle),
  };
}

/** The other thread works on the arrays themselves, so they are held until it is done. */
async function keepAlive<T>(held: readonly Uint8Array[], work: Promise<T>): Promise<T> {
  const result = await work;
  if (held.length === 0) throw new Error("a batch has at least one message");
  return result;
}
