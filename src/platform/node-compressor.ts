/**
 * Raw DEFLATE by `node:zlib` at its fastest level: it runs on the main thread, in the way of everything else.
 *
 * @module
 */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { Compressor } from "../core/base/platform.ts";

/** The compressor of the Node platform, synchronous. */
export const nodeCompressor: Compressor = {
  deflate(plain) {
    return plainArray(deflateRawSync(plain, { level: 1 }));
  },
  inflate(packed, plainLength) {
    return plainArray(inflateRawSync(packed, { maxOutputLength: Math.max(plainLength, 1) }));
  },
};

/** A Buffer's bytes as what the core deals in: `slice` of a Buffer would not copy. */
function plainArray(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
