/** Bytes as hexadecimal digits and back, for vectors and messages. */

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
}

export function fromHex(digits: string): Uint8Array {
  return Uint8Array.from(Buffer.from(digits, "hex"));
}
