/**
 * A decoder of outside bytes, as the fuzzer sees it.
 *
 * @module
 */
import type { MaybePromise } from "../../../src/core/base/maybe-promise.ts";

export interface FuzzTarget {
  /** Names its corpus, too. */
  readonly name: string;
  /** Files of `src/` that it is about: the share of their probes that was passed is reported. */
  readonly files: readonly string[];
  /** Inputs to begin with: what the encoder makes. */
  seeds(): MaybePromise<readonly Uint8Array[]>;
  /** What means something to the decoder: put into inputs as it is. */
  readonly words?: readonly (string | Uint8Array)[];
  /** Longest input, bytes; 4096 when left out. */
  readonly maxLength?: number;
  /** Most bytes it may take for each byte of input, beside {@link ROOM}; 64 when left out. */
  readonly bytesPerByte?: number;
  /** Time an input may take of the processor, ms; 400 when left out. */
  readonly msMax?: number;
  /** Inputs made in the short run of the tests; 300 when left out. */
  readonly shortRun?: number;
  /**
   * Decodes one input, and what was decoded further where that can be done.
   * @param input - the callee's
   * @throws anything for an input that is not handled as documented
   */
  run(input: Uint8Array): MaybePromise<void>;
}

/** Longest input of a target that names none, bytes. */
export const LENGTH_MAX = 4096;

/** Bytes that any input may take. */
export const ROOM: number = 4 * 2 ** 20;
