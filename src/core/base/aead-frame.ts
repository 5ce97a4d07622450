/**
 * Sealing and opening frames by an AEAD that knows of none.
 *
 * @module
 */
import { concatBytes } from "./bytes.ts";
import { chain, type MaybePromise } from "./maybe-promise.ts";
import {
  type AeadFrame,
  type AeadFraming,
  type AeadKey,
  NONCE_SIZE,
  TAG_SIZE,
} from "./platform.ts";

/** Parts that the nonces of a frame tell apart. */
const PARTS_MAX = 256;

/** A message of a frame. */
interface Part {
  readonly nonce: Uint8Array;
  /** Where its plaintext begins and ends in that of the frame. */
  readonly from: number;
  readonly to: number;
  /** Ciphertext and tag, where they stand. */
  readonly sealed: Uint8Array;
}

/** What {@link AeadKey.sealFrame} does, by {@link AeadKey.seal}. */
export function sealFrameBy(
  key: Pick<AeadKey, "seal">,
  framing: AeadFraming,
  frame: AeadFrame,
  plain: Uint8Array,
): MaybePromise<void> {
  const parts = partsOf(framing, frame);
  if (plain.length > frame.length) throw new Error(`${plain.length} bytes for ${frame.length}`);
  const aad = associated(framing, frame);
  const sealFrom = (index: number): MaybePromise<void> => {
    const part = parts[index];
    if (part === undefined) return undefined;
    const { nonce, from, to, sealed } = part;
    return chain(key.seal(nonce, aad, plain.subarray(from, to), sealed), () => sealFrom(index + 1));
  };
  return sealFrom(0);
}

/** What {@link AeadKey.openFrame} does, by {@link AeadKey.open}. */
export function openFrameBy(
  key: Pick<AeadKey, "open">,
  framing: AeadFraming,
  frame: AeadFrame,
): MaybePromise<boolean> {
  const parts = partsOf(framing, frame);
  const aad = associated(framing, frame);
  const at = framing.headLength + NONCE_SIZE;
  const openFrom = (index: number): MaybePromise<boolean> => {
    const part = parts[index];
    if (part === undefined) return true;
    return chain(key.open(part.nonce, aad, part.sealed), (opened) => {
      if (opened === undefined) return false;
      frame.bytes.set(opened, at + part.from);
      return openFrom(index + 1);
    });
  };
  return chain(openFrom(0), (isRight) => {
    if (!isRight) frame.bytes.fill(0, at, at + sealedLength(frame));
    return isRight;
  });
}

/** Number of messages a frame is made of. */
function partCount({ length, partLength = 0 }: AeadFrame): number {
  return partLength > 0 && length >= partLength ? Math.floor(length / partLength) : 1;
}

/** Bytes behind the nonce. */
function sealedLength(frame: AeadFrame): number {
  return frame.length + partCount(frame) * TAG_SIZE;
}

function associated({ prefix, headLength }: AeadFraming, { bytes }: AeadFrame): Uint8Array {
  return concatBytes(prefix, bytes.subarray(0, headLength));
}

/** @throws Error for a frame that is shorter than what is in it */
function partsOf({ headLength }: AeadFraming, frame: AeadFrame): readonly Part[] {
  const { bytes, length, partLength = 0 } = frame;
  const at = headLength + NONCE_SIZE;
  const count = partCount(frame);
  if (length < 0 || count > PARTS_MAX || at + sealedLength(frame) > bytes.length)
    throw new Error(`${bytes.length} bytes hold no frame of ${length} in ${count} parts`);
  return Array.from({ length: count }, (_, index) => {
    const from = index * partLength;
    const to = index + 1 < count ? from + partLength : length;
    const nonce = bytes.slice(headLength, at);
    nonce[NONCE_SIZE - 1] = (nonce[NONCE_SIZE - 1] as number) ^ index;
    const sealedAt = at + from + index * TAG_SIZE;
    return { nonce, from, to, sealed: bytes.subarray(sealedAt, sealedAt + to - from + TAG_SIZE) };
  });
}
