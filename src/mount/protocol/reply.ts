/**
 * One reply or notification, built in place in the channel's buffer (`struct fuse_out_header`, little-endian):
 *
 *     OFFSET SIZE
 *      0     4   length of the whole reply, pieces included
 *      4     4   0 or a negative errno; a notification has its code here
 *      8     8   unique of the request; 0 in a notification
 *     16     -   body
 *
 * @module
 */

/** Bytes before the body. */
export const REPLY_HEADER = 16;

const TWO_32 = 0x1_0000_0000;

/** A reply; reused, and sent before the next one begins. */
export class Reply {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #end = REPLY_HEADER;

  /** @param bytes - the buffer every reply will stand in; borrowed */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes so far, header included. */
  get length(): number {
    return this.#end;
  }

  /** Begins with an empty body. */
  begin(): void {
    this.#end = REPLY_HEADER;
  }

  u16(value: number): void {
    this.#view.setUint16(this.#end, value, true);
    this.#end += 2;
  }

  u32(value: number): void {
    this.#view.setUint32(this.#end, value, true);
    this.#end += 4;
  }

  /** @param value - an integer of at most 2^53 either way; negative ones in two's complement */
  u64(value: number): void {
    this.#view.setUint32(this.#end, value, true);
    this.#view.setUint32(this.#end + 4, Math.floor(value / TWO_32), true);
    this.#end += 8;
  }

  bytes(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  zeros(count: number): void {
    this.#bytes.fill(0, this.#end, this.#end + count);
    this.#end += count;
  }

  /**
   * Writes the header, now that the length is known.
   * @param error - 0, a negative errno, or the code of a notification
   * @param piecesLength - bytes that follow from elsewhere
   */
  finish(unique: bigint, error: number, piecesLength = 0): void {
    this.#view.setUint32(0, this.#end + piecesLength, true);
    this.#view.setInt32(4, error, true);
    this.#view.setBigUint64(8, unique, true);
  }
}
