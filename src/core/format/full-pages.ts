/**
 * How data pages with a full payload open, for whoever opens them past the codec.
 *
 * @module
 */
import type { AeadKey } from "../base/platform.ts";

/** Those of the epoch of now. The same object as long as nothing of it changes. */
export interface FullPages {
  readonly key: AeadKey;
  /** What is authenticated before the header of a page. */
  readonly prefix: Uint8Array;
  /** The header of such a page, of page number 0 and generation 0. */
  readonly head: Uint8Array;
  /** Messages that a page is sealed in, each with as much of the payload. */
  readonly parts: number;
  /** Bytes behind the payload in the last of them. */
  readonly tail: number;
}
