/** @module */

/** The part of a file that a 206 answer brings (RFC 9110 §14.4). */
export interface ContentRange {
  /** Offset of the first byte. */
  readonly start: number;
  /** Bytes in the whole file; undefined when the server does not say. */
  readonly total: number | undefined;
}

const RANGE = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/;

/** Reads a Content-Range header; undefined for anything but `bytes a-b/c`, where b or c may be `*`. */
export function decodeContentRange(text: string | undefined): ContentRange | undefined {
  const match = RANGE.exec(text ?? "");
  if (match === null) return undefined;
  const [, start, , total] = match;
  return { start: Number(start ?? 0), total: total === "*" ? undefined : Number(total) };
}
