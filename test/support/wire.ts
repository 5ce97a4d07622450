/**
 * Bytes of the FUSE protocol, put together by hand: what tests compare the codec with.
 *
 * @module
 */

/** Little-endian numbers and names, one after the other. */
export function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function u64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
  return bytes;
}

export function zeros(count: number): Buffer {
  return Buffer.alloc(count);
}

/** A name with its NUL. */
export function name(text: string | Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(text as string), zeros(1)]);
}

/** Members of a request that tests set; the others are plausible. */
export interface WireRequest {
  readonly opcode: number;
  readonly unique?: bigint;
  readonly ino?: number;
  readonly pid?: number;
  readonly uid?: number;
  readonly body?: readonly Uint8Array[];
}

/** One request with its header. */
export function wireRequest({
  opcode,
  unique = 2n,
  ino = 1,
  pid = 77,
  uid = 1000,
  body = [],
}: WireRequest): Buffer {
  const contents = Buffer.concat(body);
  return Buffer.concat([
    u32(40 + contents.length),
    u32(opcode),
    u64(unique),
    u64(ino),
    u32(uid),
    u32(100), // gid
    u32(pid),
    u32(0), // extensions, padding
    contents,
  ]);
}

/** Body of an INIT as Linux 6.18 sends it. */
export function initBody(major = 7, minor = 45, flags = 0xffff_ffff): Buffer[] {
  return [u32(major), u32(minor), u32(131_072), u32(flags), zeros(48)];
}
