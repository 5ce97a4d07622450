/**
 * Files of messages.
 *
 * @module
 */

/** A file of a message. Its bytes are with the CDN, under its id. */
export interface Attachment {
  readonly id: string;
  readonly filename: string;
  /** The name as it was given, when cleaning changed it. */
  readonly title: string | undefined;
  readonly description: string | undefined;
  readonly contentType: string | undefined;
  /** Bytes. */
  readonly size: number;
  /** SHA-256 of the bytes, hexadecimal. */
  readonly digest: string;
  readonly isSpoiler: boolean;
}
