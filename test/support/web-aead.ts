/**
 * AES-256-GCM by Web Crypto: what a browser would hand to the core, asynchronous all through.
 *
 * @module
 */
import type { webcrypto } from "node:crypto";
import { openFrameBy, sealFrameBy } from "../../src/core/base/aead-frame.ts";
import type { MaybePromise } from "../../src/core/base/maybe-promise.ts";
import {
  type Aead,
  type AeadFrame,
  type AeadFraming,
  type AeadKey,
  TAG_SIZE,
} from "../../src/core/base/platform.ts";

const { subtle } = globalThis.crypto;

export const webAead: Aead = {
  async importKey(key) {
    return new WebAeadKey(
      await subtle.importKey("raw", key, "AES-GCM", false, ["encrypt", "decrypt"]),
    );
  },
};

class WebAeadKey implements AeadKey {
  readonly #key: webcrypto.CryptoKey;

  constructor(key: webcrypto.CryptoKey) {
    this.#key = key;
  }

  async seal(
    nonce: Uint8Array,
    aad: Uint8Array,
    plain: Uint8Array,
    out: Uint8Array,
  ): Promise<void> {
    await laterTurn();
    const algorithm = { name: "AES-GCM", iv: nonce, additionalData: aad };
    const whole = out.slice(0, out.length - TAG_SIZE);
    whole.set(plain);
    out.set(new Uint8Array(await subtle.encrypt(algorithm, this.#key, whole)));
  }

  async open(
    nonce: Uint8Array,
    aad: Uint8Array,
    sealed: Uint8Array,
  ): Promise<Uint8Array | undefined> {
    await laterTurn();
    const algorithm = { name: "AES-GCM", iv: nonce, additionalData: aad };
    return subtle.decrypt(algorithm, this.#key, sealed).then(
      (plain) => new Uint8Array(plain),
      () => undefined,
    );
  }

  sealFrame(framing: AeadFraming, frame: AeadFrame, plain: Uint8Array): MaybePromise<void> {
    return sealFrameBy(this, framing, frame, plain);
  }

  openFrame(framing: AeadFraming, frame: AeadFrame): MaybePromise<boolean> {
    return openFrameBy(this, framing, frame);
  }

  close(): void {}
}

/** Borrowed arrays must stay as they are until the promise ends, so they are looked at as late as possible. */
function laterTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
