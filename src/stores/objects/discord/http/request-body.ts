/**
 * Bodies of requests: pieces whose sum of lengths is known, so that nothing is copied together and every request has a
 * Content-Length.
 *
 * @module
 */
import { utf8 } from "../../../../core/base/bytes.ts";
import { type ObjectBytes, piecesOf } from "../../object-bytes.ts";

/** Bytes handed to the socket at a time: small enough to see a transfer move. */
const PIECE = 128 * 1024;

/** A body that can be sent any number of times. */
export interface RequestBody {
  readonly contentType: string;
  /** Bytes. */
  readonly length: number;
  /** The body in order; a piece stands until the next but one is asked for. */
  pieces(): AsyncIterable<Uint8Array>;
}

/** One file of a form. */
export interface FormFile {
  /** Letters, digits and one dot. */
  readonly name: string;
  /** Borrowed for as long as the body is used. */
  readonly bytes: ObjectBytes;
}

/** A JSON body. */
export function jsonBody(value: unknown): RequestBody {
  return bodyOf("application/json", [utf8(JSON.stringify(value))]);
}

/**
 * A form of a JSON part and files (RFC 7578; Discord documentation, reference, "Uploading Files").
 * @param boundary - stands in none of the parts: random
 */
export function formBody(
  payload: unknown,
  files: readonly FormFile[],
  boundary: string,
): RequestBody {
  const parts: ObjectBytes[] = [
    utf8(
      `--${boundary}\r\nContent-Disposition: form-data; name="payload_json"\r\n` +
        `Content-Type: application/json\r\n\r\n${JSON.stringify(payload)}`,
    ),
  ];
  for (const [index, { name, bytes }] of files.entries()) {
    const head =
      `\r\n--${boundary}\r\nContent-Disposition: form-data; name="files[${index}]"; filename="${name}"\r\n` +
      "Content-Type: application/octet-stream\r\n\r\n";
    parts.push(utf8(head), bytes);
  }
  parts.push(utf8(`\r\n--${boundary}--\r\n`));
  return bodyOf(`multipart/form-data; boundary=${boundary}`, parts);
}

function bodyOf(contentType: string, parts: readonly ObjectBytes[]): RequestBody {
  return {
    contentType,
    length: parts.reduce((sum, part) => sum + part.length, 0),
    async *pieces() {
      for (const part of parts) {
        for await (const piece of piecesOf(part)) {
          for (let at = 0; at < piece.length; at += PIECE) yield piece.subarray(at, at + PIECE);
        }
      }
    },
  };
}
