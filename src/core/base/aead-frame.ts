/**
 * Opening framed messages by an AEAD that knows of no frames.
 *
 * @module
 */
import { concatBytes } from "./bytes.ts";
import { chain, type MaybePromise } from "./maybe-promise.ts";
import { type AeadFraming, type AeadKey, NONCE_SIZE, TAG_SIZE } from "./platform.ts";

/** What {@link AeadKey.openFrame} does, by {@link AeadKey.open}. */
export function openFrameBy(
  key: Pick<AeadKey, "open">,
  { prefix, headLength }: AeadFraming,
  frame: Uint8Array,
  length: number,
): MaybePromise<boolean> {
  const at = headLength + NONCE_SIZE;
  const end = at + length + TAG_SIZE;
  if (length < 0 || end > frame.length)
    throw new Error(`${frame.length} bytes hold no message of ${length}`);
  const aad = concatBytes(prefix, frame.subarray(0, headLength));
  const plain = key.open(frame.subarray(headLength, at), aad, frame.subarray(at, end));
  return chain(plain, (opened) => {
    if (opened !== undefined) frame.set(opened, at);
    return opened !== undefined;
  });
}
