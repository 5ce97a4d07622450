/**
 * AES-256-GCM of `node:crypto`, synchronous.
 *
 * @module
 */
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from "node:crypto";
import { KeyError } from "../core/base/errors.ts";
import { type Aead, type AeadKey, TAG_SIZE } from "../core/base/platform.ts";

const ALGORITHM = "aes-256-gcm";
const KEY_SIZE = 32;
const OPTIONS = { authTagLength: TAG_SIZE };

/** The AEAD of the Node platform. */
export const nodeAead: Aead = {
  importKey(key) {
    if (key.length !== KEY_SIZE) throw new Error(`an AES-256 key has 32 bytes, not ${key.length}`);
    return new NodeAeadKey(createSecretKey(key));
  },
};

class NodeAeadKey implements AeadKey {
  #key: KeyObject | undefined;

  constructor(key: KeyObject) {
    this.#key = key;
  }

  seal(nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array, out: Uint8Array): void {
    const cipher = createCipheriv(ALGORITHM, this.#usable(), nonce, OPTIONS);
    cipher.setAAD(aad);
    out.set(cipher.update(plain));
    cipher.final();
    out.set(cipher.getAuthTag(), plain.length);
  }

  open(nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    if (sealed.length < TAG_SIZE) return undefined;
    const decipher = createDecipheriv(ALGORITHM, this.#usable(), nonce, OPTIONS);
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

  close(): void {
    this.#key = undefined;
  }

  #usable(): KeyObject {
    if (this.#key === undefined) throw new KeyError("KEY_CLOSED", "the key was closed");
    return this.#key;
  }
}
