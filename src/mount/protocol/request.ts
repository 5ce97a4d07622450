/**
 * One request of the kernel, read in place from the channel's buffer (`struct fuse_in_header`, little-endian):
 *
 *     OFFSET SIZE
 *      0     4   length of the whole request
 *      4     4   opcode
 *      8     8   unique: names the request in its reply
 *     16     8   inode
 *     24     4   uid   32  4  pid of the calling thread
 *     28     4   gid   36  2  length of extensions at the end, in units of 8 bytes
 *     40     -   body
 *
 * Every access is checked against the length, so no request can make a decoder read outside itself.
 *
 * @module
 */
import { FsError } from "../../core/base/errors.ts";

/** Bytes before the body. */
const REQUEST_HEADER = 40;

const TWO_32 = 0x1_0000_0000;

/** A request; reused, so whatever must outlive the dispatch is copied out of it. */
export class Request {
  opcode = 0;
  unique = 0n;
  ino = 0;
  uid = 0;
  gid = 0;
  pid = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #end = 0;

  /** @param bytes - the buffer every request will stand in; borrowed */
  constructor(bytes: Uint8Array) {
    // A plain array, since a Buffer's `slice` would not copy.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /**
   * Takes in the request that stands in the buffer.
   * @returns false when it is too mangled to be answered at all
   */
  load(length: number): boolean {
    const view = this.#view;
    if (length < REQUEST_HEADER || length > this.#bytes.length) return false;
    if (view.getUint32(0, true) !== length) return false;
    this.opcode = view.getUint32(4, true);
    this.unique = view.getBigUint64(8, true);
    this.ino = this.#wide(16);
    this.uid = view.getUint32(24, true);
    this.gid = view.getUint32(28, true);
    this.pid = view.getUint32(32, true);
    this.#end = length - view.getUint16(36, true) * 8;
    return this.#end >= REQUEST_HEADER;
  }

  /** Bytes of the body. */
  get bodyLength(): number {
    return this.#end - REQUEST_HEADER;
  }

  /** Unsigned 32 bits of the body. @throws FsError EINVAL past its end */
  u32(at: number): number {
    return this.#view.getUint32(this.#place(at, 4), true);
  }

  /** Unsigned 64 bits of the body; inexact above 2^53. @throws FsError EINVAL past its end */
  u64(at: number): number {
    return this.#wide(this.#place(at, 8));
  }

  /** Signed 64 bits of the body: a time. @throws FsError EINVAL past its end */
  i64(at: number): number {
    const place = this.#place(at, 8);
    return this.#view.getInt32(place + 4, true) * TWO_32 + this.#view.getUint32(place, true);
  }

  /** 64 bits that name a request. @throws FsError EINVAL past its end */
  bigU64(at: number): bigint {
    return this.#view.getBigUint64(this.#place(at, 8), true);
  }

  /**
   * An offset in a file.
   * @throws FsError EINVAL past the end of the body, EFBIG beyond what a number can say
   */
  offset(at: number): number {
    const offset = this.u64(at);
    if (offset > Number.MAX_SAFE_INTEGER) throw new FsError("EFBIG");
    return offset;
  }

  /**
   * A name that ends with a NUL; fresh array, so that it may outlive the request.
   * @throws FsError EINVAL when there is no NUL in the body
   */
  name(at: number): Uint8Array {
    const start = REQUEST_HEADER + at;
    const end = this.#bytes.indexOf(0, start);
    if (end < start || end >= this.#end) throw malformed();
    return this.#bytes.slice(start, end);
  }

  /** Bytes of the body, borrowed until the dispatch ends. @throws FsError EINVAL past its end */
  bytes(at: number, length: number): Uint8Array {
    const start = this.#place(at, length);
    return this.#bytes.subarray(start, start + length);
  }

  #place(at: number, length: number): number {
    const start = REQUEST_HEADER + at;
    if (start + length > this.#end) throw malformed();
    return start;
  }

  #wide(at: number): number {
    return this.#view.getUint32(at + 4, true) * TWO_32 + this.#view.getUint32(at, true);
  }
}

function malformed(): FsError {
  return new FsError("EINVAL", "malformed request");
}
