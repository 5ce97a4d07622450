/**
 * What the core needs from the machine it runs on, handed in by whoever opens a vault, so that the
 * same core runs in Node, in a browser and under a test's own clock and randomness.
 *
 * @module
 */
import type { AfterTurn, MakeMemory } from "./buffer-pool.ts";
import type { MaybePromise } from "./maybe-promise.ts";

/** Wall clock. */
export interface Clock {
  /** Seconds and nanoseconds since the epoch, written into `out` as `[sec, nsec]` to spare an allocation. */
  now(out: [sec: number, nsec: number]): void;
}

/** Cryptographic randomness. */
export interface Random {
  /** Fills `out` with random bytes. */
  fill(out: Uint8Array): void;
}

/** Bytes of an AEAD nonce. */
export const NONCE_SIZE = 12;

/** Bytes of an AEAD tag. */
export const TAG_SIZE = 16;

/** One message to be sealed; `in` and `out` may begin at the same place. */
export interface AeadMessage {
  readonly nonce: Uint8Array;
  readonly aad: Uint8Array;
  readonly in: Uint8Array;
  readonly out: Uint8Array;
}

/** How sealed messages stand in one array each, `head | nonce | ciphertext | tag`. The associated data is a prefix and the head. */
export interface AeadFraming {
  readonly prefix: Uint8Array;
  /** Bytes of the head. */
  readonly headLength: number;
}

/** Many messages at once, off the thread that asks. Everything is borrowed until the promise ends. */
export interface AeadBatch {
  /** Most messages of one batch. */
  readonly limit: number;
  /** As {@link AeadKey.seal}, of each `in` to its `out`. */
  sealAll(messages: readonly AeadMessage[]): Promise<void>;
  /** As {@link AeadKey.openFrame}, of each frame. @returns whether each tag was right */
  openFrames(
    framing: AeadFraming,
    frames: readonly Uint8Array[],
    lengths: readonly number[],
  ): Promise<readonly boolean[]>;
}

/** One AES-256-GCM key, ready to use. */
export interface AeadKey {
  /**
   * Encrypts and authenticates.
   *
   * @param nonce - 12 bytes, never used twice with this key
   * @param aad - associated data, authenticated only
   * @param plain - the plaintext, or its begin; borrowed until the call (or its promise) ends
   * @param out - takes the ciphertext and 16 bytes of tag; may begin where `plain` begins. Where it has room for more
   *   than `plain`, the rest of the plaintext stands there already, where it will be sealed
   */
  seal(nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array, out: Uint8Array): MaybePromise<void>;
  /**
   * Authenticates and decrypts.
   *
   * @param sealed - ciphertext, then 16 bytes of tag; taken over, since the plaintext may be made in its place
   * @returns the plaintext, or undefined when the tag was wrong
   */
  open(
    nonce: Uint8Array,
    aad: Uint8Array,
    sealed: Uint8Array,
  ): MaybePromise<Uint8Array | undefined>;
  /**
   * Opens a message where it stands: the plaintext takes the place of the ciphertext.
   *
   * @param frame - may be longer than the message; the bytes behind are left alone
   * @param length - of the plaintext; the frame has room for it and all around it
   * @returns whether the tag was right; nothing of a plaintext is in the frame otherwise
   */
  openFrame(framing: AeadFraming, frame: Uint8Array, length: number): MaybePromise<boolean>;
  /** Present where the machine can do many messages beside other work. */
  readonly batch?: AeadBatch;
  /** Forgets the key; later calls throw KeyError KEY_CLOSED. */
  close(): void;
}

/** AES-256-GCM (NIST SP 800-38D). */
export interface Aead {
  /** @param key - 32 bytes, copied; the caller wipes its own */
  importKey(key: Uint8Array): MaybePromise<AeadKey>;
}

/** Argon2id (RFC 9106). */
export interface Argon2id {
  /**
   * @param password - borrowed, not kept
   * @param salt - 16 bytes
   * @param cost - memory in KiB, passes, lanes
   * @returns 32 bytes, the caller's to wipe
   */
  derive(password: Uint8Array, salt: Uint8Array, cost: Argon2Cost): Promise<Uint8Array>;
}

/** Cost of one Argon2id derivation. */
export interface Argon2Cost {
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: number;
}

/** A loss-free compressor for one block; absent where the machine offers none. */
export interface Compressor {
  /** Raw DEFLATE (RFC 1951). */
  deflate(plain: Uint8Array): MaybePromise<Uint8Array>;
  /** @throws Error when `packed` is malformed or yields more than `plainLength` bytes */
  inflate(packed: Uint8Array, plainLength: number): MaybePromise<Uint8Array>;
}

/** All of it. */
export interface Platform {
  readonly clock: Clock;
  readonly random: Random;
  readonly aead: Aead;
  readonly argon2id: Argon2id;
  readonly compressor: Compressor;
  readonly afterTurn: AfterTurn;
  readonly memory: MakeMemory;
}
