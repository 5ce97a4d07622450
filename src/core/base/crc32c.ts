/**
 * CRC-32C (Castagnoli; RFC 3720 §12.1, reflected polynomial 0x82f63b78): tells damage by accident, never by intent.
 * What must withstand intent is sealed.
 *
 * @module
 */

const POLYNOMIAL = 0x82f63b78;

const TABLE = buildTable();

/**
 * Checksum of `bytes[start, end)`.
 *
 * @param previous - checksum of what comes before, to go on from there
 * @returns unsigned 32 bits
 */
export function crc32c(
  bytes: Uint8Array,
  start = 0,
  end: number = bytes.length,
  previous = 0,
): number {
  let crc = ~previous;
  for (let i = start; i < end; i++) {
    crc = (TABLE[(crc ^ (bytes[i] as number)) & 0xff] as number) ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}

function buildTable(): Int32Array {
  const table = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
    table[byte] = crc;
  }
  return table;
}
