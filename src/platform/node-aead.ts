/**
 * AES-256-GCM: by the native shim where it loads, which makes no object a message and can work on another thread; else
 * by `node:crypto`.
 *
 * @module
 */
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from "node:crypto";
import { openFrameBy, sealFrameBy } from "../core/base/aead-frame.ts";
import { KeyError } from "../core/base/errors.ts";
import type { MaybePromise } from "../core/base/maybe-promise.ts";
import {
  type Aead,
  type AeadBatch,
  type AeadFrame,
  type AeadFraming,
  type AeadKey,
  TAG_SIZE,
} from "../core/base/platform.ts";
import { NATIVE_BATCH_MAX, type NativeAeadKey, nativeAeadKey } from "../native/aead.ts";
import type { AeadHandle } from "../native/aead-handle.ts";

const ALGORITHM = "aes-256-gcm";
const KEY_SIZE = 32;
const OPTIONS = { authTagLength: TAG_SIZE };

/** The AEAD of the Node platform. */
export const nodeAead: Aead = {
  importKey(key) {
    checkKey(key);
    const native = nativeAeadKey(key);
    return native === undefined ? cryptoAead.importKey(key) : new ShimAeadKey(native);
  },
};

/** The same by `node:crypto` alone. */
export const cryptoAead: Aead = {
  importKey(key) {
    checkKey(key);
    return new CryptoAeadKey(createSecretKey(key));
  },
};

function checkKey(key: Uint8Array): void {
  if (key.length !== KEY_SIZE) throw new Error(`an AES-256 key has 32 bytes, not ${key.length}`);
}

function closed(): KeyError {
  return new KeyError("KEY_CLOSED", "the key was closed");
}

/** The shim's handle of a key; undefined for one that is closed, or that the shim does not have. */
export function handleOf(key: AeadKey): AeadHandle | undefined {
  return key instanceof ShimAeadKey ? key.handle : undefined;
}

class ShimAeadKey implements AeadKey {
  #key: NativeAeadKey | undefined;
  readonly batch: AeadBatch;

  constructor(key: NativeAeadKey) {
    this.#key = key;
    this.batch = {
      limit: NATIVE_BATCH_MAX,
      sealFrames: async (framing, frames, plains) => {
        const failed = await this.#usable().sealFrames(framing, frames, plains);
        if (failed !== 0) throw new Error("sealing a batch failed");
      },
      openFrames: async (framing, frames) => {
        if (frames.length === 0) return [];
        const failed = await this.#usable().openFrames(framing, frames);
        return frames.map((_, i) => ((failed / 2 ** i) & 1) === 0);
      },
    };
  }

  seal(nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array, out: Uint8Array): void {
    this.#usable().seal(nonce, aad, plain, out);
  }

  open(nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    const key = this.#usable();
    if (sealed.length < TAG_SIZE) return undefined;
    const plain = sealed.subarray(0, sealed.length - TAG_SIZE);
    return key.open(nonce, aad, sealed, plain) ? plain : undefined;
  }

  sealFrame(framing: AeadFraming, frame: AeadFrame, plain: Uint8Array): void {
    this.#usable().sealFrame(framing, frame, plain);
  }

  openFrame(framing: AeadFraming, frame: AeadFrame): boolean {
    return this.#usable().openFrame(framing, frame);
  }

  get handle(): AeadHandle | undefined {
    return this.#key?.handle;
  }

  close(): void {
    this.#key?.close();
    this.#key = undefined;
  }

  #usable(): NativeAeadKey {
    if (this.#key === undefined) throw closed();
    return this.#key;
  }
}

class CryptoAeadKey implements AeadKey {
  #key: KeyObject | undefined;

  constructor(key: KeyObject) {
    this.#key = key;
  }

  seal(nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array, out: Uint8Array): void {
    const cipher = createCipheriv(ALGORITHM, this.#usable(), nonce, OPTIONS);
    const length = out.length - TAG_SIZE;
    cipher.setAAD(aad);
    out.set(cipher.update(plain));
    out.set(cipher.update(out.subarray(plain.length, length)), plain.length);
    cipher.final();
    out.set(cipher.getAuthTag(), length);
  }

  open(nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    const key = this.#usable();
    if (sealed.length < TAG_SIZE) return undefined;
    const decipher = createDecipheriv(ALGORITHM, key, nonce, OPTIONS);
    const length = sealed.length - TAG_SIZE;
    decipher.setAAD(aad);
    decipher.setAuthTag(sealed.subarray(length));
    const plain = decipher.update(sealed.subarray(0, length));
    try {
      decipher.final();
    } catch {
      plain.fill(0);
      return undefined;
    }
    return new Uint8Array(plain.buffer, plain.byteOffset, plain.length);
  }

  sealFrame(framing: AeadFraming, frame: AeadFrame, plain: Uint8Array): MaybePromise<void> {
    return sealFrameBy(this, framing, frame, plain);
  }

  openFrame(framing: AeadFraming, frame: AeadFrame): MaybePromise<boolean> {
    return openFrameBy(this, framing, frame);
  }

  close(): void {
    this.#key = undefined;
  }

  #usable(): KeyObject {
    if (this.#key === undefined) throw closed();
    return this.#key;
  }
}
