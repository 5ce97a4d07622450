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

/** How sealed messages stand in frames, `head | nonce | ciphertext | tag`. The associated data is a prefix and the head. */
export interface AeadFraming {
  readonly prefix: Uint8Array;
  /** Bytes of the head. */
  readonly headLength: number;
}

/**
 * A frame, or where one is made. One in parts is `head | nonce | parts`: each part is a message of its own, `ciphertext | tag`,
 * whose nonce is that of the frame with the part's index XORed into its last byte.
 */
export interface AeadFrame {
  /** May be longer than the frame; the bytes behind are left alone. */
  readonly bytes: Uint8Array;
  /** Bytes of plaintext. */
  readonly length: number;
  /** Bytes of plaintext in a part. The last part has what is left: as much or more. Undefined for a frame in one. */
  readonly partLength?: number | undefined;
}

/** Many frames at once, off the thread that asks. Everything is borrowed until the promise ends. */
export interface AeadBatch {
  /** Most frames of one batch. */
  readonly limit: number;
  /** As {@link AeadKey.sealFrame}, of each frame. @param plains - of each */
  sealFrames(
    framing: AeadFraming,
    frames: readonly AeadFrame[],
    plains: readonly Uint8Array[],
  ): Promise<void>;
  /** As {@link AeadKey.openFrame}, of each frame. @returns whether all tags of each were right */
  openFrames(framing: AeadFraming, frames: readonly AeadFrame[]): Promise<readonly boolean[]>;
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
   * Seals a frame whose head and nonce stand there.
   *
   * @param plain - the plaintext, or its begin; borrowed until the call (or its promise) ends. The rest stands in the frame
   *   already, where it will be sealed
   */
  sealFrame(framing: AeadFraming, frame: AeadFrame, plain: Uint8Array): MaybePromise<void>;
  /**
   * Opens a frame where it stands: the plaintext takes the place of the ciphertext, and where there are several parts, of the tags
   * between them.
   *
   * @returns whether all tags were right; nothing of a plaintext is in the frame otherwise
   */
  openFrame(framing: AeadFraming, frame: AeadFrame): MaybePromise<boolean>;
  /** Present where the machine can do many frames beside other work. */
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
