/**
 * AES-256-GCM by the OpenSSL inside Node, without an object or a buffer a message; see `native-shim/aead.c`.
 *
 * @module
 */
import type { AeadFrame, AeadFraming } from "../core/base/platform.ts";
import type { AeadHandle } from "./aead-handle.ts";
import { keepAlive } from "./keep-alive.ts";
import { tryShim } from "./load.ts";

/** A key that OpenSSL has scheduled. Arrays are as `AeadKey` of the core wants them. */
export interface NativeAeadKey {
  /** For calls into the shim that open messages by themselves. */
  readonly handle: AeadHandle;
  seal(nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array, out: Uint8Array): void;
  /** @returns whether the tag was right; `out` is zeros otherwise */
  open(nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array, out: Uint8Array): boolean;
  sealFrame(framing: AeadFraming, frame: AeadFrame, plain: Uint8Array): void;
  openFrame(framing: AeadFraming, frame: AeadFrame): boolean;
  /** Up to {@link NATIVE_BATCH_MAX} frames on another thread. @returns a bit for each that failed */
  sealFrames(
    framing: AeadFraming,
    frames: readonly AeadFrame[],
    plains: readonly Uint8Array[],
  ): Promise<number>;
  /** As many frames at most. @returns a bit for each that failed */
  openFrames(framing: AeadFraming, frames: readonly AeadFrame[]): Promise<number>;
  /** Wipes the key; it must not be used any more. */
  close(): void;
}

/** Most frames of a batch. */
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
    sealFrame({ prefix, headLength }, { bytes, length, partLength = 0 }, plain) {
      if (!native.aeadSealFrame(handle, prefix, headLength, bytes, length, partLength, plain)) {
        throw new Error("sealing failed");
      }
    },
    openFrame: ({ prefix, headLength }, { bytes, length, partLength = 0 }) =>
      native.aeadOpenFrame(handle, prefix, headLength, bytes, length, partLength),
    sealFrames: ({ prefix, headLength }, frames, plains) => {
      const bytes = frames.map((frame) => frame.bytes);
      const sealing = native.aeadSealFrames(
        handle,
        prefix,
        headLength,
        bytes,
        frames.flatMap(lengths),
        plains,
      );
      return keepAlive([prefix, bytes, plains], sealing);
    },
    openFrames: ({ prefix, headLength }, frames) => {
      const bytes = frames.map((frame) => frame.bytes);
      const opening = native.aeadOpenFrames(
        handle,
        prefix,
        headLength,
        bytes,
        frames.flatMap(lengths),
      );
      return keepAlive([prefix, bytes], opening);
    },
    close: () => native.aeadClose(handle),
  };
}

function lengths({ length, partLength = 0 }: AeadFrame): readonly number[] {
  return [length, partLength];
}
